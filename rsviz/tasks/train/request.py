"""What can be asked of a training run, checked before anything begins. No torch."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from rsviz.checkpoints.card import NAME
from rsviz.checkpoints.card import Setting as HyperparameterValue
from rsviz.data import DATASETS, available, is_folder
from rsviz.errors import short
from rsviz.models import ARCHITECTURES, architectures_for
from rsviz.noise import MAX_SEED
from rsviz.tasks import settings
from rsviz.tasks.base import Request
from rsviz.tasks.fields import Setting
from rsviz.training import METHODS, TrainingError
from rsviz.training.run_folder import check_name

MOST_VALIDATIONS = 100


class TrainRequest(Request):
    """One training run: dataset, network and method decide what is trained, the rest how."""

    TASK: ClassVar[str] = "train"
    COMMAND: ClassVar[str] = "train"
    RENAMED: ClassVar[dict[str, str]] = {"look_every": "validate_every"}
    ERROR = TrainingError

    dataset: Annotated[
        str,
        Field(min_length=1, max_length=4096),
        Setting("Key of a dataset, or folder:PATH; its training part.", label="Data set"),
    ] = "digits"
    method: Annotated[
        str,
        Setting("The objective that is minimised.", label="Method", choices=lambda: METHODS),
    ] = "gaussian"
    architecture: Annotated[
        str | None,
        Setting(
            "The network; by default one that is made for images of this shape.",
            label="Network",
            choices=lambda: ARCHITECTURES,
        ),
    ] = None
    sigma: Annotated[
        float,
        Field(ge=0, le=settings.MAX_SCALE, allow_inf_nan=False),
        Setting(
            "Standard deviation of the noise; 0 for methods without noise.",
            unit="pixel units",
            label="Noise σ",
        ),
    ] = 0.0
    parameters: Annotated[
        dict[str, HyperparameterValue],
        Setting("A parameter of the method.", label="Parameters"),
    ] = Field(default_factory=dict)
    epochs: Annotated[
        int,
        Field(ge=1, le=100_000),
        Setting("Passes over the training images.", unit="epochs", label="Epochs", in_links=True),
    ] = 20
    batch_size: Annotated[
        int,
        Field(ge=1, le=65_536),
        Setting(
            "Images in one step.",
            unit="images",
            label="Batch: images per step",
            flags=("--batch-size", "--batch"),
        ),
    ] = 128
    optimizer: Annotated[
        Literal["adamw", "adam", "sgd"],
        Setting("How the weights follow the gradient.", label="Optimizer"),
    ] = "adamw"
    learning_rate: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        Setting(
            "Largest value of the learning rate.",
            label="Learning rate, at its largest",
            flags=("--learning-rate", "--lr"),
        ),
    ] = 2e-3
    momentum: Annotated[float, Field(ge=0, lt=1), Setting("Of sgd.", label="Momentum (of sgd)")] = 0.9
    nesterov: Annotated[bool, Setting("Nesterov's momentum, for sgd.", label="Nesterov")] = True
    weight_decay: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        Setting("Share of the weights that is subtracted per unit of learning rate."),
    ] = 1e-4
    schedule: Annotated[
        Literal["one-cycle", "cosine", "step", "constant"],
        Setting(
            "How the learning rate changes with the steps (rsviz.training.schedule).",
            label="Schedule of the learning rate",
        ),
    ] = "one-cycle"
    clip: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        Setting("Longer gradients are scaled down to this l2 norm; 0 leaves them alone."),
    ] = 0.0
    shift: Annotated[
        int,
        Field(ge=0, le=16),
        Setting(
            "Each image is moved at random by up to this number of pixels.",
            unit="pixels",
            label="Move images by up to this number of pixels",
        ),
    ] = 0
    flip: Annotated[
        bool,
        Setting(
            "Half of the images are mirrored left to right.", label="Mirror half of the images left to right"
        ),
    ] = False
    held_out: Annotated[
        int,
        Field(ge=0),
        Setting(
            "Training images that are kept apart, to choose the best epoch by.",
            unit="images",
            label="Training images held out, to choose the best epoch by",
        ),
    ] = 0
    validate_every: Annotated[
        int | None,
        Field(ge=1),
        Setting("Epochs between two validations; by default 1, or more in a run of over 100 epochs."),
    ] = None
    seed: Annotated[
        int,
        Field(ge=0, le=MAX_SEED),
        Setting("Decides every random number.", label="Seed: decides every random number"),
    ] = 0
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        Setting("Of the passes; auto measures which is faster, and the memory layout too."),
    ] = "auto"
    device: settings.Device = None
    stored: Annotated[
        Literal["float16", "float32"], Setting("Precision of the saved weights, which are measured.")
    ] = "float16"
    name: Annotated[
        str | None,
        Setting(
            "Name of the checkpoint; by default DATASET-METHOD-SIGMA, with a number if it is taken.",
            label="Name of the checkpoint",
        ),
    ] = None

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, dataset):
        if dataset not in DATASETS and not is_folder(dataset):
            raise ValueError(f"{short(dataset)} is not one of {', '.join(DATASETS)}, folder:PATH")
        return dataset

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name):
        if name is not None and not NAME.fullmatch(name):
            raise ValueError(f"{name[:80]!r} may hold letters, digits, dots, dashes and underscores only")
        return name

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        objective = METHODS[self.method]
        if objective.needs_noise and self.sigma == 0:
            raise ValueError(f"sigma is 0, but the method {self.method} trains under noise; give sigma > 0")
        if not objective.needs_noise and self.sigma > 0:
            raise ValueError(f"sigma is {self.sigma}, but the method {self.method} trains without noise")
        objective.parameters(**self.parameters)
        architecture = self.chosen_architecture
        if architecture is None:
            raise ValueError(f"no architecture is made for {self.dataset}; name one")
        if self.dataset in DATASETS:
            self._check_images(DATASETS[self.dataset], ARCHITECTURES[architecture])
        return self

    def _check_images(self, dataset, architecture):
        if dataset.shape not in architecture.input_shapes:
            raise ValueError(
                f"{architecture.key} takes images of shape {architecture.input_shapes[0]}, and those of "
                f"{self.dataset} have {dataset.shape}"
            )
        if self.held_out >= dataset.sizes["train"]:
            raise ValueError(
                f"held_out is {self.held_out}, but {self.dataset} has only {dataset.sizes['train']} training "
                "images"
            )

    @property
    def chosen_validate_every(self) -> int:
        """Epochs between two validations: every epoch, but at most 100 validations in all."""
        return self.validate_every or -(-self.epochs // MOST_VALIDATIONS)

    @property
    def chosen_architecture(self) -> str | None:
        """The architecture asked for, or the first that takes the dataset's images."""
        if self.architecture is not None or self.dataset not in DATASETS:
            return self.architecture
        return next(iter(architectures_for(DATASETS[self.dataset].shape)), None)

    @property
    def chosen_parameters(self) -> dict[str, object]:
        """Every setting of the method, with those that were left out."""
        return METHODS[self.method].parameters(**self.parameters).model_dump()

    @property
    def chosen_name(self) -> str:
        """The name asked for, or one like mnist-gaussian-0.25."""
        if self.name:
            return self.name
        dataset = "folder" if is_folder(self.dataset) else self.dataset
        return f"{dataset}-{self.method}" + (f"-{self.sigma:.2f}" if self.sigma else "")

    def check_job(self) -> Self:
        """The request, if a job may run it: its images are on this machine, and its name is free."""
        super().check_job()
        if not available(self.dataset):
            remedy = f"`python -m rsviz data download {self.dataset}` downloads them"
            if is_folder(self.dataset):
                remedy = "give a folder with one folder of images per class"
            raise TrainingError(f"The images of {self.dataset} are not on this machine; {remedy}.")
        check_name(self.name)
        return self
