"""Where things lie on this machine, and how a file comes to stand there whole or not at all."""

import os
import tempfile
from pathlib import Path

import platformdirs

SHIPPED_CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"


def data_root() -> Path:
    """Folder of the datasets: RSVIZ_DATA, or the user's cache folder."""
    return Path(os.environ.get("RSVIZ_DATA") or platformdirs.user_cache_path("rsviz") / "data").expanduser()


def home() -> Path:
    """Folder of jobs, uploads and trained checkpoints: RSVIZ_HOME, or the user's data folder."""
    return Path(os.environ.get("RSVIZ_HOME") or platformdirs.user_data_path("rsviz")).expanduser()


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a kill at any moment leaves the old file or the new one.

    Temporary file in the same folder, fsync, rename, fsync of the folder.
    """
    path = Path(path)
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
