"""Styles that make words legible in both themes: Streamlit sets `color-scheme`, which light-dark() reads."""

import functools

import streamlit as st

from rsviz.figures.contrast import word_colours
from rsviz.figures.theme import BLUE, GREEN

# White words on the bright primary colour of the dark theme could not be read.
ON_PRIMARY = """[data-testid="stBaseButton-primary"]:not(:disabled),
[data-testid="stMultiSelectTagsContainer"] span {color: light-dark(#FFFFFF, #101010)}
"""
# Of words along axes, in legends and titles: Vega's own greys are too pale.
ON_LIGHT, ON_DARK = "#4A4F57", "#C3C7CE"
AXES = f""".vega-embed :is([class*="role-axis"], [class*="role-legend"], [class*="role-title"]) text {{
  fill: light-dark({ON_LIGHT}, {ON_DARK})}}
"""
# Of the highlighted words of code, by the names that Prism gives them
CODE = {
    BLUE: ".keyword, .parameter, .boolean, .function, .builtin, .class-name",
    GREEN: ".string, .number, .table-header, .comment, .operator",
}


@functools.cache
def legible_words() -> str:
    """A <style> element: words in charts, of code and on bright buttons."""
    rules = words_of_charts(".vega-embed")
    token = '[data-testid="stCode"] .token.token'
    rules.append(f"{token} {{color: light-dark({ON_LIGHT}, {ON_DARK})}}")
    json = '[data-testid="stJson"] :is(div, span)'  # coloured by styles of its own
    rules.append(f"{json} {{color: light-dark({ON_LIGHT}, {ON_DARK}) !important}}")
    for colour, kinds in CODE.items():
        light, dark = word_colours()[colour]
        rules.append(f"{token}:is({kinds}) {{color: light-dark({light}, {dark})}}")
    return f"<style>{ON_PRIMARY}{AXES}{' '.join(rules)}</style>"


def words_of_charts(place: str) -> list[str]:
    """Rules of CSS: words in a chart keep the hue of what they name, darker or lighter by the theme.

    place: selector of what holds the charts.
    """
    return [
        f'{place} text[fill="{colour}" i] {{fill: light-dark({light}, {dark})}}'
        for colour, (light, dark) in word_colours().items()
    ]


def legible_on_canvas(chart: dict) -> dict:
    """A chart drawn on a canvas, where no style reaches its words, in the colours of the theme."""
    ink = ON_DARK if st.context.theme.type == "dark" else ON_LIGHT
    words = {"labelColor": ink, "titleColor": ink}
    config = chart.get("config", {})
    return chart | {"config": config | {part: config.get(part, {}) | words for part in ("axis", "legend")}}
