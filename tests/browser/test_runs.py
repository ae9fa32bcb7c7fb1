"""Runs in real Chromium: found again after a kill of the server, listed, cancelled, forgotten."""

import re

from playwright.sync_api import expect

from tests.browser.steps import SLOW, no_exception, start

PHONE = {"width": 390, "height": 800}


def open_drawer(page):
    page.get_by_role("button", name="Runs", exact=True).click()
    drawer = page.locator(".st-key-runs-list")
    expect(drawer.get_by_text("Use them in another browser")).to_be_visible(timeout=SLOW)
    return drawer


def run_in(drawer, title):
    return drawer.locator("[class*='st-key-run-']").filter(has_text=title).first


def test_a_run_outlives_the_server_and_makes_room_for_another(page, start_server):
    server = start_server(RSVIZ_JOBS_PER_SESSION="1")
    page.goto(f"{server}/train?epochs=1000")
    start(page, "Train")
    live = page.locator("#rsviz-live")
    expect(live).to_have_text(re.compile(r"^Train a network: running, \d?0 %$"), timeout=SLOW)
    assert live.get_attribute("aria-live") == "polite"
    server.restart()
    page.goto(f"{server}/bounds")
    expect(page.locator(".st-key-runs").get_by_text("1", exact=True)).to_be_visible(timeout=SLOW)
    expect(run_in(open_drawer(page), "Train a network")).to_contain_text(
        re.compile("running.*epoch", re.S), timeout=SLOW
    )
    page.keyboard.press("Escape")

    page.goto(f"{server}/certify?checkpoint=digits-gaussian-0.25&n=1000")
    page.get_by_role("button", name="Certify", exact=True).click()
    expect(page.get_by_text("You have 1 unfinished jobs and 1 are allowed")).to_be_visible(timeout=SLOW)
    full = page.locator(".st-key-full-certify")
    expect(full).to_contain_text("Train a network")
    full.get_by_role("button", name="Cancel").click()
    expect(full).to_be_hidden(timeout=SLOW)
    start(page, "Certify")

    drawer = open_drawer(page)
    trained = run_in(drawer, "Train a network")
    expect(trained).to_contain_text("cancelled", timeout=SLOW)
    expect(run_in(drawer, "Certify an image")).to_contain_text(re.compile("radius ≥"), timeout=SLOW)
    trained.get_by_role("button", name="Forget").click()
    run_in(drawer, "Train a network").get_by_role("button", name="Forget it").click()
    expect(drawer.get_by_text("Train a network")).to_have_count(0, timeout=SLOW)
    no_exception(page)

    page.set_viewport_size(PHONE)  # the menu of a phone: rows for a thumb, and it closes after a choice
    page.goto(f"{server}/noise")
    page.get_by_role("button", name="Expand sidebar").click()
    rows = page.get_by_test_id("stSidebarNavLink")
    expect(rows.first).to_be_visible(timeout=SLOW)
    assert min(row.bounding_box()["height"] for row in rows.all()) >= 44
    rows.filter(has_text="Papers").click()
    expect(page).to_have_url(re.compile("/papers"), timeout=SLOW)
    expect(rows.first).not_to_be_in_viewport(timeout=SLOW)
    open_drawer(page)
    box = page.get_by_test_id("stPopoverBody").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_the_owner_of_a_browser_is_in_a_cookie_of_the_first_page(page, shared):
    """No other browser can take it, and a second page of the same browser has the same owner."""
    page.goto(f"{shared}/papers")
    mark = page.locator(".st-key-runs-list").get_by_text(re.compile("^Owner"))
    open_drawer(page)
    said = mark.inner_text()
    (cookie,) = [one for one in page.context.cookies() if one["name"].startswith("rsviz-owner-")]
    assert (cookie["sameSite"], cookie["path"]) == ("Lax", "/")
    page.reload()
    open_drawer(page)
    assert mark.inner_text() == said
    owner, _, signature = cookie["value"].partition(".")
    page.context.add_cookies([cookie | {"value": f"{owner}.{'0' * len(signature)}"}])
    page.reload()
    open_drawer(page)
    assert mark.inner_text() != said
