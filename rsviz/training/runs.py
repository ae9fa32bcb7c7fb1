"""A training run on disk: what a page draws while the run goes on, and what a restart goes on from. No torch.

A run has a folder (that of its job, or one below RSVIZ_HOME/runs), which holds

    run.json           {"format": 1, "id", "request", "about"}: what was asked for, and what stays the same
                       during the run (`About`). Written whole before the first step; until then there is no
                       run to read, only the job's progress.
    steps.jsonl        one line (`Line`) about every thousandth of the run and at the end of each epoch:
                       step, epoch, the loss terms separately, accuracy on what was trained on, learning rate.
    looks.jsonl        one line (`Look`) an epoch, or every few epochs of a long run: clean and noisy
                       accuracy, the votes on some test images, and a small certified-accuracy curve.
    end.json           `End`, once the run is over: done, stopped or failed.
    state.safetensors  weights, optimizer and best so far, to go on from: see rsviz.training.state.
    best/              the best epoch so far as a whole checkpoint, NAME.safetensors beside NAME.json.
    run.lock           held by the process that trains.

Lines are appended, and each stands for good once its state is saved: a restart drops those beyond the step
from which it goes on, and writes them again, the same. A last line that is half there is not read. The whole
of it as one JSON (`Run.to_json`) is what checkpoints/examples/train.json is.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rsviz.checkpoints.card import parse_json
from rsviz.errors import RsvizError

FORMAT = 1
RUN, STEPS, LOOKS, END, STATE, BEST, LOCK = (
    "run.json",
    "steps.jsonl",
    "looks.jsonl",
    "end.json",
    "state.safetensors",
    "best",
    "run.lock",
)

LINES = 1000
"""About so many lines of steps has a run, however many steps: enough for a curve, little to read."""


class RunError(RsvizError):
    """A run folder that cannot be read or used, in one sentence."""


@dataclass(frozen=True)
class About:
    """What stays the same during a run.

    name: of the checkpoint that is to come. steps: of the optimizer, in all; epochs; images: trained on;
    held_out: training images kept apart to choose the best epoch by; criterion: how it is chosen, in words.
    device, precision, layout: of the passes. classes: their names. noise: a key of rsviz.noise.NOISES, or
    None, and its scale in pixel units.
    A look: clean accuracy on the first clean_images test images; for a run with noise, the first
    certified_images of them are certified by `procedure` from n0 and n draws at alpha; radii: where the
    certified accuracy is told, in pixel units; shown, labels: test images whose votes are told, and their
    classes; how: all that in words. look_every: epochs between two looks.
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
    look_every: int
    how: str

    def looks_by(self, epoch: int) -> int:
        """How many looks there are at epochs up to this one: at every look_every-th, and at the last."""
        extra = epoch == self.epochs and epoch % self.look_every != 0
        return epoch // self.look_every + extra


@dataclass(frozen=True)
class Line:
    """Means over the steps since the line before. step: done so far; epoch: 1, 2, ...; terms: of the loss,
    by name, adding up to it; accuracy: of the network's answers on what it was trained on (noisy, attacked);
    learning_rate: of the last step; seconds: spent on training so far, restarts included."""

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
class Look:
    """The network after an epoch, see `About` for on what. score: by which the best epoch is chosen.

    noisy_accuracy: share of votes for the true class over the certified images; votes: of the n draws, by
    class, for each shown image; certified: share of images proved in the right class at least that far, for
    each of the radii. All three None for a run without noise.
    """

    epoch: int
    step: int
    clean_accuracy: float
    noisy_accuracy: float | None
    votes: tuple[tuple[int, ...], ...] | None
    certified: tuple[float, ...] | None
    score: float


@dataclass(frozen=True)
class End:
    """How a run ended. state: "done", "stopped" or "failed". checkpoint: the name under which it was kept,
    if it was; epoch: whose weights those are. sentence: of a failed run, why."""

    state: str
    checkpoint: str | None = None
    epoch: int | None = None
    sentence: str = ""


@dataclass(frozen=True)
class Run:
    """A run as it stood when it was read. request: fields of TrainRequest. end: None while it may go on."""

    id: str
    request: dict
    about: About
    lines: tuple[Line, ...] = ()
    looks: tuple[Look, ...] = ()
    end: End | None = None

    @property
    def best(self) -> Look | None:
        """The look at the best epoch so far: the first with the highest score."""
        return max(self.looks, key=lambda look: look.score, default=None)

    def to_json(self) -> str:
        """The run as one JSON text, numbers rounded to six digits."""
        values = {"format": FORMAT, **asdict(self)}
        return json.dumps(_rounded(values), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Run":
        """What `to_json` wrote; RunError where it is something else."""
        try:
            values = parse_json(text)
            return cls(
                id=values["id"],
                request=values["request"],
                about=_about(values["about"], values["format"]),
                lines=tuple(Line(**line) for line in values["lines"]),
                looks=tuple(_look(look) for look in values["looks"]),
                end=values["end"] and End(**values["end"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError("This is not a training run as rsviz saves it.") from None


def read_run(folder) -> Run:
    """The run in a folder, also while it is written; RunError where none has begun or it is damaged."""
    folder = Path(folder)
    try:
        head = parse_json((folder / RUN).read_bytes())
        about = _about(head["about"], head["format"])
        end = _end(folder)
        return Run(
            id=head["id"],
            request=head["request"],
            about=about,
            lines=tuple(_read_lines(folder / STEPS, lambda values: Line(**values))),
            looks=tuple(_read_lines(folder / LOOKS, _look)),
            end=end,
        )
    except FileNotFoundError:
        raise RunError(f"No training run has begun in {folder}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"The training run in {folder} is damaged; delete that folder.") from None


def _about(values, version) -> About:
    if version != FORMAT:
        raise RunError(f"The training run was written in format {version!r}; this rsviz reads {FORMAT}.")
    tuples = {name: tuple(values[name]) for name in ("classes", "radii", "shown", "labels")}
    return About(**(values | tuples))


def _look(values) -> Look:
    votes, certified = values["votes"], values["certified"]
    return Look(
        **values
        | {
            "votes": None if votes is None else tuple(tuple(counts) for counts in votes),
            "certified": None if certified is None else tuple(certified),
        }
    )


def _end(folder) -> End | None:
    try:
        return End(**parse_json((folder / END).read_bytes()))
    except FileNotFoundError:
        return None


def _read_lines(path, make):
    """What stands in the file up to the first line that is not whole."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n")[:-1]:
        try:
            yield make(parse_json(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            return


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
