"""What every task has: a request with one definition, and a line in the table of tasks. No torch.

A task is a folder with four modules:

    request.py   a frozen, validated Request: all that the result depends on
    run.py       run(request, ...): a generator of typed progress that can be closed and resumed
    result.py    the typed record that the last progress carries, with to_json and from_json
    listing.py   its line in a list of runs
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from rsviz.errors import RsvizError, first_fault, short
from rsviz.tasks.fields import FieldSpec, fields_of, setting_of


class Frozen(BaseModel):
    """A model at the border: frozen, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(Frozen):
    """What a task is asked for. A subclass declares fields; see rsviz.tasks.fields.

    TASK: key in rsviz.tasks.TASKS. COMMAND: words of the shell after `python -m rsviz`. MODULE: where `run`
    is, for the Python spelling. RENAMED: names of fields in requests that older versions stored.
    """

    TASK: ClassVar[str]
    COMMAND: ClassVar[str]
    RENAMED: ClassVar[Mapping[str, str]] = MappingProxyType({})
    ERROR: ClassVar[type[RsvizError]] = RsvizError

    @classmethod
    def make(cls, **values) -> Self:
        """The request, or ERROR: one sentence that names the field, what came and what is allowed."""
        try:
            return cls.model_validate(cls.completed(values))
        except ValidationError as error:
            raise cls.ERROR(f"{first_fault(error)}.") from None

    @classmethod
    def completed(cls, values: dict) -> dict:
        """`values` with what can be looked up filled in, such as the scale of a checkpoint's training."""
        return values

    @classmethod
    def fields(cls) -> Mapping[str, FieldSpec]:
        """Every value by its key in the URL."""
        return fields_of(cls)

    @classmethod
    def for_job(cls, values: Mapping) -> Self:
        """The request of a job, made and checked; a path is refused before any file is read."""
        cls._refuse_paths({cls.RENAMED.get(name, name): value for name, value in values.items()})
        return cls.make(**values).check_job()

    @property
    def passes(self) -> float | None:
        """How many images go through the network, a gradient counted as three; None: not known beforehand."""
        return None

    def check_job(self) -> Self:
        """The request, if a job may run it: what it names exists, and goes by name and never by path.

        Raises RsvizError. A subclass adds what else must fit together.
        """
        self._refuse_paths(dict(self))
        return self

    @classmethod
    def _refuse_paths(cls, values: Mapping) -> None:
        for name, field in cls.model_fields.items():
            value = values.get(name)
            if value is None or isinstance(value, BaseModel | Mapping) or not setting_of(field).by_name:
                continue
            for one in value if isinstance(value, list | tuple) else (value,):
                if isinstance(one, str) and Path(one).name != one:
                    raise cls.ERROR(f"{name} is {short(one)}; a job takes the name of a {name.rstrip('s')}.")

    @model_validator(mode="before")
    @classmethod
    def _today_names(cls, values):
        if isinstance(values, Mapping):
            return {cls.RENAMED.get(name, name): value for name, value in values.items()}
        return values

    @field_validator("*")
    @classmethod
    def _one_of_the_choices(cls, value, info: ValidationInfo):
        field = cls.model_fields[info.field_name]
        if value is None or isinstance(value, BaseModel):
            return value
        choices = setting_of(field).choices
        if choices is not None:
            allowed = tuple(choices())
            for one in value if isinstance(value, tuple) else (value,):
                if one not in allowed:
                    raise ValueError(f"must be one of {', '.join(allowed)}")
        return value


@dataclass(frozen=True)
class Listing:
    """What a list of runs says of a run of the task, in a few words each; "" where there is nothing to say.

    network, images: of a request, what runs and on what.
    reached: request and stored progress -> share in [0, 1] of the present stage, and how far it is.
    result: stored result -> the key result.
    Both read the JSON that the task's job stores, also that of older versions.
    again: a request -> the one that repeats it, where what it names would be in its own way.
    """

    network: Callable[[Any], str]
    images: Callable[[Any], str]
    reached: Callable[[Any, Mapping[str, Any]], tuple[float, str]]
    result: Callable[[Mapping[str, Any]], str]
    again: Callable[[Any], Any] = lambda request: request

    @classmethod
    def of_curves(
        cls,
        result: Callable[[Mapping[str, Any]], str],
        step: Callable[[Mapping[str, Any]], str] = lambda stored: "",
    ) -> "Listing":
        """That of a task that runs in parts, for several checkpoints on test images.

        step: stored progress -> what is said behind its part, or "".
        """

        def reached(request, stored):
            share = stored.get("finished", 0) / max(stored.get("parts", 1), 1)
            return share, f"{stored.get('what') or 'loading'}{step(stored)}"

        return cls(
            network=lambda request: ", ".join(request.checkpoints),
            images=lambda request: f"{request.images:,} test images",
            reached=reached,
            result=result,
        )


@dataclass(frozen=True)
class Task:
    """A line of the table of tasks.

    key: its name as a kind of job. title: in a list of runs. request: the model. listing: the rest of its
    line there. module: the package, which has `run`.
    """

    key: str
    title: str
    request: type[Request]
    listing: Listing

    @property
    def module(self) -> str:
        return self.request.__module__.rpartition(".")[0]
