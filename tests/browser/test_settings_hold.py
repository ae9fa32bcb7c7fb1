"""A result beside other settings is the older one, a link gives the same request, and Back works at once."""

import json
import re
import sqlite3
from contextlib import closing

from playwright.sync_api import expect

from tests.browser.steps import SLOW, badge, no_exception, start


def request_of(server, page):
    """What the job in the URL was asked for."""
    job_id = re.search(r"job=([0-9a-f]+)", page.url)[1]
    with closing(sqlite3.connect(server.home / "jobs.sqlite")) as store:
        return json.loads(store.execute("select request from jobs where id = ?", (job_id,)).fetchone()[0])


def open_certify(page, url):
    page.goto(url)
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_enabled(timeout=SLOW)


def set_seed(page, value):
    field = page.locator(".st-key-seed input")
    if not field.is_visible():
        page.get_by_text("More settings").click()
    field.fill(value)
    field.press("Enter")


def test_certify_change_stale_undo_and_the_link_in_a_fresh_browser(page, shared, browser):
    open_certify(page, f"{shared}/certify?n=1000&sigma=0.3&seed=3")
    start(page, "Certify")
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    changed = page.get_by_text("Settings changed")
    expect(changed).to_have_count(0)

    set_seed(page, "4")
    expect(changed).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Seed 3 → 4")).to_be_visible()
    expect(badge(page, "with other settings")).to_be_visible()
    page.get_by_role("button", name="Back to its settings").click()
    expect(changed).to_have_count(0, timeout=SLOW)
    expect(badge(page, "with other settings")).to_have_count(0)
    expect(page.locator(".st-key-seed input")).to_have_value("3")

    context = browser.new_context()
    other = context.new_page()
    other.goto(page.url)
    expect(badge(other, "Certificate")).to_be_visible(timeout=SLOW)
    expect(other.get_by_text("Settings changed")).to_have_count(0)
    first = other.url
    other.get_by_role("button", name="Certify", exact=True).click()
    expect(other).not_to_have_url(first, timeout=SLOW)
    expect(other).to_have_url(re.compile("job="), timeout=SLOW)
    assert request_of(shared, other) == request_of(shared, page)
    assert request_of(shared, page)["scale"] == 0.3
    context.close()
    no_exception(page)


def test_a_press_before_the_controls_are_drawn_leaves_them_as_they_were_set(page, shared):
    kinds, held = ("Selectbox", "Slider", "NumberInput"), []
    page.route(re.compile(rf"/({'|'.join(kinds)})\.[\w-]+\.js"), lambda route: held.append(route))
    page.goto(f"{shared}/certify?n=1000&sigma=0.3&seed=3&checkpoint=mnist-cnn-gaussian-0.25&procedure=li")
    start(page, "Certify")
    first, request = page.url, request_of(shared, page)
    assert len(held) == len(kinds)
    for route in held:
        route.continue_()
    for kind in kinds:
        expect(page.locator(f".stApp .st{kind}").first).to_be_attached(timeout=SLOW)
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Certify", exact=True).click()
    expect(page).not_to_have_url(first, timeout=SLOW)
    assert request_of(shared, page) == request
    assert (request["checkpoint"], request["scale"], request["n"]) == ("mnist-cnn-gaussian-0.25", 0.3, 1000)


def test_back_leaves_an_older_link_at_once_and_a_bare_address_shows_the_defaults(page, shared):
    page.goto("about:blank")
    open_certify(page, f"{shared}/certify?sigma=0.3&n=10,000")
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("?sigma=0.3&n=10,000")
    page.go_back()
    assert page.url == "about:blank"
    open_certify(page, f"{shared}/certify")
    page.get_by_role("slider", name="Votes n").press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"/certify\?checkpoint=mnist-gaussian-0.70&n=1000$"), timeout=SLOW)
    page.go_back()
    slider = page.get_by_role("slider", name="Votes n")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("10,000"), timeout=SLOW)
    assert page.url.endswith("/certify")
