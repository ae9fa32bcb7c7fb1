"""The Population page in real Chromium: read, run, reload, cancel, and attacks beside a paper's."""

import re

from playwright.sync_api import expect

from tests.browser.steps import SLOW, chart_is_drawn, no_exception, open_home, saved, start

CHART = re.compile("Certificate of the mean loss")
BUTTON = "Certify the population"


def open_population(page, server, query=""):
    page.goto(f"{server}/population{query}")
    expect(page.get_by_role("button", name=BUTTON, exact=True)).to_be_enabled(timeout=SLOW)
    if not query:
        chart_is_drawn(page, CHART)


def test_the_page_stands_on_its_own_with_finished_curves(page, shared):
    open_population(page, shared)
    expect(page.get_by_role("heading", name=re.compile("found, not proved"))).to_be_visible()
    page.get_by_text("What K and r do").click()
    effort = page.get_by_label(re.compile("Surrogate reached"))
    expect(effort.locator("canvas, svg").first).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_population_is_certified_survives_a_reload_and_goes_home(page, shared):
    query = "?p_checkpoints=digits-nal-0.25&p_scales=0.25&p_images=12&p_count=2&p_loss=error&p_high=8"
    open_population(page, shared, query)
    start(page, BUTTON)
    expect(page.get_by_text(re.compile("σ = 0.25, 12 images"))).to_be_visible(timeout=SLOW)
    page.reload()
    expect(page.get_by_text(re.compile("σ = 0.25, 12 images"))).to_be_visible(timeout=SLOW)
    open_home(page)
    command = page.get_by_test_id("stCode").filter(has_text="--loss error")
    expect(command).to_be_visible(timeout=SLOW)
    assert "certificate" in saved(page, "Curves, CSV").read_text().partition("\n")[0]
    no_exception(page)


def test_a_long_run_is_cancelled_and_the_page_goes_on(page, shared):
    open_population(page, shared, "?p_images=400&p_K=50")
    page.get_by_role("button", name=BUTTON, exact=True).click()
    expect(page.get_by_text(re.compile("digits-.*, scale 0", re.IGNORECASE)).first).to_be_visible(
        timeout=SLOW
    )
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("Cancelled: the curves that were finished are below.")).to_be_visible(
        timeout=SLOW
    )
    expect(page.get_by_role("button", name=BUTTON, exact=True)).to_be_enabled()
    no_exception(page)


def test_attacks_stand_beside_those_of_the_paper(page, shared):
    open_population(page, shared, "?c_papers=6,7")  # opens the section, as it is in the link
    expect(page.get_by_text(re.compile("published: NAL.*Table 4")).first).to_be_visible(timeout=SLOW)
    chart = page.get_by_label(re.compile("Right answers against attack size"))
    expect(chart.locator("canvas, svg").first).to_be_visible(timeout=SLOW)
    no_exception(page)
