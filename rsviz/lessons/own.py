"""A teacher's own lesson: links in a small TOML file.

    title = "Smoothing in ten minutes"
    question = "x lies on the island. What does g say?"      # with the step that asks
    hides = ["link"]                                         # of HIDABLE; may be left out

    [[predictions]]                                          # three, one of them right
    says = "A, as most noisy copies do"
    right = true
    why = "g gives the class that f gives most often."
    ...

    [[steps]]
    link = "/playground?scene=island&show=dots"              # what the address bar shows, from the / on
    title = "Ask f around x"                                 # at most 8 words
    words = "Each dot is x with fresh noise."                # at most 25 words
    speaker = "Let the hall vote."
    controls = ["scale"]                                     # of PLANE_CONTROLS, of the playground alone
    asks = true                                              # the next step shows the answer

    [[steps]]
    link = "/lesson?n=4&step=2"                              # that picture; title, words, speaker are its own

    [[steps]]
    link = "/bounds?b_n=100"                                 # any other page, shown in a frame
    title = "Every bound"

A step of a lesson keeps the title, the words and the words for the speaker that it has there, where the file
has none. If it asks, and the file has no question, its question and predictions come with it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from rsviz.errors import RsvizError, short
from rsviz.lessons.planes import plane_of
from rsviz.lessons.records import (
    HIDABLE,
    PLANE_CONTROLS,
    QUESTION_WORDS,
    SAYS_WORDS,
    SCREEN_WORDS,
    TITLE_WORDS,
    WHY_WORDS,
    WORDS,
    Lesson,
    Page,
    Plane,
    Prediction,
    Step,
)
from rsviz.lessons.table import LESSONS

LARGEST = 100_000
"""Bytes of the file."""
MOST_STEPS = 40
LONGEST_SPEECH = 3_000
"""Characters of the words for the speaker."""
LONGEST_LINK = 10_000
LONGEST_WORD = 40
PAGES = (
    *("bounds", "noise", "statistics", "certify", "attack", "evaluate", "train"),
    *("population", "papers"),
)
"""Pages that are shown in a frame, besides the playground and the lessons."""
IN_A_LESSON = ("n", "step", "show")
"""What a link of a lesson may have."""
OF_THE_ROOM = ("hall", "vote", "speaker", "follow")
"""What the address bar may have besides, in lecture mode: how a step is looked at, not what it shows."""


def read_own(text: str) -> Lesson:
    """The lesson that a file describes; RsvizError, one sentence, where something is wrong with it."""
    size = len(text.encode("utf-8", "replace"))
    if size > LARGEST:
        raise RsvizError(f"The file has {size:,} bytes; a lesson has at most {LARGEST:,}.")
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RsvizError(f"The file is no TOML: {str(error)[:120].rstrip('.')}.") from None
    _known(found, ("title", "question", "hides", "predictions", "steps"), "the lesson")
    entries = _entries(found, "steps")
    if not 1 <= len(entries) <= MOST_STEPS:
        raise RsvizError(f"The lesson has {len(entries)} steps; it may have 1 to {MOST_STEPS}.")
    question, predictions = _text(found, "question", QUESTION_WORDS), _predictions(found)
    steps = []
    for number, entry in enumerate(entries, 1):
        step, brings = _step(entry, f"step {number}")
        if step.asks and brings and not question:
            question, predictions = brings.question, brings.predictions
        elif step.asks and any(one.asks for one in steps):
            raise RsvizError(f"Step {number} asks, and an earlier one does; a lesson has one question.")
        steps.append(step)
    _check_question(steps, question, predictions)
    return Lesson(
        key="own",
        title=_text(found, "title", TITLE_WORDS) or "A lesson",
        question=question,
        predictions=predictions,
        steps=tuple(steps),
        removes=(),
        hides=_names(found, "hides", HIDABLE, "the lesson"),
    )


def _check_question(steps, question, predictions):
    asking = [number for number, step in enumerate(steps, 1) if step.asks]
    if bool(asking) != bool(question) or bool(question) != bool(predictions):
        raise RsvizError(
            "A question, three predictions and a step with asks = true belong together; "
            f"the file has {'a' if question else 'no'} question, {len(predictions)} predictions and "
            f"{len(asking)} such steps."
        )
    if asking and asking[0] == len(steps):
        raise RsvizError(f"Step {asking[0]} asks, and no step follows; the next step shows the answer.")
    if asking:
        said = " ".join([steps[asking[0] - 1].title, question, *(one.says for one in predictions)])
        if (count := len(said.split())) > SCREEN_WORDS:
            raise RsvizError(
                f"Title, question and predictions of step {asking[0]} have {count} words; a screen has at "
                f"most {SCREEN_WORDS}."
            )


def _predictions(found) -> tuple[Prediction, ...]:
    entries = _entries(found, "predictions")
    if not entries:
        return ()
    for number, entry in enumerate(entries, 1):
        where = f"prediction {number}"
        _known(entry, ("says", "right", "why"), where)
        if not _text(entry, "says", SAYS_WORDS, where):
            raise RsvizError(f"{where.capitalize()} has no says; it must have one.")
    right = [_flag(entry, "right", f"prediction {number}") for number, entry in enumerate(entries, 1)]
    if len(entries) != 3 or sum(right) != 1:
        raise RsvizError(
            f"The lesson has {len(entries)} predictions, {sum(right)} of them right; it must have 3, and 1 "
            "right."
        )
    return tuple(
        Prediction(_text(entry, "says", SAYS_WORDS), is_right, _text(entry, "why", WHY_WORDS))
        for entry, is_right in zip(entries, right, strict=True)
    )


def _step(entry: Mapping[str, Any], where: str) -> tuple[Step, Lesson | None]:
    """A step, and the lesson that it comes from."""
    _known(entry, ("link", "title", "words", "speaker", "controls", "asks"), where)
    page, query = _link(entry, where)
    try:
        own, lesson = _picture(page, query, _names(entry, "controls", PLANE_CONTROLS, where))
    except RsvizError as error:
        raise RsvizError(f"{where.capitalize()}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    given = {
        "title": _text(entry, "title", TITLE_WORDS, where),
        "words": _text(entry, "words", WORDS, where),
        "speaker": _text(entry, "speaker", None, where),
    }
    given = {name: text for name, text in given.items() if text}
    if "asks" in entry:
        given["asks"] = _flag(entry, "asks", where)
    return replace(own, **given), lesson


def _picture(page: str, query: str, controls: tuple[str, ...]) -> tuple[Step, Lesson | None]:
    """The step that a link makes, and the lesson that it is of."""
    if controls and page != "playground":
        raise RsvizError(f"controls are of the playground; the link is of {page}.")
    if page == "lesson":
        return _of_a_lesson(query)
    link = f"{page}?{query}" if query else page
    if page == "playground":
        title, _, _ = plane_of(query)
        return Step(title, "", Plane(query, controls), "", link), None
    return Step(page.capitalize(), "", Page(link), "", link), None


def _of_a_lesson(query: str) -> tuple[Step, Lesson]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := set(given) - {*IN_A_LESSON, *OF_THE_ROOM}:
        raise RsvizError(
            f"a link of a lesson has {short(min(unknown))}; it may have {', '.join(IN_A_LESSON)}."
        )
    lesson = list(LESSONS.values())[_place(given.get("n", ""), len(LESSONS), "n") - 1]
    step = lesson.steps[_place(given.get("step", "1"), len(lesson.steps), "step") - 1]
    if "show" in given:
        choice = getattr(step.picture, "choice", None)
        options = choice.options if choice else ()
        if given["show"] not in options:
            raise RsvizError(
                f"show is {short(given['show'])}; it must be one of: {', '.join(options) or 'none'}."
            )
        step = replace(step, picture=replace(step.picture, choice=replace(choice, first=given["show"])))
    return step, lesson


def _place(text: str, most: int, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most):
        raise RsvizError(f"{name} is {short(text)}; it must be a whole number from 1 to {most}.")
    return int(text)


def _link(entry, where) -> tuple[str, str]:
    """(page, query) of the link."""
    link = entry.get("link")
    allowed = "it must begin with / and a page, such as /lesson?n=4&step=2"
    if not isinstance(link, str) or len(link) > LONGEST_LINK or not link.isprintable():
        raise RsvizError(f"The link of {where} is {short(link)}; {allowed}.")
    try:
        parts = urlsplit(link)
    except ValueError:
        raise RsvizError(f"The link of {where} is {short(link)}; {allowed}.") from None
    if parts.scheme or parts.netloc or not link.startswith("/") or "\\" in link:
        raise RsvizError(f"The link of {where} is {short(link)}; {allowed}, without a host.")
    page, pages = parts.path.strip("/"), ("playground", "lesson", *PAGES)
    if page not in pages:
        raise RsvizError(f"The page of {where} is {short(page)}; it must be one of: {', '.join(pages)}.")
    return page, parts.query


def _known(entry, names, where):
    if unknown := set(entry) - set(names):
        raise RsvizError(f"{short(min(unknown))} is no entry of {where}; it may have {', '.join(names)}.")


def _entries(found, name) -> list[dict]:
    entries = found.get(name, [])
    if not (isinstance(entries, list) and all(isinstance(one, dict) for one in entries)):
        raise RsvizError(f"{name} is {short(entries)}; each of them begins with a line [[{name}]].")
    return entries


def _flag(entry, name, where) -> bool:
    value = entry.get(name, False)
    if not isinstance(value, bool):
        raise RsvizError(f"{name} of {where} is {short(value)}; it must be true or false.")
    return value


def _text(entry, name, most: int | None, where: str = "the lesson") -> str:
    """A text of at most so many words; None: of LONGEST_SPEECH characters."""
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise RsvizError(f"{name} of {where} is {short(value)}; it must be a text in quotes.")
    words = value.split()
    if most is None and len(value) > LONGEST_SPEECH:
        raise RsvizError(f"{name} of {where} has {len(value):,} characters; it may have {LONGEST_SPEECH:,}.")
    if most is not None and len(words) > most:
        raise RsvizError(f"{name} of {where} has {len(words)} words; it may have {most}.")
    if most is not None and (long := max(map(len, words), default=0)) > LONGEST_WORD:
        raise RsvizError(f"A word in {name} of {where} has {long} letters; it may have {LONGEST_WORD}.")
    return " ".join(words)


def _names(entry, name, allowed, where) -> tuple[str, ...]:
    values = entry.get(name, [])
    if not (isinstance(values, list) and all(isinstance(one, str) and one in allowed for one in values)):
        raise RsvizError(f"{name} of {where} is {short(values)}; it must be a list of: {', '.join(allowed)}.")
    return tuple(dict.fromkeys(values))
