"""Every word can be read in both themes (a contrast of at least 4.5 to 1), and the keyboard starts a job."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from rsviz.tasks import TASKS
from rsviz.ui.shell import PAGES
from tests.browser.steps import SLOW, drawn

TOO_PALE = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
CONTAINERS = "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
DRAWING = "svg:not(.of-the-other-theme), canvas:not(.of-the-other-theme)"
CHARTS_ARE_DRAWN = f"""!document.querySelector('.of-the-other-theme') &&
  {CONTAINERS}.every(it => it.querySelector('{DRAWING}'))"""
MARK = """document.querySelectorAll('.vega-embed :is(svg, canvas)').forEach(
  it => it.classList.add('of-the-other-theme'))"""
IS_DARK = "getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'"


@pytest.mark.parametrize("key", [known.key for known in PAGES])
def test_every_word_can_be_read_and_the_keyboard_reaches_the_main_button_soon(shared, page, key):
    page.goto(f"{shared}/{key}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    if key in TASKS:  # first, as measuring scrolls, and Tab goes on from there
        press_tab_to_the_main_button(page)
        page.evaluate("document.activeElement.blur()")
    drawn(page)
    page.wait_for_function(CHARTS_ARE_DRAWN, timeout=SLOW)
    light = page.evaluate(TOO_PALE)
    switch_to_dark(page)
    assert {"light": light, "dark": page.evaluate(TOO_PALE)} == {"light": [], "dark": []}


@pytest.mark.parametrize("key", [known.key for known in PAGES if known.key in TASKS])
def test_on_a_phone_the_keyboard_reaches_the_main_button_soon(shared, page, key):
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{shared}/{key}")
    press_tab_to_the_main_button(page)


def switch_to_dark(page):
    """As when the system's theme changes: Streamlit draws every chart anew."""
    page.evaluate(MARK)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(IS_DARK, timeout=SLOW)
    page.wait_for_function(CHARTS_ARE_DRAWN, timeout=SLOW)
    drawn(page)


def press_tab_to_the_main_button(page):
    button = page.locator(".st-key-settings button").first
    expect(button).to_be_enabled(timeout=SLOW)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Streamlit's own "Skip to main content"
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.st-key-settings') !== null"):
            break
    expect(button).to_be_focused()
