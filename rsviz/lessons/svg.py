"""Charts of lessons as SVG inside a page: without a ground, in the ink of the theme."""

import functools
import re
import threading

from rsviz.figures.sheet import chart_svg
from rsviz.lessons.charts import INK
from rsviz.lessons.records import Chart, Frame

_drawing = threading.Lock()


def inline_svg(chart: Chart, option: str, frame: Frame) -> str:
    """The chart as an <svg> element that takes the width of its place, and its ink from the page."""
    with _drawing:  # two hundred browsers that open at once wait for one drawing, and then share it
        return _svg(chart, option, frame)


@functools.lru_cache(maxsize=2_000)
def _svg(chart, option, frame):
    text = chart_svg(chart.draw(option, frame))
    text = re.sub(re.escape(INK), "currentColor", text, flags=re.IGNORECASE)
    # the page names the whole picture, and has a font of its own
    text = re.sub(r' (?:aria-[a-z]+|role|pointer-events|font-family)="[^"]*"', "", text)
    return re.sub(r' (?:d|transform)="[^"]*"', lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]), text)
