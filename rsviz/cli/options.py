"""Shell options of a request, derived from its fields; and the request that given options make."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rsviz.errors import RsvizError, short
from rsviz.tasks.base import Request
from rsviz.tasks.fields import FieldSpec
from rsviz.tasks.spellings import deep_mapping, nested, text_of, value_of

R = TypeVar("R", bound=Request)

SET = "--set"
_PREFIX = "request_"


def request_options(model: type[Request], *, but: tuple[str, ...] = ()) -> Callable:
    """A decorator that adds an option for every field of a request. but: fields that have none."""

    def decorate(function):
        for key, spec in reversed(model.fields().items()):
            if spec.name not in but:
                for option in reversed(_options(key, spec)):
                    function = option(function)
        return function

    return decorate


def take_request_values(model: type[Request], options: dict[str, Any]) -> dict[str, Any]:
    """Take the fields of a request out of a command's options.

    options: what click hands to the command; the rest stays in it.
    Returns the values that were given, as the model takes them.
    """
    values: dict[str, Any] = {}
    for key, spec in model.fields().items():
        given = options.pop(_parameter(key), None)
        if spec.kind == "mapping":
            entries = dict(_entry(text) for text in given or ())
            for name in spec.setting.shorthands:
                if (text := options.pop(f"{_parameter(key)}_{name}", None)) is not None:
                    if name in entries:
                        raise RsvizError(f"{short(name)} is given twice; it has one value.")
                    entries[name] = value_of(text, "any")
            given = deep_mapping(entries) or None
        if given not in (None, ()):
            values[key] = given
    return nested(model, values, lambda spec: spec.flags[0])


def request_from(model: type[R], options: dict[str, Any]) -> R:
    """The request that a command's options make; RsvizError, one sentence, where they make none."""
    return model.make(**take_request_values(model, options))


def _parameter(key) -> str:
    return _PREFIX + key.lower().replace("-", "_").replace(".", "_")


def _options(key: str, spec: FieldSpec) -> list[Callable]:
    if spec.kind == "mapping":
        options = [
            click.option(
                SET,
                _parameter(key),
                multiple=True,
                metavar="NAME=VALUE",
                help=f"{spec.help} Repeatable.",
            )
        ]
        for name, flag in spec.setting.shorthands.items():
            options.append(
                click.option(flag, f"{_parameter(key)}_{name}", metavar="VALUE", help=f"{SET} {name}=VALUE.")
            )
        return options
    if spec.setting.positional:
        return [click.argument(_parameter(key), metavar=spec.name.upper(), required=spec.required)]
    attributes: dict[str, Any] = {"help": _help(spec), "default": None}
    flags = spec.flags
    if spec.kind == "boolean":
        flags = (f"{flags[0]}/--no-{flags[0].removeprefix('--')}",)
    elif spec.kind == "list" and spec.item not in ("integer", "number"):
        attributes |= {"multiple": True, "metavar": "TEXT"}
    else:
        attributes["type"] = _Value(spec)
    return [click.option(*flags, _parameter(key), **attributes)]


def _help(spec: FieldSpec) -> str:
    if spec.required or spec.default is None or spec.default in ((), {}):
        return spec.help
    if spec.kind == "boolean":
        return spec.help
    value = spec.default
    shown = ",".join(map(text_of, value)) if isinstance(value, tuple) else text_of(value)
    return f"{spec.help}  [default: {shown}]"


def _entry(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise RsvizError(f"{SET} is {short(text)}; it must be NAME=VALUE.")
    return name, value_of(value, "any")


class _Value(click.ParamType):
    """A text that a FieldSpec reads; limits and choices are the model's to check."""

    def __init__(self, spec: FieldSpec):
        self.spec = spec
        self.name = {"integer": "integer", "number": "number"}.get(spec.item or spec.kind, "text")
        if spec.kind == "list":
            self.name = f"{self.name},..."

    def convert(self, value, parameter, context):
        if not isinstance(value, str):
            return value
        try:
            if self.spec.kind == "list":
                return tuple(value_of(part, self.spec.item) for part in value.split(","))
            return value_of(value, self.spec.kind)
        except ValueError:
            words = {"integer": "whole number", "number": "number"}.get(
                self.spec.item or self.spec.kind, "text"
            )
            many = f"list of {words}s with commas between" if self.spec.kind == "list" else words
            self.fail(f"{value!r} is no {many}.")
