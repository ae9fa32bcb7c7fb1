"""The Bounds and Papers pages in real Chromium: what is drawn, clicked, linked and saved."""

import re

import numpy as np
from playwright.sync_api import expect

from rsviz.bounds import BOUNDS
from tests.browser.steps import CHART, SLOW, no_exception, open_home, saved


def open_bounds(page, server, query=""):
    page.goto(f"{server}/bounds{query}")
    expect(page.get_by_role("heading", name="Every bound, side by side")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", name="Why D_MR is not a certificate")).to_be_visible(timeout=SLOW)


def map_of(page, key):
    chart = page.locator(f".st-key-bounds-map-{key}").locator(CHART).first
    expect(chart).to_be_visible(timeout=SLOW)
    return chart


def test_a_fresh_server_draws_the_finished_picture_at_the_pages_own_address(page, server):
    open_bounds(page, server)
    for key in ("cohen-l2", "li-l2", "pixeldp-l2"):
        map_of(page, key)
    assert page.title() == "Bounds"
    expect(page.get_by_role("link", name=re.compile("Lessons"))).to_be_visible()
    no_exception(page)


def test_a_click_on_a_square_lists_every_bound_there_and_goes_into_the_link(page, shared):
    open_bounds(page, shared)
    box = map_of(page, "li-l2").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.3)
    expect(page).to_have_url(re.compile("b_pa="), timeout=SLOW)
    p_a, p_b = (float(re.search(rf"{key}=([\d.]+)", page.url).group(1)) for key in ("b_pa", "b_pb"))
    assert 0.3 < p_a < 0.8
    assert 0.05 < p_b < 0.45
    radius = float(BOUNDS["uniform-l1"].radius(p_a, p_b, scale=0.5))
    shown = f"{np.floor(radius * 10000) / 10000:.4g}"
    expect(page.get_by_text(f"Uniform, tight {shown}")).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_preset_survives_a_reload_and_the_link_opens_elsewhere(page, shared):
    open_bounds(page, shared)
    page.get_by_text("Pictures of the papers").click()
    page.get_by_role("button", name="What Teng et al. leave on the table").click()
    expect(page).to_have_url(re.compile("b_over=laplace-l1"), timeout=SLOW)
    map_of(page, "ratio")
    link = page.url
    page.reload()
    map_of(page, "ratio")
    assert page.url == link
    other = page.context.new_page()
    other.goto(link)
    map_of(other, "ratio")
    expect(other.get_by_text("Laplace, tight / Teng et al.: largest ratio").first).to_be_visible(timeout=SLOW)
    no_exception(other)


def test_the_back_button_brings_the_last_picture_back(page, shared):
    open_bounds(page, shared, "?b_view=slice")
    page.goto(f"{shared}/bounds?b_view=ratio")
    map_of(page, "ratio")
    page.go_back()
    expect(page.get_by_role("slider", name="Share of p_B in the rest")).to_be_visible(timeout=SLOW)


def test_the_scale_slider_redraws_and_goes_into_the_link(page, shared):
    open_bounds(page, shared, "?b_view=slice")
    page.get_by_role("slider", name=re.compile("Scale")).press("ArrowRight")
    expect(page).to_have_url(re.compile(r"b_scale=0\.55"), timeout=SLOW)
    expect(page.locator(CHART).first).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_the_table_of_the_picture_can_be_saved(page, shared):
    open_bounds(page, shared)
    open_home(page)
    table = np.genfromtxt(saved(page, "CSV"), delimiter=",", names=True, deletechars="")
    assert table.dtype.names == ("p_a", "p_b", "cohen-l2", "li-l2", "pixeldp-l2")
    exact = BOUNDS["li-l2"].radius(table["p_a"], table["p_b"], scale=0.5)
    np.testing.assert_allclose(table["li-l2"], exact, rtol=1e-12)


def test_no_traceback_whatever_stands_in_the_url(page, shared):
    open_bounds(page, shared, "?b_view=%00&b_scale=1e999&b_pa=nan&b_pb=-1&b_dim=9e99&b_bounds=../x&b_n=0")
    no_exception(page)
    page.goto(f"{shared}/bounds?b_pa=0.9&b_pb=0.9")
    expect(page.get_by_text("p_a + p_b must not exceed 1")).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_claim_of_the_papers_leads_to_its_picture(page, shared):
    page.goto(f"{shared}/papers?row=unified-corollary-11")
    page.get_by_role("link", name="Bounds, ratio and counter-example").click(timeout=SLOW)
    map_of(page, "ratio")
    expect(page).to_have_url(re.compile("b_over=dmr-l2"))
    expect(page.get_by_text("not a certificate").first).to_be_visible(timeout=SLOW)
    no_exception(page)
