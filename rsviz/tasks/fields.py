"""The fields of a request as everything else reads them: shell, links, widgets and help derive from here.

A request declares a field once:

    steps: Annotated[int, Field(ge=1, le=1000), Setting("Gradient steps of each start.", unit="steps")] = 20

`fields_of(Request)` then gives a FieldSpec for each value that a person can set. A nested model (the source
of an image) is spelled by its own leaves, a dictionary of settings by one name for each entry.
"""

import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

MOST_COUNTED = 2**53 - 1
"""The largest integer that a browser counts to."""


@dataclass(frozen=True)
class Setting:
    """What people read about a field. It is part of the field's annotation, beside its limits.

    help: one sentence. unit: of the number, "" where it has none. label: of the widget; by default the name.
    flags: of the shell, the first is the canonical one; by default --name-of-the-field.
    link: its name in the URL; by default the name of the field.
    choices: function that gives the allowed keys, read when they are needed, as tables may grow.
    positional: of the shell: the value is an argument and has no flag.
    in_links: a link always says the value, as a page may begin with another one than the default.
    by_name: the value names something stored; a job takes it by name, never as a path.
    shorthands: of a dictionary, shell flags for some of its entries: {"epsilon": "--epsilon"}.
    """

    help: str
    unit: str = ""
    label: str = ""
    flags: tuple[str, ...] = ()
    link: str = ""
    choices: Callable[[], Sequence[str]] | None = None
    positional: bool = False
    by_name: bool = False
    in_links: bool = False
    shorthands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldSpec:
    """One value of a request.

    path: attribute names from the request to the value, ("image", "index").
    kind: "integer", "number", "boolean", "choice", "text", "list" or "mapping".
    item: of a list, the kind of its items.
    low, high: limits of a number, None where there is none. optional: whether it may be None.
    setting: what people read.
    """

    path: tuple[str, ...]
    kind: str
    default: Any
    required: bool
    setting: Setting
    item: str = ""
    low: float | None = None
    high: float | None = None
    optional: bool = False
    literals: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def link(self) -> str:
        """Its key in the URL."""
        return self.setting.link or self.name

    @property
    def flags(self) -> tuple[str, ...]:
        """Its shell options, the canonical one first."""
        return self.setting.flags or (f"--{self.name.replace('_', '-').lower()}",)

    @property
    def label(self) -> str:
        return self.setting.label or self.name.replace("_", " ")

    @property
    def options(self) -> tuple[str, ...]:
        """The allowed keys; () where there is no list of them."""
        return self.literals or tuple(self.setting.choices() if self.setting.choices else ())

    @property
    def help(self) -> str:
        """The sentence, with the unit and the choices."""
        text = self.setting.help
        if self.setting.unit and self.setting.unit not in text.lower():
            text = f"{text.rstrip('.')}, in {self.setting.unit}."
        if self.options:
            text += f" One of {', '.join(self.options)}."
        return text


@functools.cache
def fields_of(model: type[BaseModel]) -> Mapping[str, FieldSpec]:
    """Every value of a request by its key in the URL, in the order of the fields."""
    found: dict[str, FieldSpec] = {}
    for name, info in model.model_fields.items():
        for spec in _specs((name,), info):
            found.setdefault(spec.link, spec)  # leaves that several sources of an image share come once
    return MappingProxyType(found)


def members_of(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """The models among which the value of a field is one; () where it is a plain value."""
    kinds = _alternatives(field.annotation)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def leaves_of(member: type[BaseModel], field: str) -> Mapping[str, FieldSpec]:
    """The values of one nested model by their key in the URL. field: its name in the request."""
    specs = [
        spec
        for name, info in member.model_fields.items()
        if name != "kind"
        for spec in _specs((field, name), info)
    ]
    return MappingProxyType({spec.link: spec for spec in specs})


def setting_of(field: FieldInfo) -> Setting:
    """What people read of a field; TypeError where its annotation has no Setting."""
    for data in (*field.metadata, *_nested_metadata(field.annotation)):
        if isinstance(data, Setting):
            return data
    raise TypeError(f"the field {field!r} has no Setting in its annotation")


def _specs(path, field):
    members = members_of(field)
    if members:
        for member in members:
            yield from leaves_of(member, path[-1]).values()
        return
    kinds = _alternatives(field.annotation)
    kind = next(kind for kind in kinds if kind is not type(None))
    metadata = (*field.metadata, *_nested_metadata(field.annotation))
    limits = {key: value for data in metadata for key, value in _limits(data).items()}
    name, item, literals = _kind(kind)
    if name == "integer":
        limits["high"] = min(limits.get("high", MOST_COUNTED), MOST_COUNTED)
    yield FieldSpec(
        path=path,
        kind=name,
        default=None if field.is_required() else field.get_default(call_default_factory=True),
        required=field.is_required(),
        setting=setting_of(field),
        item=item,
        optional=type(None) in kinds,
        literals=literals,
        **limits,
    )


def _alternatives(annotation) -> tuple:
    """The members of a union without their metadata; the type itself where it is none."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _alternatives(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(kind for part in typing.get_args(annotation) for kind in _alternatives(part))
    return (annotation,)


def _nested_metadata(annotation) -> tuple:
    """What Annotated says inside a union or a tuple: of `Annotated[float, Field(gt=0)] | None`."""
    own: tuple = ()
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, *own = typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        own = (*own, *(data for part in typing.get_args(annotation) for data in _nested_metadata(part)))
    unpacked = []
    for data in own:
        unpacked += data.metadata if isinstance(data, FieldInfo) else [data]
    return tuple(unpacked)


def _limits(data) -> dict[str, float]:
    """The limits that one annotation sets: of annotated_types' Ge, Gt, Le, Lt."""
    found = {}
    for key, names in (("low", ("ge", "gt")), ("high", ("le", "lt"))):
        for name in names:
            if (value := getattr(data, name, None)) is not None:
                found[key] = value
    return found


def _kind(annotation) -> tuple[str, str, tuple[str, ...]]:
    """(kind, kind of the items, literals) of a plain type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return "choice", "", arguments
    if origin is tuple:
        (inner, *_) = _alternatives(arguments[0])
        name, _, literals = _kind(inner)
        return "list", name, literals
    if origin is dict or annotation is dict:
        return "mapping", "", ()
    return {bool: "boolean", int: "integer", float: "number"}.get(annotation, "text"), "", ()
