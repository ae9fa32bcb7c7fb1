"""What several browser tests do and look for."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from rsviz.ui.shell import PAGES

SLOW = 90_000  # a loaded machine; what must be fast is measured in benchmarks/
CHART = ".vega-embed canvas, .vega-embed svg"


def start(page: Page, button: str) -> None:
    """Press the start button of a page, and wait until its job is in the URL."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page).to_have_url(re.compile("job="), timeout=SLOW)


def go_to(page: Page, key: str) -> None:
    """Choose a page in the navigation, where pages of a group are in a menu."""
    place = next(known for known in PAGES if known.key == key)
    if place.group:
        page.get_by_role("button", name=place.group, exact=True).click()
    role = "menuitem" if place.group else "link"
    page.get_by_role(role, name=place.title, exact=True).click()


def drawn(page: Page) -> None:
    """Wait until the run that draws the page has ended: until then a control may be drawn anew.

    The status at the top right is no sign of this: it appears only when a run has lasted half a second.
    """
    ended = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(ended).to_be_visible(timeout=SLOW)


def badge(page: Page, words: str) -> Locator:
    """The badge that says how a result is to be taken."""
    return page.locator(".st-key-state").get_by_text(words)


def no_exception(page: Page) -> None:
    assert page.get_by_test_id("stException").count() == 0


def chart_is_drawn(page: Page, label: str | re.Pattern) -> None:
    """The chart with this label is on the page, with ink."""
    chart = page.get_by_label(label).first
    expect(chart.locator("canvas, svg").first).to_be_visible(timeout=SLOW)


def open_home(page: Page) -> None:
    """Open the panel Take it home."""
    page.get_by_text("Take it home").click()


def saved(page: Page, button: str, to: Path | None = None) -> Path:
    """The file that a button downloads. to: a folder to keep it in under its own name."""
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name=button, exact=True).first.click()
    if to is None:
        return download.value.path()
    path = to / download.value.suggested_filename
    download.value.save_as(path)
    return path
