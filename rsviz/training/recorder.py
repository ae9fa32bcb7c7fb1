"""Writing a run folder (rsviz.training.runs says what is in it), and keeping its best epoch. No torch."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from dataclasses import asdict
from pathlib import Path

from rsviz.checkpoints import storage
from rsviz.checkpoints.card import CheckpointError, read_card
from rsviz.files import write_atomically
from rsviz.training.objectives import TrainingError
from rsviz.training.request import TrainRequest
from rsviz.training.runs import (
    BEST,
    END,
    FORMAT,
    LOCK,
    LOOKS,
    RUN,
    STATE,
    STEPS,
    About,
    End,
    Line,
    Look,
    Run,
    RunError,
    read_run,
)


class Recorder:
    """The one writer of a run folder. run: what stands there; None until something has begun.

    request: whose run this is; RunError where the folder holds another's, or another process writes it.
    writes: False for the processes of a team that only read along.
    """

    def __init__(self, folder, request, writes=True):
        self.folder, self._request, self._writes = Path(folder), request, writes
        self._lock = None
        if writes:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder)
        self.run: Run | None = read_run(self.folder) if (self.folder / RUN).exists() else None
        if self.run and not _same(self.run.request, request):
            self.close()
            raise RunError(f"{self.folder} holds the run of another request; give another folder.")
        self.id = self.run.id if self.run else secrets.token_hex(8)

    @property
    def state(self) -> Path:
        return self.folder / STATE

    def begin(self, about: About) -> None:
        """Write what stays the same; a run that was begun already is only told to go on."""
        if not self._writes:
            return
        (self.folder / END).unlink(missing_ok=True)
        if self.run is None:
            request = self._request.model_dump(mode="json")
            head = {"format": FORMAT, "id": self.id, "request": request, "about": asdict(about)}
            write_atomically(self.folder / RUN, _json(head))
            self.run = Run(self.id, request, about)

    def rewind(self, step: int, look: int) -> None:
        """Drop lines beyond the step, and looks beyond the epoch, from which the run goes on."""
        if not self._writes:
            return
        stood = read_run(self.folder)
        lines = [line for line in stood.lines if line.step <= step]
        looks = [seen for seen in stood.looks if seen.epoch <= look]
        for name, rows in ((STEPS, lines), (LOOKS, looks)):
            write_atomically(self.folder / name, b"".join(_json(asdict(row)) + b"\n" for row in rows))

    def add(self, row: Line | Look) -> None:
        """Append a line."""
        if not self._writes:
            return
        with (self.folder / (STEPS if isinstance(row, Line) else LOOKS)).open("ab") as file:
            file.write(_json(asdict(row)) + b"\n")

    def end(self, end: End) -> None:
        """Say how the run ended. What a restart would need goes, unless it was stopped and may go on."""
        if not self._writes or self.run is None:
            return
        write_atomically(self.folder / END, _json(asdict(end)))
        if end.state == "done":
            self.state.unlink(missing_ok=True)
            shutil.rmtree(self.folder / BEST, ignore_errors=True)

    def close(self) -> None:
        """Let others write here."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _same(stood: dict, request) -> bool:
    """Whether a stored request is this one; a field that has since been added stands at its default."""
    try:
        return TrainRequest(**stood) == request
    except ValueError:
        return False


def _locked(folder) -> int:
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise RunError(f"Another process is training in {folder}; wait, or give another folder.") from None
    return handle


def clear_ended(folder) -> bool:
    """Make room for a run that begins anew, unless one is there that may go on; whether one is.

    A run that was killed or stopped may; of one that is done or failed, what it left is removed, and nothing
    else that lies in the folder.
    """
    folder = Path(folder)
    if not (folder / RUN).exists():
        return False
    end = read_run(folder).end
    if end is None or end.state == "stopped":
        return True
    for name in (STEPS, LOOKS, END, STATE, RUN):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / BEST, ignore_errors=True)
    return False


def keep_best(folder, name: str | None = None) -> End:
    """Put the best epoch so far of a run that was stopped on the user's shelf of checkpoints.

    name: of the checkpoint, by default that of the run; where it is taken by another, a number is added.
    Returns the run's End, which names what was kept; nothing is kept where no epoch was done.
    """
    folder = Path(folder)
    run = read_run(folder)
    stood = folder / BEST / f"{run.about.name}.json"
    if run.end is not None and run.end.state == "done":
        return run.end
    end = End("stopped")
    if stood.exists():
        card = read_card(stood)
        kept = free_name(name or run.about.name, storage.own_folder(), run.id)
        weights = stood.with_suffix(".safetensors").read_bytes()
        storage.write_checkpoint(card.model_copy(update={"name": kept}), weights, storage.own_folder())
        end = End("stopped", kept, card.hyperparameters["epoch"])
    write_atomically(folder / END, _json(asdict(end)))
    return end


def check_name(request: TrainRequest, folder=None) -> None:
    """Raise TrainingError where the name that the request asks for is that of another checkpoint."""
    if request.name and taken(request.name, folder or storage.own_folder()):
        raise TrainingError(f"There already is a checkpoint called {request.name}; give another name.")


def taken(name: str, folder: Path, run_id: str | None = None) -> bool:
    """Whether a checkpoint of this name stands in the folder or on a shelf, other than that of this run."""
    for shelf in {*storage.folders(), Path(folder)}:
        if name in storage.names_in(shelf):
            with contextlib.suppress(CheckpointError):
                made_by = storage.current_card(shelf, name).hyperparameters.get("run")
                if run_id is not None and made_by == run_id:
                    continue
            return True
    return False


def free_name(name: str, folder: Path, run_id: str | None = None) -> str:
    """The name, or NAME-2, NAME-3, ... where it is taken."""
    candidate, number = name, 1
    while taken(candidate, folder, run_id):
        number += 1
        candidate = f"{name[:70]}-{number}"
    return candidate


def _json(value) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
