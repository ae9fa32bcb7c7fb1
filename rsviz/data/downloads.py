"""Downloads of the datasets: torchvision knows where and which MD5; here files arrive whole or not."""

import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from rsviz.data.datasets import DataError

TIMEOUT = 30  # seconds without an answer
PIECE = 2**18

_TORCHVISION_CLASSES = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "cifar10": "CIFAR10"}


def fetch(info, progress) -> None:
    """Bring the published files of `info` into its raw folder, each whole and checked, or not at all."""
    from torchvision import datasets

    source = getattr(datasets, _TORCHVISION_CLASSES[info.key])
    try:
        if info.key == "cifar10":
            _fetch_archive(info, source.url, source.tgz_md5, progress)
        else:
            for name, md5 in source.resources:
                _fetch_file(
                    info, [mirror + name for mirror in source.mirrors], info.raw_folder / name, md5, progress
                )
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"{info.title} cannot be stored in {info.raw_folder} ({error}).") from error


def _fetch_archive(info, url, md5, progress):
    """Unpack into a folder of its own, then rename: the batches appear all at once."""
    root = info.raw_folder.parent
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".download.") as temporary:
        archive = Path(temporary) / "archive.tar.gz"
        _fetch_file(info, [url], archive, md5, progress)
        with tarfile.open(archive) as packed:
            packed.extractall(temporary, filter="data")
        shutil.rmtree(info.raw_folder, ignore_errors=True)  # an incomplete copy, or fetch would not be called
        os.rename(Path(temporary) / info.raw_folder.name, info.raw_folder)


def _fetch_file(info, urls, path, md5, progress):
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for url in urls:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                found = _stream(url, file, progress)
            if found == md5:
                os.chmod(temporary, 0o644)
                os.replace(temporary, path)
                return
            failures.append(f"{urlsplit(url).hostname}: the file does not have the published MD5 sum")
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            failures.append(f"{urlsplit(url).hostname}: {getattr(error, 'reason', None) or error}")
        finally:
            Path(temporary).unlink(missing_ok=True)
    raise DataError(
        f"{info.title} cannot be downloaded ({'; '.join(failures)}); "
        f"connect to the network, or put its files into {info.raw_folder}."
    )


def _stream(url, file, progress):
    """Write what the address gives to `file`; the MD5 sum of it."""
    md5, done = hashlib.md5(usedforsecurity=False), 0
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length") or 0) or None
        what = Path(urlsplit(url).path).name
        while piece := answer.read(PIECE):
            file.write(piece)
            md5.update(piece)
            done += len(piece)
            progress(done, total, what)
    file.flush()
    os.fsync(file.fileno())
    return md5.hexdigest()
