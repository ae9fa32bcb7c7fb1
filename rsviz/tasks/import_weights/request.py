"""An import of weights as a request."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from rsviz import files
from rsviz.checkpoints import WITHOUT_NOISE, CheckpointError
from rsviz.errors import RsvizError, short
from rsviz.models import ARCHITECTURES
from rsviz.noise import NOISES
from rsviz.tasks import settings
from rsviz.tasks.base import Request
from rsviz.tasks.fields import Setting

Text = Annotated[str, Field(max_length=4096)]
Name = Annotated[str, Field(max_length=255)]
PerChannel = tuple[Annotated[float, Field(allow_inf_nan=False)], ...]


class ImportRequest(Request):
    """What rsviz.checkpoints.import_weights is asked for. The file is given by `file` or by `upload`."""

    TASK: ClassVar[str] = "import"
    COMMAND: ClassVar[str] = "checkpoints import"
    ERROR: ClassVar[type[RsvizError]] = CheckpointError

    file: Annotated[
        Text | None,
        Setting("File with weights: .safetensors, .pt, .pth or .pth.tar; not for jobs.", positional=True),
    ] = None
    upload: Annotated[Name | None, Setting("Name of an uploaded file, in place of FILE.")] = None
    shown_as: Annotated[
        Name | None, Setting("Name of the file in sentences and on the card; by default its own.")
    ] = None
    architecture: Annotated[
        str | None,
        Setting(
            "Network of the weights, if the file does not tell.",
            label="Architecture",
            choices=lambda: list(ARCHITECTURES),
        ),
    ] = None
    dataset: Annotated[
        Name | None,
        Setting(
            "What it was trained on; gives classes and normalisation. By default that of the architecture.",
            label="Data set",
        ),
    ] = None
    name: Annotated[
        Name | None,
        Setting("Name of the new checkpoint; by default made from that of the file.", label="Name"),
    ] = None
    noise: Annotated[
        str | None,
        Setting(
            f"Noise in training, or {WITHOUT_NOISE}; by default gaussian if a scale is given, else unknown.",
            label="Noise in training",
            choices=lambda: [*NOISES, WITHOUT_NOISE],
        ),
    ] = None
    scale: Annotated[
        float,
        Field(ge=0, le=settings.MAX_SCALE, allow_inf_nan=False),
        Setting(
            "Scale of that noise.",
            label="Scale of that noise",
            unit="pixel units",
            flags=("--scale", "--sigma"),
        ),
    ] = 0.0
    mean: Annotated[
        PerChannel | None, Setting("Mean of the normalisation, one number a channel.", unit="pixel units")
    ] = None
    std: Annotated[
        PerChannel | None,
        Setting("Standard deviation of the normalisation, one number a channel.", unit="pixel units"),
    ] = None

    @classmethod
    def completed(cls, values: dict) -> dict:
        """Gaussian noise if only its scale is given."""
        return values | {"noise": "gaussian"} if values.get("scale") and not values.get("noise") else values

    @model_validator(mode="after")
    def _has_one_file(self):
        if (self.file is None) == (self.upload is None):
            raise ValueError("please give either the file with the weights or the name of an upload")
        if (self.noise in NOISES) != (self.scale > 0):
            raise ValueError(
                f"noise is {self.noise} and scale is {self.scale:g}; a noise has a positive scale, and "
                "weights without one have 0"
            )
        return self

    @property
    def path(self) -> Path:
        """Where the weights are read; raises CheckpointError for an upload that does not exist."""
        if self.file is not None:
            return Path(self.file)
        known = self.upload == Path(self.upload).name and "\0" not in self.upload
        if not (known and files.upload(self.upload).is_file()):
            raise CheckpointError(f"There is no uploaded file {short(self.upload)}; upload it first.")
        return files.upload(self.upload)

    def check_job(self) -> "ImportRequest":
        """The request, if a job may run it: the file is an upload that exists."""
        super().check_job()
        if self.file is not None:
            raise CheckpointError(f"file is {short(self.file)}; a job takes uploaded files.")
        _ = self.path
        return self
