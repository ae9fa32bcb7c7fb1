"""Downloads with a known MD5 sum: a file appears complete and checked, or not at all."""

import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from rsviz.data.base import DataError, Progress
from rsviz.data.published import PublishedDataset

TIMEOUT = 30  # seconds without an answer
PIECE = 2**18  # bytes between two reports of progress


def fetch_archive(info: PublishedDataset, url: str, md5: str, progress: Progress) -> None:
    """Download a .tar.gz file and unpack it as info.raw_folder, which appears with all files at once."""
    root = info.raw_folder.parent
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".download.") as temporary:
        archive = Path(temporary) / "archive.tar.gz"
        fetch_file(info, [url], archive, md5, progress)
        with tarfile.open(archive) as packed:
            packed.extractall(temporary, filter="data")
        shutil.rmtree(info.raw_folder, ignore_errors=True)  # incomplete, or nothing would be downloaded
        os.rename(Path(temporary) / info.raw_folder.name, info.raw_folder)


def fetch_file(info: PublishedDataset, urls: Iterable[str], path: Path, md5: str, progress: Progress) -> None:
    """Write to `path` what the first working address gives; raises DataError if none gives the right file."""
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
    """Write the answer of `url` to `file`; returns its MD5 sum."""
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
