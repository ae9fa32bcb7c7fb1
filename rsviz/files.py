"""Folders of rsviz on this machine, and files that are written completely or not at all."""

import hashlib
import os
import tempfile
import time
from pathlib import Path

import platformdirs

SHIPPED_CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"


def data_root() -> Path:
    """Folder of the datasets: RSVIZ_DATA, or the user's cache folder."""
    return Path(os.environ.get("RSVIZ_DATA") or platformdirs.user_cache_path("rsviz") / "data").expanduser()


def home() -> Path:
    """Folder of jobs, uploads and trained checkpoints: RSVIZ_HOME, or the user's data folder."""
    return Path(os.environ.get("RSVIZ_HOME") or platformdirs.user_data_path("rsviz")).expanduser()


def upload(name: str) -> Path:
    """Path of the upload called `name`, whether it exists or not."""
    return home() / "uploads" / name


def keep_upload(content: bytes, suffix: str = "") -> str:
    """Store an uploaded file; returns its name there: the SHA-256 of the content, and the suffix."""
    name = hashlib.sha256(content).hexdigest() + suffix
    if upload(name).exists():
        upload(name).touch()  # in use, so that forget_uploads keeps it
    else:
        write_atomically(upload(name), content)
    return name


def lesson(name: str) -> Path:
    """Path of the lesson of a teacher called `name`, whether it exists or not."""
    return home() / "lessons" / f"{name}.toml"


def keep_lesson(content: bytes) -> str:
    """Store the text of a lesson; returns its name: the first 16 digits of its SHA-256."""
    name = hashlib.sha256(content).hexdigest()[:16]
    if not lesson(name).exists():
        write_atomically(lesson(name), content)
    return name


def forget_uploads(days: float) -> None:
    """Remove uploads that were last sent more than `days` days ago."""
    for path in upload("").glob("*"):
        if path.stat().st_mtime < time.time() - days * 86_400:
            path.unlink(missing_ok=True)


_creates_home = True


def leave_home_removed() -> None:
    """From now on this process does not create the home anew. For the worker: somebody may remove it."""
    global _creates_home
    _creates_home = False


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`; a kill at any moment leaves the old file or the new one.

    Steps: temporary file in the same folder, fsync, rename, fsync of the folder. Missing folders are created.
    Raises FileNotFoundError below a home that was removed, after `leave_home_removed`.
    """
    path = Path(path)
    if not _creates_home and path.is_relative_to(home()) and not home().exists():
        raise FileNotFoundError(f"the folder {home()} was removed")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
