"""The Papers page in real Chromium: one screen, rows by mouse and keys, links, a phone."""

import re

from playwright.sync_api import expect

from rsviz.reference.papers import find, rows
from rsviz.ui.views import page_and_query
from tests.browser.steps import SLOW, drawn, no_exception

IS_ON_SCREEN = """element => {
  const box = element.getBoundingClientRect(), at = element.getRootNode().elementFromPoint(
    box.left + box.width / 2, box.top + box.height / 2)
  return box.top >= 0 && box.bottom <= innerHeight && element.contains(at)}"""


def open_papers(page, server, query=""):
    page.goto(f"{server}/papers{query}")
    expect(page.locator(".papers tbody tr").first).to_be_visible(timeout=SLOW)
    drawn(page)


def detail(page):
    return page.locator(".st-key-detail")


def test_a_search_a_row_by_mouse_and_by_keys_its_picture_and_back(page, shared, browser):
    page.set_viewport_size({"width": 1280, "height": 720})
    open_papers(page, shared)
    expect(page.locator(".papers tbody tr")).to_have_count(len(rows()))
    page.get_by_label("Search").fill("strictly higher")  # as it is typed, without Enter
    left = [row.id for row in find(words="strictly higher")]
    expect(page.locator(".papers tbody tr")).to_have_count(len(left), timeout=SLOW)
    expect(page.get_by_role("radio", name=re.compile("^False"))).to_contain_text(
        str(len(find(verdict="false", words="strictly higher")))
    )

    page.locator(".papers tr", has_text="A9").click()
    number = detail(page).get_by_text("0.0293 < 0.0745")
    expect(number).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile("q=strictly.higher&row=A9"))
    for shown in (page.locator(".papers tr.chosen"), number, page.get_by_label("Search")):
        assert shown.evaluate(IS_ON_SCREEN)
    fresh = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    open_papers(fresh, shared, "?row=A9")
    expect(detail(fresh).get_by_text("0.0293 < 0.0745")).to_be_visible()
    assert fresh.locator(".papers tr.chosen").evaluate(IS_ON_SCREEN)  # its table is scrolled to it
    fresh.context.close()

    page.locator(".papers button").nth(left.index("A9")).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    claim = find(words="strictly higher")[0].found
    expect(page.locator(".papers [aria-current=true]")).to_have_text(re.compile(re.escape(claim.says)))
    picture = detail(page).get_by_role("link", name=claim.place)
    expect(picture).to_be_visible(timeout=SLOW)
    assert picture.evaluate(IS_ON_SCREEN)
    picture.click()
    name, query = page_and_query(claim.view)
    expect(page).to_have_url(re.compile(f"/{name}\\?.*b_pa={query['b_pa']}"), timeout=SLOW)
    page.go_back()
    expect(detail(page).get_by_text(claim.says)).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_on_a_phone_a_row_brings_its_detail_into_view_and_nothing_scrolls_sideways(page, shared):
    page.set_viewport_size({"width": 390, "height": 844})
    open_papers(page, shared, "?paper=adre")
    page.locator(".papers tr", has_text="D4").click()
    shown = detail(page).get_by_text("1.87 α")
    expect(shown).to_be_visible(timeout=SLOW)
    page.wait_for_function(f"({IS_ON_SCREEN})(document.querySelector('.st-key-detail h3'))", timeout=SLOW)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth + 1")
    no_exception(page)
