"""Every word of every page can be read in both themes: contrast of at least 4.5 to 1, seen in the browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from rsviz.ui.shell import PAGES
from tests.browser.steps import SLOW

TOO_PALE = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(shared, browser, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page, pale = context.new_page(), {}
    for known in PAGES:
        page.goto(f"{shared}/{known.key}")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=SLOW)
        if found := page.evaluate(TOO_PALE):
            pale[known.key] = found
    context.close()
    assert not pale
