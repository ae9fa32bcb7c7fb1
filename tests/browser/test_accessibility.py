"""Every word can be read in both themes (a contrast of at least 4.5 to 1), and the keyboard starts a job."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from rsviz.tasks import TASKS
from rsviz.ui.shell import PAGES
from tests.browser.steps import SLOW, drawn

TOO_PALE = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(shared, browser, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page, pale = context.new_page(), {}
    for known in PAGES:
        page.goto(f"{shared}/{known.key}")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
        drawn(page)
        if found := page.evaluate(TOO_PALE):
            pale[known.key] = found
    context.close()
    assert not pale


@pytest.mark.parametrize("width", [1280, 390])
def test_the_keyboard_reaches_the_main_button_soon(shared, browser, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    for key in TASKS.keys() & {known.key for known in PAGES}:
        page.goto(f"{shared}/{key}")
        expect(page.locator(".st-key-settings button").first).to_be_enabled(timeout=SLOW)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # Streamlit's own "Skip to main content"
        for _ in range(6):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('.st-key-settings') !== null"):
                break
        expect(page.locator(".st-key-settings button").first).to_be_focused()
    context.close()
