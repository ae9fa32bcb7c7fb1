"""What a task has found of one image, with pictures, as one text: what `--save` writes. No torch."""

import base64
import functools
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import safetensors.numpy

from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.tasks.base import Request


class SavedPictures:
    """Base of frozen dataclasses of arrays. FLOAT: how an array of fractions is stored, by its name."""

    FLOAT: ClassVar[Mapping[str, type]]

    # safetensors, not npz: NumPy reads its headers with Python's parser, and in CPython 3.11 that fails
    # now and then where many threads parse at once, as those of a class's pages do.
    def to_bytes(self) -> bytes:
        stored = {
            name: np.ascontiguousarray(array, self.FLOAT.get(name)) for name, array in vars(self).items()
        }
        return safetensors.numpy.save(stored)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        arrays = safetensors.numpy.load(content)
        return cls(**arrays | {name: arrays[name].astype(np.float32) for name in cls.FLOAT})


class SavedProgress:
    """Base of the progress of one image: a frozen dataclass that begins with `request` and `pictures`.

    REQUEST, PICTURES: their classes.
    """

    REQUEST: ClassVar[type[Request]]
    PICTURES: ClassVar[type[SavedPictures]]

    request: Request
    pictures: SavedPictures | None

    def stored(self) -> dict[str, Any]:
        """All but request and pictures, as plain values; what `gathered` reads."""
        raise NotImplementedError

    @classmethod
    def gathered(cls, request, pictures, values: dict[str, Any]) -> Self:
        """The progress of which `stored` gave the values, also in an older version."""
        raise NotImplementedError

    def to_json(self) -> str:
        """The record as one text, which `from_json` reads."""
        pictures = base64.b64encode(self.pictures.to_bytes()).decode() if self.pictures else None
        values = {"request": self.request.model_dump(), **self.stored(), "pictures": pictures}
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` gave; the request's ERROR where the text is something else."""
        try:
            values = json.loads(text)
            pictures, request = values.pop("pictures"), cls.REQUEST.make(**values.pop("request"))
            if pictures:
                pictures = cls.PICTURES.from_bytes(base64.b64decode(pictures))
            return cls.gathered(request, pictures or None, values)
        except (KeyError, TypeError, ValueError, AttributeError, safetensors.SafetensorError):
            words = f"this is not a file that `{cls.REQUEST.COMMAND} --save` wrote."
            raise cls.REQUEST.ERROR(words) from None

    @classmethod
    @functools.cache
    def example(cls) -> Self:
        """The finished one that comes with rsviz; `--save` wrote it."""
        place = SHIPPED_CHECKPOINTS / "examples" / f"{cls.REQUEST.TASK}.json"
        return cls.from_json(place.read_text("utf-8"))
