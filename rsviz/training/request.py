"""What can be asked of a training run, checked before anything begins. Does not import torch."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rsviz.checkpoints.card import NAME, Setting
from rsviz.data import DATASETS
from rsviz.errors import first_fault
from rsviz.models import ARCHITECTURES
from rsviz.noise import MAX_SEED
from rsviz.training.objectives import METHODS
from rsviz.training.records import TrainingError

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

MOST_VALIDATIONS = 100

RENAMED = {"look_every": "validate_every"}


class TrainRequest(BaseModel):
    """One training run.

    dataset: key of DATASETS, or folder:PATH. method: key of METHODS. parameters: the method's own.
    architecture: key of ARCHITECTURES; by default one that is made for the dataset's images.
    sigma: standard deviation of the noise in pixel units, 0 for methods without noise. epochs: passes over
    the training images. learning_rate: its largest value; schedule: what becomes of it, see
    rsviz.training.optimize. momentum, nesterov: of sgd. clip: largest l2 norm of the gradient, which is
    scaled down to it; 0 leaves it alone. shift: images are moved by up to so many pixels; flip: and half of
    them mirrored left to right. held_out: so many training images are kept out of training, to choose the
    best epoch by. validate_every: epochs between two validations (rsviz.training.measure); by default
    1, or more in a run of more than 100 epochs.
    precision: of the forward and backward passes; auto measures which is faster, and the memory layout
    besides. stored: precision of the saved weights, which are what is measured. name: of the checkpoint; by
    default like mnist-gaussian-0.25, with a number where that is taken. seed: decides every random number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = "digits"
    method: str = "gaussian"
    architecture: str | None = None
    sigma: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0
    parameters: dict[str, Setting] = {}
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 20
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: Positive = 2e-3
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = True
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-4
    schedule: Literal["one-cycle", "cosine", "step", "constant"] = "one-cycle"
    clip: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    shift: Annotated[int, Field(ge=0, le=16)] = 0
    flip: bool = False
    held_out: Annotated[int, Field(ge=0)] = 0
    validate_every: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    device: str | None = None
    stored: Literal["float16", "float32"] = "float16"
    name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, values):
        """Requests stored by older versions have older names."""
        return {RENAMED.get(name, name): value for name, value in values.items()}

    @classmethod
    def checked(cls, **values) -> "TrainRequest":
        """The request with these values; TrainingError, one sentence, where they do not make one."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise TrainingError(f"The training run cannot begin: {first_fault(error)}.") from None

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, dataset):
        if dataset not in DATASETS and not dataset.startswith("folder:"):
            raise ValueError(f"{dataset!r} is not one of {', '.join(DATASETS)}, folder:PATH")
        return dataset

    @field_validator("method")
    @classmethod
    def _known_method(cls, method):
        if method not in METHODS:
            raise ValueError(f"{method!r} is not one of {', '.join(METHODS)}")
        return method

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name):
        if name is not None and not NAME.fullmatch(name):
            raise ValueError(f"{name[:80]!r} may hold letters, digits, dots, dashes and underscores only")
        return name

    @model_validator(mode="after")
    def _belongs_together(self):
        objective = METHODS[self.method]
        if objective.needs_noise and self.sigma == 0:
            raise ValueError(f"sigma is 0, but the method {self.method} trains under noise; give sigma > 0")
        if not objective.needs_noise and self.sigma > 0:
            raise ValueError(f"sigma is {self.sigma}, but the method {self.method} trains without noise")
        objective.parameters(**self.parameters)
        architecture = self.chosen_architecture
        if architecture is None:
            raise ValueError(f"no architecture is made for {self.dataset}; name one")
        if architecture not in ARCHITECTURES:
            raise ValueError(f"architecture {architecture!r} is not one of {', '.join(ARCHITECTURES)}")
        shapes = ARCHITECTURES[architecture].input_shapes
        if self.dataset in DATASETS and DATASETS[self.dataset].shape not in shapes:
            raise ValueError(
                f"{architecture} takes images of shape {shapes[0]}, and those of {self.dataset} have "
                f"{DATASETS[self.dataset].shape}"
            )
        if self.dataset in DATASETS and self.held_out >= DATASETS[self.dataset].sizes["train"]:
            raise ValueError(
                f"held_out is {self.held_out}, but {self.dataset} has only "
                f"{DATASETS[self.dataset].sizes['train']} training images"
            )
        return self

    @property
    def chosen_validate_every(self) -> int:
        """Epochs between two validations: every epoch, but at most 100 validations in all."""
        return self.validate_every or -(-self.epochs // MOST_VALIDATIONS)

    @property
    def chosen_architecture(self) -> str | None:
        """The architecture asked for, or the first that takes the dataset's images."""
        if self.architecture is not None or self.dataset not in DATASETS:
            return self.architecture
        shape = DATASETS[self.dataset].shape
        return next((key for key, record in ARCHITECTURES.items() if shape in record.input_shapes), None)

    @property
    def chosen_name(self) -> str:
        """The name asked for, or one like mnist-gaussian-0.25."""
        if self.name:
            return self.name
        dataset = "folder" if self.dataset.startswith("folder:") else self.dataset
        return f"{dataset}-{self.method}" + (f"-{self.sigma:.2f}" if self.sigma else "")
