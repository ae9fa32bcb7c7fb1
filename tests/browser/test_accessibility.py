"""Every page, in both themes and on a phone: what one sees first, reads, hears, and reaches by the keyboard.

At 1280 x 720 the first screen shows the picture, its legend and the main control. Words have a contrast of
at least 4.5 to 1, those in pictures at least 14 pixels. axe-core finds nothing serious. On a phone nothing is
wider than the screen. A page is loaded once; theme and size of the window change in place.
"""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rsviz.tasks import TASKS
from rsviz.ui.bounds.controls import VIEWS as BOUNDS_VIEWS
from rsviz.ui.noise.view import VIEWS as NOISE_VIEWS
from rsviz.ui.shell import PAGES
from rsviz.ui.statistics.controls import VIEWS as STATISTICS_VIEWS
from tests.browser.first_screens import FIRST_SCREENS, NOT_YET
from tests.browser.steps import SLOW, drawn, no_exception

HERE = Path(__file__).parent
TOO_PALE, ILLEGIBLE = (HERE.joinpath(name).read_text("utf-8") for name in ("contrast.js", "legible.js"))
KEEP_DRAWN_WORDS = HERE / "drawn_words.js"
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
FINDINGS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(found => ["serious", "critical"].includes(found.impact))
  .map(found => `${found.id}: ${found.nodes.map(node => node.html.slice(0, 200))}`)"""
CONTAINERS = "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
DRAWING = "svg:not(.of-the-other-theme), canvas:not(.of-the-other-theme)"
CHARTS_ARE_DRAWN = f"""!document.querySelector('.of-the-other-theme') &&
  {CONTAINERS}.every(it => it.querySelector('{DRAWING}')) &&
  [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(it => it.querySelector('canvas'))"""
MARK = """document.querySelectorAll('.vega-embed :is(svg, canvas)').forEach(
  it => it.classList.add('of-the-other-theme'))"""
IS_DARK = "getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'"
TO_THE_TOP = """{
  const first = document.body.insertAdjacentElement("afterbegin", document.createElement("button"));
  first.focus();
  first.remove();
}"""
"""Tab goes on from the top of the page."""
WIDE = "Math.max(document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth)"
VIEWS = {
    "bounds": ("b_view", BOUNDS_VIEWS),
    "noise": ("n_view", {key: view.title for key, view in NOISE_VIEWS.items()}),
    "statistics": ("s_view", STATISTICS_VIEWS),
}
"""By page: the control of its views, and their titles by key. The first one is drawn at first."""
HALL, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}


@pytest.mark.parametrize("key", [known.key for known in PAGES])
def test_a_page_is_seen_read_heard_and_reached_by_everybody(shared, page, key):
    page.set_viewport_size(HALL)
    page.add_init_script(path=KEEP_DRAWN_WORDS)
    page.goto(f"{shared}/{key}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    charts_are_drawn(page)
    for selector in FIRST_SCREENS[key] if key not in NOT_YET else ():
        expect(page.locator(selector).first).to_be_visible(timeout=SLOW)
    below = below_the_first_screen(page, FIRST_SCREENS[key])
    assert bool(below) == (key in NOT_YET), below
    if key in TASKS:  # before the contrast is measured, which scrolls
        press_tab_to_the_main_button(page)
    home = page.get_by_test_id("stExpander").filter(has_text="Take it home").locator("summary")
    if home.count():  # with lines of code, which are coloured and scrolled
        home.first.click()
        expect(page.get_by_test_id("stCode").first).to_be_visible(timeout=SLOW)
        charts_are_drawn(page)
    page.evaluate(AXE)
    found = {"light": findings(page)}
    switch_to_dark(page)
    found["dark"] = findings(page)
    page.set_viewport_size(PHONE)
    charts_are_drawn(page)
    if key in TASKS:
        press_tab_to_the_main_button(page)
    found["phone"] = badly_drawn(page)
    control, views = VIEWS.get(key, ("", {}))
    for view, title in list(views.items())[1:]:
        page.locator(f".st-key-{control}").get_by_text(title, exact=True).click()
        page.wait_for_url(re.compile(f"{control}={view}"), timeout=SLOW)
        charts_are_drawn(page)
        found[view] = badly_drawn(page)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
    no_exception(page)


def badly_drawn(page) -> list[str]:
    """All that is illegible, or wider than the screen."""
    width = page.evaluate(WIDE)
    return page.evaluate(ILLEGIBLE) + [f"{width} pixels wide"] * (width > page.viewport_size["width"])


def findings(page) -> list[str]:
    """All that is wrong with the page as it is."""
    return page.evaluate(FINDINGS) + badly_drawn(page) + page.evaluate(TOO_PALE)


def below_the_first_screen(page, selectors) -> list[str]:
    """The selectors of which something is not wholly inside the window, or not there."""
    inside = """elements => elements.length > 0 && elements.every(element => {
      const { top, bottom, height } = element.getBoundingClientRect();
      return top >= 0 && height > 0 && bottom <= innerHeight;
    })"""
    return [selector for selector in selectors if not page.locator(selector).evaluate_all(inside)]


def charts_are_drawn(page):
    drawn(page)
    page.wait_for_function(CHARTS_ARE_DRAWN, timeout=SLOW)


def switch_to_dark(page):
    """As when the system's theme changes: Streamlit draws every chart anew."""
    page.evaluate(MARK)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(IS_DARK, timeout=SLOW)
    charts_are_drawn(page)


def press_tab_to_the_main_button(page):
    button = page.locator(".st-key-settings button").first
    expect(button).to_be_enabled(timeout=SLOW)
    page.evaluate(TO_THE_TOP)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Streamlit's own "Skip to main content"
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.st-key-settings') !== null"):
            break
    expect(button).to_be_focused()
    page.evaluate("document.activeElement.blur()")
