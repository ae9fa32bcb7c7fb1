"""Records in tables, and records stored as JSON: plain values of a dataclass, and the dataclass again."""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, Self, TypeVar

Keyed = TypeVar("Keyed")


def by_key(*records: Keyed) -> Mapping[str, Keyed]:
    """A table of records, each by its attribute `key`, in this order."""
    return types.MappingProxyType({typing.cast(Any, record).key: record for record in records})


class Record:
    """Base of frozen dataclasses that are stored as JSON.

    A field may have another name there: `field(metadata={"json": "class"})`.
    """

    def to_json(self) -> dict[str, Any]:
        """The fields as plain values; `from_json` reads them."""
        return _plain_fields(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `to_json` gave, also in a version that had more fields; KeyError where one is missing."""
        return _filled(cls, values)


def plain(value: Any) -> Any:
    """Dictionaries, lists, numbers and texts of a record, or of what holds records."""
    if isinstance(value, Record):
        return value.to_json()
    if dataclasses.is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value


def restored(kind: Any, value: Any) -> Any:
    """The reverse of `plain`. kind: the annotation of the value: a dataclass, a list of them, a type.

    Numbers and texts are taken as they are.
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if value is None or kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        kinds = [one for one in inner if one is not type(None)]
        return restored(kinds[0], value) if len(kinds) == 1 else _one_of(kind, value)
    if origin is list:
        return [restored(inner[0], one) for one in value]
    if origin is tuple:
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(restored(one, part) for one, part in zip(kinds, value, strict=True))
    if isinstance(kind, type) and issubclass(kind, Record):
        return kind.from_json(value)
    if dataclasses.is_dataclass(kind):
        return _filled(kind, value)
    if hasattr(kind, "model_validate"):
        return kind.model_validate(value)
    return value


def _plain_fields(record: Any) -> dict[str, Any]:
    return {_json_name(one): plain(getattr(record, one.name)) for one in dataclasses.fields(record)}


def _filled(kind: Any, values: Mapping[str, Any]) -> Any:
    hints, fields = _hints(kind), dataclasses.fields(kind)
    return kind(**{one.name: restored(hints[one.name], values[_json_name(one)]) for one in fields})


def _one_of(kind: Any, value: Any) -> Any:
    """The value of a union of models, which a field with a constant tells apart."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(value)


def _json_name(one: dataclasses.Field) -> str:
    return str(one.metadata.get("json", one.name))


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
