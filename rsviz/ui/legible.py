"""Styles that make words legible in both themes: Streamlit sets `color-scheme`, which light-dark() reads."""

import functools

from rsviz.figures.contrast import word_colours

# White words on the bright primary colour of the dark theme could not be read.
ON_PRIMARY = """[data-testid="stBaseButton-primary"]:not(:disabled),
[data-testid="stMultiSelectTagsContainer"] span {color: light-dark(#FFFFFF, #101010)}
"""
# Words along the axes, of legends and titles: Vega's greys are too pale.
AXES = """.vega-embed :is([class*="role-axis"], [class*="role-legend"], [class*="role-title"]) text {
  fill: light-dark(#4A4F57, #C3C7CE)}
"""


@functools.cache
def legible_words() -> str:
    """A <style> element. Words in a chart keep the hue of what they name, darker or lighter by the theme."""
    rules = [
        f'.vega-embed text[fill="{colour}" i] {{fill: light-dark({light}, {dark})}}'
        for colour, (light, dark) in word_colours().items()
    ]
    return f"<style>{ON_PRIMARY}{AXES}{' '.join(rules)}</style>"
