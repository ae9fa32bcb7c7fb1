"""python -m rsviz lessons: list, show, handout."""

from pathlib import Path

import click

from rsviz.cli import print_json
from rsviz.errors import RsvizError, short
from rsviz.files import write_atomically
from rsviz.lessons import LESSONS, Chart, Lesson, Plane
from rsviz.lessons.table import number_of

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
own_option = click.option(
    "--own", type=click.Path(dir_okay=False, path_type=Path), help="A lesson of one's own: a TOML file."
)


@click.group()
def command():
    """The lessons: what they say, and hand-outs."""


@command.command("list")
@as_json
def list_lessons(as_json):
    """Every lesson: number, key, title, question."""
    if as_json:
        print_json({"lessons": [_record(lesson) for lesson in LESSONS.values()]})
        return
    for number, lesson in enumerate(LESSONS.values(), 1):
        click.echo(f"{number} {lesson.key:12}{lesson.title:28}{lesson.question}")


@command.command("show")
@click.argument("key", required=False)
@own_option
@as_json
def show(key, own, as_json):
    """What a lesson says: steps, question, answer, words for the speaker. KEY: its key or number."""
    lesson = _lesson(key, own)
    if as_json:
        print_json(_record(lesson) | {"steps": [_step(step) for step in lesson.steps]})
        return
    click.echo(lesson.title)
    for number, step in enumerate(lesson.steps, 1):
        click.echo(f"\n{number}. {step.title}")
        if step.asks:
            click.echo(f"   {lesson.question}")
            for letter, one in zip("ABC", lesson.predictions, strict=True):
                click.echo(f"   {letter} {'(right) ' if one.right else ''}{one.says}: {one.why}")
        for text in (step.words, step.speaker):
            if text:
                click.echo(f"   {text}")


@command.command("handout")
@click.argument("key", required=False)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.pdf or FILE.png."
)
@click.option("--base", default="", help="What stands before links, such as http://localhost:8501.")
@own_option
@as_json
def handout(key, out, base, own, as_json):
    """A lesson on paper: a page for each step. KEY: its key or number."""
    if out.suffix not in (".pdf", ".png"):
        raise RsvizError(f"--out is {out}; its name must end in .pdf or .png.")
    lesson = _lesson(key, own)
    from rsviz.lessons import handout as paper

    content = (paper.pdf if out.suffix == ".pdf" else paper.png)(lesson, base)
    try:
        write_atomically(out, content)
    except OSError as error:
        raise RsvizError(f"--out is {out}; it cannot be written: {error.strerror}.") from None
    if as_json:
        print_json({"out": str(out), "lesson": lesson.key, "pages": len(lesson.steps)})
    else:
        click.echo(f"{len(lesson.steps)} pages in {out}", err=True)


def _lesson(key, own) -> Lesson:
    if (key is None) == (own is None):
        raise RsvizError("KEY and --own are both given or both missing; name one lesson.")
    if own is not None:
        from rsviz.lessons.own import read_own

        try:
            return read_own(own.read_text("utf-8-sig"))
        except OSError as error:
            raise RsvizError(f"--own is {own}; it cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise RsvizError(f"--own is {own}; it is no text in UTF-8.") from None
    numbers = {str(number): name for number, name in enumerate(LESSONS, 1)}
    name = numbers.get(key, key)
    if name not in LESSONS:
        raise RsvizError(
            f"KEY is {short(key)}; it must be 1 to {len(LESSONS)} or one of: {', '.join(LESSONS)}."
        )
    return LESSONS[name]


def _record(lesson) -> dict:
    return {
        "number": number_of(lesson),
        "key": lesson.key,
        "title": lesson.title,
        "question": lesson.question,
        "predictions": [vars(one) for one in lesson.predictions],
        "removes": list(lesson.removes),
    }


def _step(step) -> dict:
    picture = step.picture
    found = {"title": step.title, "words": step.words, "speaker": step.speaker, "asks": step.asks}
    if isinstance(picture, Chart):
        options = picture.choice.options if picture.choice else {"": ""}
        return found | {"pictures": {option: picture.alt(option) for option in options}, "link": step.link}
    kind = "playground" if isinstance(picture, Plane) else "page"
    return found | {kind: picture.query, "link": step.link}
