"""The Lessons page in real Chromium: every step in a hall, on a phone, by keys, by its link."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from rsviz.lessons import LESSONS, Page
from rsviz.lessons.own import read_own
from tests.browser.conftest import record_outside
from tests.browser.steps import SLOW, no_exception
from tests.browser.test_accessibility import AXE, FINDINGS

EXAMPLE = Path(__file__).parents[2] / "examples/lessons/ten_minutes.toml"
OWN = read_own(EXAMPLE.read_text(encoding="utf-8"))
SEEN = Path(__file__).with_name("hall.js").read_text(encoding="utf-8")
TOO_PALE = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
HALL = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
STEPS = [
    (number, step) for number, one in enumerate(LESSONS.values(), 1) for step in range(1, len(one.steps) + 1)
]


@pytest.fixture
def hall(page, shared):
    """A page of the size of a small projector, at the first step of the first lesson in lecture mode."""
    page.set_viewport_size(HALL)
    open_step(page, shared, "n=1&hall=1")
    return page


def open_step(page, server, query):
    page.goto(f"{server}/lesson?{query}")
    expect(page.locator(".deck")).to_have_attribute("data-drawn", re.compile("[0-9]"), timeout=SLOW)


def at(page, number, step):
    """Wait until the step is shown."""
    text = re.compile(f"^Lesson {number}: .* {step} of [0-9]+$")
    expect(page.locator(".deck .place")).to_have_text(text, timeout=SLOW)


def every_step(page):
    """Go through all lessons from the keyboard: yields (number of the lesson, number of the step)."""
    for number, lesson in enumerate(LESSONS.values(), 1):
        page.keyboard.press(str(number))
        for step in range(1, len(lesson.steps) + 1):
            at(page, number, step)
            yield number, step
            page.keyboard.press("ArrowRight" if step % 2 else "Space")


def test_a_hall_reads_every_step_without_scrolling_in_both_themes(hall):
    wrong, pale = {}, {}
    hall.evaluate(AXE)
    for place in every_step(hall):
        seen = hall.evaluate(SEEN)
        if found := hall.evaluate(FINDINGS):
            wrong[(*place, "axe")] = found
        broken = {
            "words": seen["words"] > 40,
            "letters": seen["smallest"] < 23.9,
            "controls": seen["controls"] > 3,
            "height": seen["height"] < 0.7,
            "outside": bool(seen["outside"]) or seen["wide"] or seen["scrolls"],
        }
        if any(broken.values()):
            wrong[place] = [name for name, is_broken in broken.items() if is_broken], seen
        if found := hall.evaluate(TOO_PALE):
            pale[place] = found
    assert not wrong
    hall.emulate_media(color_scheme="dark")
    for place in every_step(hall):
        if found := hall.evaluate(TOO_PALE):
            pale[(*place, "dark")] = found
    assert not pale
    no_exception(hall)


def test_a_phone_shows_every_step_legibly_and_no_wider_than_its_screen(page, shared):
    page.set_viewport_size(PHONE)
    open_step(page, shared, "n=1")
    wrong = {}
    for place in every_step(page):
        seen = page.evaluate(SEEN)
        if seen["wide"] or seen["outside"] or seen["smallest"] < 14:
            wrong[place] = seen
    assert not wrong


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_a_link_shows_the_same_picture_in_a_fresh_browser_and_no_job_is_started(
    number, shared, page, browser
):
    lesson = list(LESSONS.values())[number - 1]
    step = 1 + number % len(lesson.steps)
    page.set_viewport_size(HALL)
    open_step(page, shared, f"n={number}&hall=1")
    for _ in range(step - 1):
        page.keyboard.press("ArrowRight")
    at(page, number, step)
    context = browser.new_context(viewport=HALL)
    outside = record_outside(context)
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".deck")).to_have_attribute("data-drawn", re.compile("[0-9]"), timeout=SLOW)
    at(other, number, step)
    assert differing(settled(other), settled(page)) <= BARELY
    context.close()
    assert not outside


def settled(page) -> bytes:
    """A screenshot, once letters are loaded and two in a row are the same."""
    page.evaluate("document.fonts.ready")
    before = None
    while (now := page.screenshot(animations="disabled", caret="hide")) != before:
        before = now
        page.wait_for_timeout(150)
    return now


BARELY = 20
"""Pixels at edges of letters that Chromium may shade otherwise in another page."""


def differing(one: bytes, other: bytes) -> int:
    """How many pixels of two screenshots differ."""
    first, second = (np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) for picture in (one, other))
    return int((first != second).any(axis=-1).sum()) if first.shape == second.shape else first.size


def test_keys_predictions_back_and_what_lies_over_a_lesson(page, shared):
    lesson = next(iter(LESSONS.values()))
    asks = 1 + next(i for i, step in enumerate(lesson.steps) if step.asks)
    wrong = next(i for i, one in enumerate(lesson.predictions) if not one.right)
    open_step(page, shared, f"n=1&step={asks}")
    deck = page.locator(".deck")
    deck.locator(f"[data-name=vote-{wrong}]").click()
    expect(deck.locator(f"[data-name=vote-{wrong}]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(deck.locator(".words")).to_contain_text(lesson.predictions[wrong].why[:20])
    expect(page).to_have_url(re.compile(rf"step={asks + 1}.*vote={wrong + 1}"))
    page.reload()
    at(page, 1, asks + 1)
    expect(deck.locator(".words")).to_contain_text(lesson.predictions[wrong].why[:20])
    page.keyboard.press("ArrowLeft")
    at(page, 1, asks)
    page.go_back()
    at(page, 1, asks + 1)
    page.keyboard.press("f")
    expect(deck.locator(".top")).to_be_hidden()
    expect(page).to_have_url(re.compile("hall=1"))
    page.keyboard.press("b")
    expect(deck.locator(".blank")).to_be_visible()
    page.keyboard.press("Escape")
    expect(deck.locator(".blank")).to_be_hidden()
    page.keyboard.press("?")
    expect(deck.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    code = deck.get_by_role("img", name=f"QR code of {shared}/lesson?n=1&step={asks + 1}", exact=True)
    expect(code.locator("svg")).to_be_visible(timeout=SLOW)
    expect(deck.get_by_role("dialog")).to_contain_text("on this computer only")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(deck.locator(".top")).to_be_visible()
    no_exception(page)


def test_the_words_for_the_speaker_follow_in_a_second_window_and_lead_too(page, shared):
    steps = next(iter(LESSONS.values())).steps
    open_step(page, shared, "n=1&hall=1")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    notes = speaker.locator(".deck .notes")
    expect(notes).to_contain_text(steps[0].speaker[:30], timeout=SLOW)
    expect(notes).to_contain_text(f"Next: {steps[1].title}")
    page.keyboard.press("ArrowRight")
    expect(notes).to_contain_text(steps[1].speaker[:30])
    speaker.keyboard.press("ArrowRight")
    at(page, 1, 3)
    expect(page).to_have_url(re.compile("hall=1"))


def test_a_link_hides_what_a_teacher_wants_hidden(page, shared):
    step = 1 + next(i for i, one in enumerate(LESSONS["noise"].steps) if one.asks)
    open_step(page, shared, f"n=1&step={step}&hide=title,predictions")
    expect(page.locator(".deck .title")).to_be_hidden()
    expect(page.locator(".deck .predictions")).to_be_hidden()
    link = page.locator(".deck [data-name=link]")
    linked = 1 + next(i for i, one in enumerate(LESSONS["noise"].steps) if one.link)
    open_step(page, shared, f"n=1&step={linked}")
    expect(link).to_have_attribute("href", LESSONS["noise"].steps[linked - 1].link)
    open_step(page, shared, f"n=1&step={linked}&hide=link")
    expect(link).to_be_hidden()
    page.goto(f"{shared}/statistics?hide=s_view")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    expect(page.locator(".st-key-s_view")).to_be_hidden()


def test_a_lesson_of_a_teachers_own_is_a_link_with_pages_in_a_frame(page, shared):
    page.set_viewport_size(HALL)
    page.goto(f"{shared}/lesson")
    page.get_by_text("A lesson of your own").click()
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".deck .title")).to_have_text(OWN.steps[0].title, timeout=SLOW)
    expect(page).to_have_url(re.compile("own=[0-9a-f]{16}$"))
    place = 1 + next(i for i, step in enumerate(OWN.steps) if isinstance(step.picture, Page))
    page.goto(f"{page.url}&step={place}")
    inside = page.frame_locator(".deck iframe.page")
    expect(inside.locator("[data-testid=stVegaLiteChart]").first).to_be_visible(timeout=SLOW)
    expect(inside.get_by_test_id("stHeader")).to_be_hidden()
    inside.locator("body").press("ArrowLeft")  # a page in a frame hands its keys on
    expect(page).to_have_url(re.compile(f"step={place - 1}$"))
    no_exception(page)


def test_the_list_opens_a_lesson_and_back_leads_to_the_list(page, shared):
    page.goto(f"{shared}/lesson")
    page.get_by_role("link", name="2. Votes").click()
    at(page, 2, 1)
    expect(page).to_have_url(re.compile("n=2$"))
    page.keyboard.press("4")
    at(page, 4, 1)
    page.go_back()
    at(page, 2, 1)
    page.go_back()
    expect(page.get_by_role("heading", name="Eight lessons")).to_be_visible(timeout=SLOW)
    no_exception(page)
