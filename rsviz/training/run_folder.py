"""Writing a run folder (rsviz.training.records says what is in it), and keeping its best epoch. No torch."""

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
from rsviz.training.records import (
    BEST,
    END,
    FORMAT,
    LOCK,
    RUN,
    STATE,
    STEPS,
    VALIDATIONS,
    RunEnd,
    RunError,
    RunInfo,
    RunRecord,
    StepRecord,
    TrainingError,
    Validation,
    read_run,
)


class RunWriter:
    """The only writer of a run folder, a context manager. run: what is recorded; None until a run has begun.

    folder: created if it does not exist. request: of the run; RunError if the folder holds another request's
    run, or another process writes it. writes: False for processes that are not the main one: they only read.
    """

    def __init__(self, folder: str | Path, request, writes: bool = True):
        self.folder, self._request, self._writes = Path(folder), request, writes
        self._lock: int | None = None
        if writes:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder)
        self.run: RunRecord | None = read_run(self.folder) if (self.folder / RUN).exists() else None
        if self.run and not _same_request(self.run.request, request):
            self.close()
            raise RunError(f"{self.folder} holds the run of another request; give another folder.")
        self.id = self.run.id if self.run else secrets.token_hex(8)

    def __enter__(self) -> "RunWriter":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def state(self) -> Path:
        """The file from which the run resumes."""
        return self.folder / STATE

    @property
    def info(self) -> RunInfo | None:
        return self.run.info if self.run else None

    @property
    def checkpoint(self) -> str | None:
        """Name of the checkpoint of a run that is done, else None."""
        end = self.run.end if self.run else None
        return end.checkpoint if end and end.state == "done" else None

    def begin(self, info: RunInfo) -> None:
        """Write what stays the same; of a run that has begun already, only remove how it had ended."""
        if not self._writes:
            return
        (self.folder / END).unlink(missing_ok=True)
        if self.run is None:
            request = self._request.model_dump(mode="json")
            head = {"format": FORMAT, "id": self.id, "request": request, "info": asdict(info)}
            write_atomically(self.folder / RUN, _json(head))
            self.run = RunRecord(self.id, request, info)

    def rewind(self, step: int, epoch: int) -> None:
        """Drop step records beyond the step, and validations beyond the epoch, from which the run resumes."""
        if not self._writes:
            return
        stored = read_run(self.folder)
        steps = [record for record in stored.steps if record.step <= step]
        validations = [validation for validation in stored.validations if validation.epoch <= epoch]
        for name, rows in ((STEPS, steps), (VALIDATIONS, validations)):
            write_atomically(self.folder / name, b"".join(_json(asdict(row)) + b"\n" for row in rows))

    def add(self, row: StepRecord | Validation) -> None:
        """Append a line to its file."""
        if not self._writes:
            return
        with (self.folder / (STEPS if isinstance(row, StepRecord) else VALIDATIONS)).open("ab") as file:
            file.write(_json(asdict(row)) + b"\n")

    def end(self, end: RunEnd) -> None:
        """Write how the run ended. If it is done, what a restart would need is removed."""
        if not self._writes or self.run is None:
            return
        write_atomically(self.folder / END, _json(asdict(end)))
        if end.state == "done":
            self.state.unlink(missing_ok=True)
            shutil.rmtree(self.folder / BEST, ignore_errors=True)

    def close(self) -> None:
        """Let other processes write here."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _same_request(stored: dict, request) -> bool:
    """Whether a stored request is this one; fields that were added since have their defaults."""
    try:
        return type(request)(**stored) == request
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


def clear_ended(folder: str | Path) -> bool:
    """Whether the folder holds a run that can be resumed; one that is done or failed is removed.

    A run that was killed or stopped can be resumed. Nothing else in the folder is removed.
    """
    folder = Path(folder)
    if not (folder / RUN).exists():
        return False
    end = read_run(folder).end
    if end is None or end.state == "stopped":
        return True
    for name in (STEPS, VALIDATIONS, END, STATE, RUN):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / BEST, ignore_errors=True)
    return False


def keep_best(folder: str | Path, name: str | None = None) -> RunEnd:
    """Store the best epoch so far of a stopped run as one of the user's checkpoints.

    name: of the checkpoint, by default that of the run; a number is added if another checkpoint has it.
    Returns the run's RunEnd with the name and epoch stored; without them if no epoch was finished.
    """
    folder = Path(folder)
    run = read_run(folder)
    path = folder / BEST / f"{run.info.name}.json"
    if run.end is not None and run.end.state == "done":
        return run.end
    end = RunEnd("stopped")
    if path.exists():
        card = read_card(path)
        kept = free_name(name or run.info.name, storage.own_folder(), run.id)
        weights = path.with_suffix(".safetensors").read_bytes()
        storage.write_checkpoint(card.model_copy(update={"name": kept}), weights, storage.own_folder())
        end = RunEnd("stopped", kept, card.hyperparameters["epoch"])
    write_atomically(folder / END, _json(asdict(end)))
    return end


def checkpoint_name(request, folder: str | Path, replace: bool = False) -> str:
    """The name of the checkpoint that a run of the request will save in the folder.

    replace: whether it may replace another checkpoint. Otherwise a name given by the request must be free
    (TrainingError), and a name derived from its settings gets a number if it is taken.
    """
    if replace:
        return request.chosen_name
    check_name(request.name, folder)
    return free_name(request.chosen_name, folder)


def check_name(name: str | None, folder: str | Path | None = None) -> None:
    """Raise TrainingError if another checkpoint has this name. None is always free."""
    if name and name in taken_names(folder or storage.own_folder()):
        raise TrainingError(f"There already is a checkpoint called {name}; give another name.")


def free_name(name: str, folder: str | Path, run_id: str | None = None) -> str:
    """The name, or NAME-2, NAME-3, ... if it is taken. run_id: of a run that may replace its checkpoint."""
    taken = taken_names(folder, run_id)
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name[:70]}-{number}"
    return candidate


def taken_names(folder: str | Path, run_id: str | None = None) -> set[str]:
    """Names of the checkpoints in `folder` and in the folders of checkpoints, without those of one run."""
    places = {*storage.folders(), Path(folder)}
    return {
        name
        for place in places
        for name in storage.names_in(place)
        if run_id is None or _made_by(place, name) != run_id
    }


def _made_by(place, name) -> str | None:
    """The id of the run that has made a checkpoint, if its card tells."""
    try:
        return storage.current_card(place, name).hyperparameters.get("run")
    except CheckpointError:
        return None


def _json(value) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
