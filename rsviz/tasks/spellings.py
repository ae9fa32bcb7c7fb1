"""One request, four spellings: JSON, link, shell command, Python call. All derive from its fields.

JSON is the model's own (`model_dump`, `model_validate`). What equals the default is left out of the others.
"""

import json
import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from rsviz.errors import RsvizError, short
from rsviz.tasks.base import Request
from rsviz.tasks.fields import FieldSpec, leaves_of, members_of

NONE = "none"

R = TypeVar("R", bound=Request)


# --- values as text ---


def text_of(value: Any) -> str:
    """A plain value as people write it: 0.25, 100, true, none, cohen."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def value_of(text: str, kind: str) -> Any:
    """The value that a text means. kind: of a FieldSpec, or "any" where only the text tells.

    Raises ValueError where it means none.
    """
    if text.lower() == NONE:
        return None
    if kind == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}[_known_truth(text)]
    if kind == "integer":
        return int(text)
    if kind == "number":
        return _finite(text)
    if kind == "any":
        return _guessed(text)
    return text


def _known_truth(text):
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError(f"{short(text)} is neither true nor false")
    return text.lower()


def _finite(text):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{short(text)} is not finite")
    return value


def _guessed(text):
    for kind in ("integer", "number", "boolean"):
        try:
            return value_of(text, kind) if not (kind == "boolean" and text in "01") else text
        except ValueError:
            continue
    return text


# --- the values of a request, flat ---


def flat(request: Request) -> Iterator[tuple[FieldSpec, Any]]:
    """Every required value, and every one that differs from its default, each with its FieldSpec."""
    specs = {spec.path: spec for spec in request.fields().values()}
    for name in type(request).model_fields:
        value = getattr(request, name)
        if isinstance(value, BaseModel):
            for spec in leaves_of(type(value), name).values():
                leaf = getattr(value, spec.name)
                if spec.required or leaf != spec.default:
                    yield spec, leaf
        elif (spec := specs[(name,)]).required or value != spec.default:
            yield spec, value


def nested(model: type[Request], values: Mapping[str, Any], word: Callable = lambda spec: spec.link) -> dict:
    """Values by URL key as the model takes them: leaves of nested models gathered, the member chosen.

    word: function of a FieldSpec, its name in what is refused.
    """
    values, found = dict(values), {}
    for name, field in model.model_fields.items():
        members = members_of(field)
        if not members:
            continue
        candidates = [leaves_of(member, name) for member in members]
        given = {key for leaves in candidates for key in leaves if key in values}
        if not given and not field.is_required():
            continue
        chosen = _member(candidates, given, name, word)
        found[name] = {leaves.name: values[key] for key, leaves in chosen.items() if key in values}
        for member, leaves in zip(members, candidates, strict=True):
            if leaves is chosen and "kind" in member.model_fields:
                found[name]["kind"] = member.model_fields["kind"].default
        for key in given:
            del values[key]
    plain = {spec.link: spec.name for spec in model.fields().values() if len(spec.path) == 1}
    return found | {plain.get(key, key): value for key, value in values.items()}


def _member(candidates, given, name, word):
    """The nested model that has all required values; RsvizError unless there is exactly one."""
    needed = [{key: word(spec) for key, spec in leaves.items() if spec.required} for leaves in candidates]
    fitting = [leaves for leaves, keys in zip(candidates, needed, strict=True) if set(keys) <= given]
    if len(fitting) == 1 and given <= set(fitting[0]):
        return fitting[0]
    words = {key: word(spec) for leaves in candidates for key, spec in leaves.items()}
    came = f"given by {', '.join(sorted(words[key] for key in given))}" if given else "missing"
    allowed = ", or ".join(" with ".join(keys.values()) for keys in needed)
    raise RsvizError(f"{name} is {came}; please give either {allowed}.")


def flat_mapping(value: Mapping, prefix: str = "") -> dict[str, Any]:
    """A dictionary of settings with dotted names for what is nested in it."""
    found = {}
    for name, one in value.items():
        if isinstance(one, Mapping):
            found |= flat_mapping(one, f"{prefix}{name}.")
        else:
            found[prefix + name] = one
    return found


def deep_mapping(values: Mapping[str, Any]) -> dict:
    """The reverse of `flat_mapping`."""
    found: dict = {}
    for name, value in values.items():
        *outer, last = name.split(".")
        place = found
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return found


# --- the link ---


def to_query(request: Request) -> dict[str, list[str]]:
    """The request as query parameters, defaults left out; what `from_query` reads."""
    query: dict[str, list[str]] = {}
    for spec in request.fields().values():
        if spec.setting.in_links:
            query |= query_of(spec, getattr(request, spec.name))
    for spec, value in flat(request):
        query |= query_of(spec, value)
    return query


def query_of(spec: FieldSpec, value: Any) -> dict[str, list[str]]:
    """The query parameters of one value: one key, or one for each entry of a dictionary."""
    if spec.kind == "mapping":
        return {f"{spec.link}.{name}": [text_of(one)] for name, one in flat_mapping(value).items()}
    if spec.kind == "list":
        return {spec.link: [text_of(one) for one in value]}
    return {spec.link: [text_of(value)]}


def from_query(model: type[R], query: Mapping[str, Sequence[str]]) -> R:
    """The request of a link. query: every key with its texts; keys that are no field are passed over.

    Raises RsvizError where the texts make no request.
    """
    values: dict[str, Any] = {}
    for key, spec in model.fields().items():
        if spec.kind == "mapping":
            entries = {
                name.removeprefix(f"{key}."): value_of(texts[0], "any")
                for name, texts in query.items()
                if name.startswith(f"{key}.")
            }
            if entries:
                values[key] = deep_mapping(entries)
        elif query.get(key):
            values[key] = read_texts(spec, query[key])
    return model.make(**nested(model, values))


def read_texts(spec: FieldSpec, texts: Sequence[str]) -> Any:
    """The value of one field from its texts in a link; RsvizError that names it where they mean none."""
    try:
        if spec.kind == "list":
            return tuple(value_of(text, spec.item) for text in texts)
        return value_of(texts[0], spec.kind)
    except ValueError:
        raise RsvizError(f"{spec.name} is {short(texts[0])}; it must be {_article(spec)}.") from None


def _article(spec):
    kind = spec.item or spec.kind
    return {"integer": "a whole number", "number": "a finite number", "boolean": "true or false"}.get(
        kind, kind
    )


# --- the shell ---


def shell_words(request: Request) -> list[str]:
    """The arguments of `python -m rsviz` that ask for the same."""
    words = request.COMMAND.split()
    for spec, value in flat(request):
        words += _options(spec, value)
    return words


def command_line(request: Request, *extra: str) -> str:
    """The shell command that asks for the same, quoted. extra: further words at its end, such as --json."""
    return shlex.join(["python", "-m", "rsviz", *shell_words(request), *extra])


def _options(spec: FieldSpec, value: Any) -> list[str]:
    flag = spec.flags[0]
    if spec.setting.positional:
        return [text_of(value)]
    if spec.kind == "boolean":
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if spec.kind == "mapping":
        words = []
        for name, one in flat_mapping(value).items():
            short_flag = spec.setting.shorthands.get(name)
            words += [short_flag, text_of(one)] if short_flag else ["--set", f"{name}={text_of(one)}"]
        return words
    if spec.kind == "list" and spec.item in ("integer", "number"):
        return [flag, ",".join(text_of(one) for one in value)]
    if spec.kind == "list":
        return [word for one in value for word in (flag, text_of(one))]
    return [flag, text_of(value)]


# --- Python ---


def python_call(request: Request) -> str:
    """Lines of Python that ask for the same and run it."""
    model, module = type(request), type(request).__module__.rpartition(".")[0]
    lines = [f"from {module} import {model.__name__}, run", "", f"request = {python_expression(request)}"]
    return "\n".join([*lines, "*_, last = run(request)", "print(last.result)"])


def python_expression(request: Request) -> str:
    """The call that makes the request: CertifyRequest(checkpoint="...", ...)."""
    arguments: dict[str, Any] = {}
    for spec, value in flat(request):
        if len(spec.path) == 1:
            arguments[spec.name] = value
        else:
            member = getattr(request, spec.path[0])
            arguments.setdefault(spec.path[0], {"kind": member.kind})[spec.name] = value
    inside = ", ".join(f"{name}={_literal(value)}" for name, value in arguments.items())
    return f"{type(request).__name__}.make({inside})"


def _literal(value) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)
