"""Lessons of teachers: kept in the home of the server by the digest of their text, so that they are links."""

import re

from rsviz import files
from rsviz.errors import RsvizError, short
from rsviz.lessons import Lesson
from rsviz.lessons.own import read_own


def keep(content: bytes) -> str:
    """Store a lesson; returns its name in a link. RsvizError where the text is no lesson."""
    read_own(_text(content))
    return files.keep_lesson(content)


def stored(name: str) -> Lesson:
    """The lesson that a link names; RsvizError where this server has none of that name."""
    if not re.fullmatch("[0-9a-f]{16}", name):
        raise RsvizError(
            f"A lesson of one's own is named by 16 hexadecimal digits; the link has {short(name)}."
        )
    try:
        return read_own(_text(files.lesson(name).read_bytes()))
    except FileNotFoundError:
        raise RsvizError(f"This server has no lesson {name}. Open its file here again.") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RsvizError("The file is no text in UTF-8; a lesson is a small TOML file.") from None
