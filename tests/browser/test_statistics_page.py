"""The Statistics page in real Chromium: the finished experiment, sliders, links, a phone, the table."""

import re

import numpy as np
from playwright.sync_api import expect

from tests.browser.steps import CHART, SLOW, no_exception, open_home, saved


def open_statistics(page, server, query=""):
    page.goto(f"{server}/statistics{query}")
    expect(page.get_by_role("heading", name="How sure, after n votes?")).to_be_visible(timeout=SLOW)
    expect(page.locator(CHART).first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Take it home")).to_be_visible(timeout=SLOW)


def test_a_fresh_server_draws_the_finished_experiment_at_the_pages_own_address(page, server):
    open_statistics(page, server)
    expect(page.get_by_text("shown a false Clopper-Pearson limit")).to_be_visible(timeout=SLOW)
    page.get_by_text("Certificates", exact=True).click()
    expect(page).to_have_url(re.compile("s_view=certificates"), timeout=SLOW)
    for number in range(2):
        chart = page.locator(CHART).nth(number)
        expect(chart).to_be_visible(timeout=SLOW)
        assert chart.bounding_box()["height"] > 150
    expect(page.get_by_text("The true radius is 1.784 σ")).to_be_visible(timeout=SLOW)
    assert page.title() == "Statistics"
    no_exception(page)


def test_a_slider_redraws_and_goes_into_the_link(page, shared):
    open_statistics(page, shared, "?s_view=certificates")
    page.get_by_role("slider", name="p_A, the top class").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"s_pa=0\.91"), timeout=SLOW)
    expect(page.get_by_text("The true radius is 1.834 σ")).to_be_visible(timeout=SLOW)
    link = page.url
    page.reload()
    expect(page.get_by_text("The true radius is 1.834 σ")).to_be_visible(timeout=SLOW)
    assert page.url == link
    no_exception(page)


def test_draw_again_shows_other_votes(page, shared):
    open_statistics(page, shared)
    page.get_by_role("button", name="Draw again").click()
    expect(page).to_have_url(re.compile("s_seed=1"), timeout=SLOW)
    no_exception(page)


def test_an_example_opens_its_view(page, shared):
    open_statistics(page, shared)
    page.get_by_text("Examples").click()
    page.get_by_role("button", name="A watcher with patience").click()
    expect(page.get_by_text("19.7 α")).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile("s_view=peeking"), timeout=SLOW)
    no_exception(page)


def test_the_table_of_the_experiment_can_be_saved(page, shared):
    open_statistics(page, shared, "?s_view=certificates")
    open_home(page)
    table = np.genfromtxt(saved(page, "CSV"), delimiter=",", names=True, dtype=None, encoding="utf-8")
    keys = table["procedure"].tolist()
    assert keys[:2] == ["cohen", "split"]
    assert dict(zip(keys, table["proved"].tolist(), strict=True))["tcertify"] in (False, "False")
    assert (table["radius"] < table["true_radius"]).all()


def test_typed_votes_that_are_none_get_one_sentence(page, shared):
    open_statistics(page, shared, "?s_from=votes")
    votes = page.get_by_label("Votes per class, taken as the true shares")
    votes.fill("many")
    votes.press("Enter")
    expect(page.get_by_text("they must be 2 to 1000 whole numbers")).to_be_visible(timeout=SLOW)
    no_exception(page)
