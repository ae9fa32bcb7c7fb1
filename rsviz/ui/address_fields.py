"""One value of a page in its URL: what texts set it, and how it is written."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

LONGEST = 80
"""Characters of a text in a link."""


@dataclass(frozen=True)
class Field:
    """One value of a page.

    default: None for a value that depends on another control; see `Address.suggest`.
    read: the texts in the URL -> value, or ValueError. write: the reverse.
    """

    default: object
    read: Callable[[list[str]], object]
    write: Callable[[object], list[str]]


def choice(options: Iterable, default, older: Mapping[str, object] | None = None) -> Field:
    """One of `options`, written as its key. older: texts in links of older versions -> option."""
    by_text = {**(older or {}), **{str(option): option for option in options}}

    def read(texts):
        for text in (texts[0], without_commas(texts[0])):
            if text in by_text:
                return by_text[text]
        raise ValueError

    return Field(default, read, lambda value: [str(value)])


def choices(
    options: Iterable, default, spell: Callable[[object], str] = str, most: int | None = None
) -> Field:
    """Any of `options`, in their order; unknown ones are passed over. spell: an option as text in the URL."""
    by_text = {spell(option): option for option in options}

    def read(texts):
        asked = _parts(texts)
        return [option for text, option in by_text.items() if text in asked]

    return Field(list(default), read, lambda values: [",".join(map(spell, values))])


def numbers(options: Iterable[float], default) -> Field:
    """Any of `options`, which are numbers."""
    return choices(options, default, "{:g}".format)


def names(default: Iterable[str], most: int, pattern: str = r"[^,]+") -> Field:
    """Up to `most` different texts that match `pattern`, in the order of the URL."""

    def read(texts):
        found = dict.fromkeys(part for part in _parts(texts) if re.fullmatch(pattern, part))
        if not found:
            raise ValueError
        return list(found)[:most]

    return Field(list(default), read, lambda values: [",".join(values)])


def text(default: str | None = "", longest: int = LONGEST, pattern: str = ".*") -> Field:
    """A text of at most `longest` characters that matches `pattern`."""

    def read(texts):
        if len(texts[0]) > longest or not re.fullmatch(pattern, texts[0], re.DOTALL):
            raise ValueError
        return texts[0]

    return Field(default, read, lambda value: [value])


def number(low: float, high: float, default, kind: type | None = None) -> Field:
    """A number in [low, high] of type `kind`, which is that of the default if not given."""
    kind = kind or type(default)

    def read(texts):
        value = kind(without_commas(texts[0]))
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError
        return value

    return Field(default, read, lambda value: [f"{value:.10g}" if kind is float else str(value)])


def flag(default: bool) -> Field:
    """True or False, written 1 or 0."""
    known = {"1": True, "0": False, "true": True, "false": False}
    return Field(default, lambda texts: known.get(texts[0], default), lambda on: [str(int(on))])


def labelled(field: Field, older: Mapping[str, str]) -> Field:
    """The field, which also reads the texts of older links, such as labels. older: such a text -> today's."""
    return replace(field, read=lambda texts: field.read([older.get(text, text) for text in texts]))


def first_part(field: Field, end: str) -> Field:
    """The field, which reads a text only up to `end`."""
    return replace(field, read=lambda texts: field.read([text.partition(end)[0] for text in texts]))


def without_commas(text: str) -> str:
    """A number such as 10,000 without its commas; any other text as it is."""
    return text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text) else text


def _parts(texts: list[str]) -> list[str]:
    return [part for text in texts for part in text[:2000].split(",")]
