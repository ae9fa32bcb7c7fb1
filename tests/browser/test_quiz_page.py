"""The Quiz page in real Chromium: by keys alone, on a phone, and the same in a fresh browser."""

import re

from playwright.sync_api import expect

from rsviz.lessons.quiz import QUESTIONS
from tests.browser.steps import SLOW, drawn, no_exception


def test_eight_questions_by_keys_alone_and_the_score_in_a_fresh_browser(page, shared, browser):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{shared}/quiz")
    given = ""
    for number, question in enumerate(QUESTIONS.values(), 1):
        expect(page.get_by_role("heading", name=question.asks)).to_be_visible(timeout=SLOW)
        last = page.get_by_role("button", name=question.answers[-1])  # keys are heard once it is there
        expect(last).to_be_enabled(timeout=SLOW)
        drawn(page)
        letter = question.right_letter if number != 4 else "a"
        given += letter
        page.keyboard.press(str("abcd".index(letter) + 1))
        said = "Right." if letter == question.right_letter else "Not so."
        expect(page.get_by_text(said, exact=True)).to_be_visible(timeout=SLOW)
        expect(page.locator("#rsviz-live")).to_have_text(f"{said} {question.why}")
        following = page.get_by_role("button", name=re.compile("^(Next question|My score)"))
        expect(following).to_be_in_viewport(timeout=SLOW)  # nothing to scroll, on a phone
        expect(page).to_have_url(re.compile(f"answers={given}&at={number}"))
        drawn(page)
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("7 of 8 right").first).to_be_visible(timeout=SLOW)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth + 1")

    fresh = browser.new_context().new_page()
    fresh.goto(page.url)
    again = fresh.get_by_role("button", name=re.compile("4. Radius"))
    expect(again).to_be_visible(timeout=SLOW)
    fresh.get_by_role("link", name=QUESTIONS["radius"].place).click()
    expect(fresh).to_have_url(re.compile("/playground\\?scene=corridor"), timeout=SLOW)
    fresh.context.close()
    no_exception(page)
