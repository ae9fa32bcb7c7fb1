"""Where the image of a request comes from: a dataset, an upload, or a file for the shell and notebooks."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from rsviz import data, files
from rsviz.data import images
from rsviz.errors import RsvizError, first_fault
from rsviz.tasks.base import Frozen
from rsviz.tasks.fields import Setting

Fit = Annotated[
    Literal["crop", "pad"],
    Setting("How an image that is not square is fitted.", label="Fit", flags=("--fit",), link="fit"),
]
Invert = Annotated[
    bool, Setting("Swap dark and light: for dark writing on a light ground.", label="Swap dark and light")
]


class DatasetImage(Frozen):
    """Image `index` of the test part of a dataset."""

    kind: Literal["dataset"] = "dataset"
    dataset: Annotated[str, Setting("Dataset of the image, with its index.", label="Data set")]
    index: Annotated[int, Field(ge=0), Setting("Number of the image in the test part.", label="Test image")]

    @property
    def words(self) -> str:
        """The image in a list of runs."""
        return f"{self.dataset}, test image {self.index}"


class UploadedImage(Frozen):
    """A file kept by `store_upload`, fitted to the model's input."""

    kind: Literal["upload"] = "upload"
    sha256: Annotated[
        str,
        Field(pattern="^[0-9a-f]{64}$"),
        Setting("SHA-256 of an uploaded image.", flags=("--upload",), link="image"),
    ]
    how: Fit = "crop"
    invert: Invert = False

    @property
    def words(self) -> str:
        """The image in a list of runs."""
        return f"upload {self.sha256[:6]}"


class FileImage(Frozen):
    """A file of this machine, for the shell and Python only: a job or a link never names a path."""

    kind: Literal["file"] = "file"
    path: Annotated[str, Setting("Image file; fitted to the model's input.", flags=("--image",), link="file")]
    how: Fit = "crop"
    invert: Invert = False

    @property
    def words(self) -> str:
        """The image in a list of runs."""
        return Path(self.path).name


ImageSource = Annotated[
    DatasetImage | UploadedImage | FileImage,
    Field(discriminator="kind"),
    Setting("Where the image comes from."),
]

_SOURCE: TypeAdapter = TypeAdapter(ImageSource)


def make_source(values: dict) -> DatasetImage | UploadedImage | FileImage:
    """Where an image comes from, or RsvizError: one sentence that names what is wrong."""
    try:
        return _SOURCE.validate_python(values)
    except ValidationError as error:
        raise RsvizError(f"{first_fault(error)}.") from None


def on_another_machine(source: DatasetImage | UploadedImage | FileImage):
    """The source as it is named elsewhere: an upload is a FILE, to be replaced by the person who has it."""
    if source.kind != "upload":
        return source
    return FileImage(path="FILE", how=source.how, invert=source.invert)


def store_upload(content: bytes) -> str:
    """Check that `content` is an image, keep it under the home folder, and give its SHA-256."""
    images.decode(content)
    return files.keep_upload(content)


def load_input(source, shape) -> tuple[np.ndarray, int | None]:
    """The model's input float32 (C, H, W) in [0, 1], and its label where one is known.

    source: one of the three. shape: (C, H, W) of the model's input.
    Raises RsvizError where there is no such image, or it has another shape.
    """
    if source.kind == "dataset":
        return _from_dataset(source, shape)
    if source.kind == "upload":
        path, missing = files.upload(source.sha256), "the uploaded image is no longer here; upload it again."
    else:
        path, missing = Path(source.path), f"image is {source.path!r}; there is no such file."
    try:
        content = path.read_bytes()
    except OSError:
        raise RsvizError(missing) from None
    return images.fit(images.decode(content), tuple(shape), how=source.how, invert=source.invert), None


def _from_dataset(source, shape):
    dataset = data.load(source.dataset)
    if source.index >= len(dataset):
        raise RsvizError(
            f"index is {source.index}; the test part of {source.dataset} ends at {len(dataset) - 1}."
        )
    x = dataset.image(source.index)
    if x.shape != tuple(shape):
        raise RsvizError(
            f"{source.dataset} has images of shape {x.shape}; this checkpoint takes {tuple(shape)}."
        )
    return x, int(dataset.labels[source.index])
