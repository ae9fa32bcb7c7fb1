"""The record of a training run: what a page draws while it goes on, and how its folder is read. No torch.

A run has a folder: that of its job, or one in RSVIZ_HOME/runs. It contains

    run.json           {"format": 2, "id", "request", "info"}: the request, and what stays the same during the
                       run (`RunInfo`). Written before the first step; until then there is no run to read,
                       only the job's progress.
    steps.jsonl        one line (`StepRecord`) about every thousandth of the run and after each epoch.
    looks.jsonl        one line (`Validation`) per epoch, or every few epochs of a long run.
    end.json           `RunEnd`, once the run is over: done, stopped or failed.
    state.safetensors  weights, optimizer and counters, from which the run resumes: rsviz.training.train_step.
    best/              the best epoch so far as a whole checkpoint, NAME.safetensors beside NAME.json.
    run.lock           held by the process that trains.

Lines are appended. A resumed run drops the lines beyond the step of its saved state and writes them again,
the same. An incomplete last line is ignored. A whole run as one JSON (`RunRecord.to_json`) is the format of
checkpoints/examples/train.json. Format 1 had other names for some fields, see RENAMED.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rsviz.checkpoints.card import parse_json
from rsviz.errors import RsvizError
from rsviz.records import restored

FORMAT = 2
RENAMED = {"about": "info", "lines": "steps", "looks": "validations", "look_every": "validate_every"}
"""Names of format 1, and those of today; `look_every` is a field of the request too."""

RUN = "run.json"
STEPS = "steps.jsonl"
VALIDATIONS = "looks.jsonl"
"""The name that it has had since format 1."""
END = "end.json"
STATE = "state.safetensors"
BEST = "best"
LOCK = "run.lock"

STEP_RECORDS = 1000
"""A run has about this many step records, however many steps: enough for a curve, little to read."""


class TrainingError(RsvizError):
    """A training run that cannot begin or go on, in one sentence."""


class RunError(RsvizError):
    """A run folder that cannot be read or used, in one sentence."""


@dataclass(frozen=True)
class StageProgress:
    """Progress before the first step and after the last.

    phase: "prepare" or "measure". what: the current work, in words. done, total: units of this work.
    """

    phase: str
    what: str
    done: int
    total: int


@dataclass(frozen=True)
class StepProgress:
    """Progress of the steps and the validations between them.

    phase: "train" or "validate". step, epoch: done so far, of `steps` and `epochs`. loss, terms, accuracy:
    means since the last report, None before the first. images_per_second: of training. remaining: seconds
    until the checkpoint is saved, estimated. saved: the step from which a restart would go on.
    """

    phase: str
    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float | None
    terms: dict[str, float]
    accuracy: float | None
    images_per_second: float | None
    remaining: float | None
    saved: int


@dataclass(frozen=True)
class RunInfo:
    """What stays the same during a run.

    name: of the checkpoint to be saved. steps: of the optimizer, in all. images: trained on. held_out:
    training images kept apart to choose the best epoch by. criterion: how it is chosen, in words.
    device, precision, layout: of the passes. classes: their names. noise: key of NOISES, or None; scale: of
    the noise, in pixel units.
    Of a validation: clean accuracy on the first clean_images test images; with noise, CERTIFY on the first
    certified_images with n0 and n draws, `procedure` and alpha. radii: at which the certified accuracy is
    told, in pixel units. shown, labels: indices and classes of the test images with recorded votes.
    validate_every: epochs between two validations. how: all this in words.
    """

    name: str
    steps: int
    epochs: int
    images: int
    held_out: int
    criterion: str
    device: str
    precision: str
    layout: str
    classes: tuple[str, ...]
    noise: str | None
    scale: float
    clean_images: int
    certified_images: int
    n0: int
    n: int
    alpha: float
    procedure: str
    radii: tuple[float, ...]
    shown: tuple[int, ...]
    labels: tuple[int, ...]
    validate_every: int
    how: str

    @property
    def steps_per_epoch(self) -> int:
        return self.steps // self.epochs

    def validations_by(self, epoch: int) -> int:
        """Number of validations up to this epoch: after every validate_every-th, and after the last."""
        extra = epoch == self.epochs and epoch % self.validate_every != 0
        return epoch // self.validate_every + extra


@dataclass(frozen=True)
class StepRecord:
    """Means over the steps since the record before.

    step: done so far. epoch: 1, 2, ... terms: of the loss, by name; they add up to it. accuracy: of the
    network on what it was trained on (noisy or attacked images). learning_rate: of the last step.
    seconds: spent on training so far, restarts included.
    """

    step: int
    epoch: int
    terms: dict[str, float]
    accuracy: float
    learning_rate: float
    seconds: float

    @property
    def loss(self) -> float:
        return sum(self.terms.values())


@dataclass(frozen=True)
class Validation:
    """The network after an epoch; `RunInfo` says on which images. score: by which the best epoch is chosen.

    noisy_accuracy: share of votes for the true class over the certified images. votes: of the n draws, by
    class, for each shown image. certified: share of images proved in the right class, for each of the radii.
    All three are None for a run without noise.
    """

    epoch: int
    step: int
    clean_accuracy: float
    noisy_accuracy: float | None
    votes: tuple[tuple[int, ...], ...] | None
    certified: tuple[float, ...] | None
    score: float


@dataclass(frozen=True)
class RunEnd:
    """How a run ended.

    state: "done", "stopped" or "failed". checkpoint: its name, if one was saved. epoch: of its weights.
    sentence: why a run failed.
    """

    state: str
    checkpoint: str | None = None
    epoch: int | None = None
    sentence: str = ""


@dataclass(frozen=True)
class RunRecord:
    """A run as it was when it was read. request: fields of TrainRequest. end: None while it may go on."""

    id: str
    request: dict
    info: RunInfo
    steps: tuple[StepRecord, ...] = ()
    validations: tuple[Validation, ...] = ()
    end: RunEnd | None = None

    @property
    def best(self) -> Validation | None:
        """The validation of the best epoch so far: the first with the highest score."""
        return max(self.validations, key=lambda validation: validation.score, default=None)

    def to_json(self) -> str:
        """The run as one JSON text, numbers rounded to six digits."""
        values = {"format": FORMAT, **asdict(self)}
        return json.dumps(_rounded(values), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> "RunRecord":
        """The run that `to_json` wrote; RunError if the text is something else."""
        try:
            return cls.of(parse_json(text))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError("This is not a training run as rsviz saves it.") from None

    @classmethod
    def of(cls, values: dict[str, Any]) -> "RunRecord":
        """The run with these JSON values, of this format or an older one."""
        if values["format"] not in (1, FORMAT):
            raise RunError(
                f"The training run was written in format {values['format']!r}; this rsviz reads {FORMAT}."
            )
        values = renamed(values)
        return cls(
            id=values["id"],
            request=renamed(values["request"]),
            info=restored(RunInfo, renamed(values["info"])),
            steps=tuple(StepRecord(**step) for step in values.get("steps", ())),
            validations=tuple(restored(Validation, one) for one in values.get("validations", ())),
            end=RunEnd(**values["end"]) if values.get("end") else None,
        )


def read_run(folder: str | Path) -> RunRecord:
    """The run in a folder, also while it is written; RunError if none has begun or the files are damaged."""
    folder = Path(folder)
    try:
        head = parse_json((folder / RUN).read_bytes())
        steps, validations = _read_lines(folder / STEPS), _read_lines(folder / VALIDATIONS)
        return RunRecord.of(
            renamed(head) | {"steps": steps, "validations": validations, "end": read_end(folder)}
        )
    except FileNotFoundError:
        raise RunError(f"No training run has begun in {folder}.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"The training run in {folder} is damaged; delete that folder.") from None


def read_end(folder: Path) -> dict | None:
    """The values of the run's RunEnd; None if it has not ended."""
    try:
        return parse_json((folder / END).read_bytes())
    except FileNotFoundError:
        return None


def renamed(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the names of today."""
    return {RENAMED.get(name, name): value for name, value in values.items()}


def _read_lines(path) -> list[dict]:
    """The lines of the file up to the first that is not complete."""
    rows = []
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return rows
    for line in content.split(b"\n")[:-1]:
        try:
            rows.append(parse_json(line))
        except (ValueError, RecursionError):
            break
    return rows


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
