"""Where the image of a request comes from: a sample, a dataset, an upload, a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError, field_validator

from rsviz import data, files
from rsviz.data import images
from rsviz.data.samples import SAMPLES, find_sample
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
Prepare = Annotated[
    Literal["none", "paper"],
    Setting(
        "Paper: dark strokes on a light ground are flattened, inverted and centred, as MNIST's digits are.",
        label="Prepare",
    ),
]


class SampleImage(Frozen):
    """A picture that comes with rsviz."""

    kind: Literal["sample"] = "sample"
    sample: Annotated[
        str, Setting("Picture that comes with rsviz.", label="Sample", choices=lambda: list(SAMPLES))
    ]

    @field_validator("sample")
    @classmethod
    def _is_there(cls, value):
        if value not in SAMPLES:
            raise ValueError(f"must be one of {', '.join(SAMPLES)}")
        return value

    @property
    def words(self) -> str:
        """The image in a list of runs."""
        return f"sample {self.sample}"


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
    prepare: Prepare = "none"

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
    prepare: Prepare = "none"

    @property
    def words(self) -> str:
        """The image in a list of runs."""
        return Path(self.path).name


Source = SampleImage | DatasetImage | UploadedImage | FileImage

ImageSource = Annotated[
    Source,
    Field(discriminator="kind"),
    Setting("Where the image comes from."),
]

_SOURCE: TypeAdapter = TypeAdapter(ImageSource)


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image, loaded for a network.

    x: the input float32 (C, H, W) in [0, 1]. label: class index, None where it is not known.
    original: uint8 (H, W, 3) as in its file, upright; None for images of datasets, which are inputs already.
    format: of the file, "" where it is none of one's own. steps: from the file to x.
    """

    x: np.ndarray
    label: int | None
    original: np.ndarray | None = None
    format: str = ""
    steps: list[images.Step] = field(default_factory=list)


def make_source(values: dict) -> Source:
    """Where an image comes from, or RsvizError: one sentence that names what is wrong."""
    try:
        return _SOURCE.validate_python(values)
    except ValidationError as error:
        raise RsvizError(f"{first_fault(error)}.") from None


def on_another_machine(source: Source):
    """The source as it is named elsewhere: an upload is a FILE, to be replaced by the person who has it."""
    if source.kind != "upload":
        return source
    return FileImage(path="FILE", how=source.how, invert=source.invert, prepare=source.prepare)


def store_upload(content: bytes) -> str:
    """Check that `content` is an image, keep it under the home folder, and give its SHA-256."""
    images.decode(content)
    return files.keep_upload(content)


def load_input(source: Source, shape, classes: Sequence[str] = ()) -> tuple[np.ndarray, int | None]:
    """The model's input float32 (C, H, W) in [0, 1], and its label where one is known. See `load_image`."""
    loaded = load_image(source, shape, classes)
    return loaded.x, loaded.label


def load_image(source: Source, shape, classes: Sequence[str] = ()) -> LoadedImage:
    """The image of a source, as a network takes it.

    source: one of the four. shape: (C, H, W) of the model's input. classes: their names, to label a sample.
    Raises RsvizError where there is no such image, or it has another shape.
    """
    if source.kind == "sample":
        return _from_samples(source, shape, classes)
    if source.kind == "dataset":
        return LoadedImage(*_from_dataset(source, shape))
    decoded = images.decode_file(_content(source))
    prepared = images.prepare(
        decoded.pixels, tuple(shape), how=source.how, invert=source.invert, way=source.prepare
    )
    turned = [images.Step("turned upright")] if decoded.turned else []
    steps = turned + prepared.steps
    return LoadedImage(prepared.x, None, decoded.pixels, images.NAMES[decoded.kind], steps)


def check_sample(source: Source, shape, classes: Sequence[str]) -> None:
    """Raise RsvizError where a source is a sample that does not fit a network of this input and classes."""
    if source.kind == "sample" and not find_sample(source.sample).fits(shape, classes):
        raise RsvizError(
            f"sample is {source.sample!r}; it does not fit {tuple(shape)} and {', '.join(classes)[:60]}."
        )


def _content(source) -> bytes:
    if source.kind == "upload":
        path, missing = files.upload(source.sha256), "the uploaded image is no longer here; upload it again."
    else:
        path, missing = Path(source.path), f"image is {source.path!r}; there is no such file."
    try:
        return path.read_bytes()
    except OSError:
        raise RsvizError(missing) from None


def _from_samples(source, shape, classes) -> LoadedImage:
    if classes:
        check_sample(source, shape, classes)
    sample = find_sample(source.sample)
    prepared = sample.prepared(tuple(shape))
    label = classes.index(sample.label) if sample.label in classes else None
    return LoadedImage(prepared.x, label, sample.pixels(), "", prepared.steps)


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
