"""What a file is that holds no weights which can be read: each kind is named in one sentence."""

import io
import tarfile
import zipfile

from rsviz.checkpoints.card import CheckpointError

ARCHIVES = {
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}
"""First bytes -> name of files that hold other files."""

SAVE_STATE = "save the weights with torch.save(model.state_dict(), FILE)"


def refuse_other_kind(content: bytes, what: str) -> None:
    """Raise CheckpointError for a file that is known to be something else than weights.

    content: bytes of the file. what: its name in the sentence.
    """
    begin = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    lower = begin[:256].lower()
    if begin.startswith(b"version https://git-lfs"):
        raise CheckpointError(
            f"{what} is a pointer of Git LFS, not the file itself; fetch that with git lfs pull."
        )
    if lower.startswith((b"<!doctype html", b"<html", b"<?xml")) or b"<html" in lower:
        raise CheckpointError(f"{what} is a web page, not weights; download the file that the page offers.")
    for magic, name in ARCHIVES.items():
        if content.startswith(magic):
            raise CheckpointError(f"{what} is {name}; unpack it and give the file with the weights.")
    if content.startswith(b"\x89HDF\r\n\x1a\n"):
        raise CheckpointError(f"{what} is an HDF5 file, as Keras writes; {SAVE_STATE}.")
    if content.startswith(b"\x93NUMPY"):
        raise CheckpointError(f"{what} is a NumPy array; {SAVE_STATE}.")
    if _is_onnx(content, what):
        raise CheckpointError(f"{what} is an ONNX graph, not a state dict; {SAVE_STATE}.")
    if content[257:262] == b"ustar":
        raise CheckpointError(f"{what} is a tar archive; unpack it and give the file with the weights.")
    if _is_old_torch(content):
        raise CheckpointError(f"{what} was written by torch before 0.1.10; save it again with a newer torch.")


def _is_onnx(content, what) -> bool:
    # A serialised ModelProto begins with field 1, ir_version, a small number.
    starts = content[:1] == b"\x08" and content[1:2] < b"\x20" and content[2:3] in (b"\x12", b"\x3a", b":")
    return starts and (what.lower().endswith(".onnx") or content[3:4] < b"\x20")


def _is_old_torch(content) -> bool:
    if content[:1] == b"\x80" or not tarfile.is_tarfile(io.BytesIO(content)):
        return False
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return "sys_info" in archive.getnames()


def refuse_other_zip(archive: zipfile.ZipFile, what: str) -> None:
    """Raise CheckpointError for a zip that torch.save has not written, or that is a program."""
    names = archive.namelist()
    if any("/code/" in name or name.startswith("code/") for name in names):
        raise CheckpointError(
            f"{what} is a TorchScript program, which would have to be run; load it yourself and {SAVE_STATE}."
        )
    if names and all(name.endswith(".npy") for name in names):
        raise CheckpointError(f"{what} is a NumPy archive (.npz); {SAVE_STATE}.")
    if any(name.endswith("config.json") for name in names) and any(
        name.endswith(".weights.h5") for name in names
    ):
        raise CheckpointError(f"{what} is a Keras file; {SAVE_STATE}.")
    inside = [
        name for name in names if name.lower().endswith((".pt", ".pth", ".tar", ".safetensors", ".ckpt"))
    ]
    if inside:
        raise CheckpointError(
            f"{what} is a zip archive with {inside[0][:80]} in it; unpack it and give that file."
        )
