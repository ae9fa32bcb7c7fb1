"""A lesson on paper: a page for each step with its picture, its words and the answer, as PDF or PNG."""

import io
import textwrap
from collections.abc import Iterator

from rsviz.data.images import data_uri
from rsviz.figures import theme
from rsviz.figures.plane import plane_chart
from rsviz.figures.sheet import chart_png
from rsviz.lessons.charts import Axes
from rsviz.lessons.planes import plane_of
from rsviz.lessons.records import FRAMES, Chart, Frame, Lesson, Plane, Step
from rsviz.lessons.table import number_of

WIDE = FRAMES[0]
PAGE = Frame("page", 1280, 905, 22)
"""A sheet of A4 in landscape."""
LEFT, TOP, PICTURE = 40, 125, 510
"""Pixels: the margin, where the picture begins, and its height."""
FINE, COLUMNS = 2, 2
"""Pixels of the PDF for a pixel of PAGE; pages beside each other in the PNG."""
LETTER = 0.5
"""Mean width of a letter, in its size."""


def pdf(lesson: Lesson, base: str = "") -> bytes:
    """A page for each step. base: what stands before links, such as "http://localhost:8501"."""
    first, *others = (_image(page) for page in _pages(lesson, base, FINE))
    file = io.BytesIO()
    dots = FINE * PAGE.width / 11.69  # per inch of A4
    first.save(
        file, "PDF", save_all=True, append_images=others, resolution=dots, quality=92, title=lesson.title
    )
    return file.getvalue()


def png(lesson: Lesson, base: str = "") -> bytes:
    """All steps on one sheet, COLUMNS in a row. base: as for `pdf`."""
    from PIL import Image

    pages = [_image(page) for page in _pages(lesson, base, 1)]
    width, height = pages[0].size
    rows = -(-len(pages) // COLUMNS)
    sheet = Image.new("RGB", (width * min(COLUMNS, len(pages)), height * rows), "white")
    for at, page in enumerate(pages):
        sheet.paste(page, (at % COLUMNS * width, at // COLUMNS * height))
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def picture_png(step: Step, scale: float = FINE) -> bytes | None:
    """The picture of a step on white; None for a page of the app."""
    if isinstance(step.picture, Chart):
        choice = step.picture.choice
        return chart_png(
            step.picture.draw(choice.first if choice else "", WIDE) | {"background": "white"}, scale
        )
    if isinstance(step.picture, Plane):
        _, g, settings = plane_of(step.picture.query)
        return chart_png(plane_chart(g, settings) | {"background": "white"}, scale)
    return None


def _pages(lesson, base, scale) -> Iterator[bytes]:
    for number, step in enumerate(lesson.steps, 1):
        yield chart_png(_page(lesson, step, number, base, picture_png(step)), scale)


def _page(lesson: Lesson, step: Step, number: int, base: str, picture: bytes | None) -> dict:
    axes, at = Axes.blank(PAGE), [TOP + PICTURE + 36]
    place = f"{lesson.title}, {number} of {len(lesson.steps)}"
    layers = [
        axes.words(LEFT, 36, place, theme.QUIET),
        axes.words(LEFT, 86, step.title, size=40, fontWeight="bold"),
    ]
    if picture is None:
        link = f"{base}/{step.picture.query}"
        layers.append(axes.words(LEFT, TOP + PICTURE / 2, f"This step shows the page {link}", size=30))
    else:
        layers.append(_placed(axes, picture))

    def write(text, size, **mark):
        for line in textwrap.wrap(text, int((PAGE.width - 2 * LEFT) / (LETTER * size))):
            layers.append(axes.words(LEFT, at[0], line, size=size, **mark))
            at[0] += 1.35 * size

    if step.asks:
        write(lesson.question, 26, fontWeight="bold")
        for letter, one in zip("ABC", lesson.predictions, strict=False):
            write(f"{letter}: {one.says}. {one.why}", 20, **({"fontWeight": "bold"} if one.right else {}))
        right = "ABC"[[one.right for one in lesson.predictions].index(True)]
        write(f"The answer is {right}.", 20)
    else:
        write(step.words, 26, fontWeight="bold")
        at[0] += 6
        write(step.speaker, 20)
    links = [_link(lesson, number), f"/{step.link}" if step.link else ""]
    text = "  ·  ".join(base + link for link in links if link)
    layers.append(axes.words(LEFT, PAGE.height - 24, text, theme.LEAD, size=18))
    return axes.chart(*layers) | {"background": "white", "padding": 0}


def _link(lesson, number) -> str:
    shipped = number_of(lesson)
    return f"/lesson?n={shipped}&step={number}" if shipped else ""


def _placed(axes: Axes, picture: bytes) -> dict:
    """The picture in the middle, as large as there is room."""
    width, height = _image(picture).size
    factor = min((PAGE.width - 2 * LEFT) / width, PICTURE / height)
    row = {"x": PAGE.width / 2, "y": TOP + PICTURE / 2, "url": data_uri(picture)}
    mark = {"type": "image", "width": width * factor, "height": height * factor}
    return axes.layer(mark, [row], url={"field": "url"})


def _image(content: bytes):
    from PIL import Image

    return Image.open(io.BytesIO(content)).convert("RGB")
