"""The Evaluate page in real Chromium: read, run, reload, cancel, a log, and an image clicked."""

import re

from playwright.sync_api import expect

from rsviz.evaluation import write_log
from rsviz.tasks.evaluate import certificates, shipped_votes
from tests.browser.steps import SLOW, chart_is_drawn, no_exception, open_home, saved, start

CHART = re.compile("Certified accuracy against")


def open_evaluate(page, server, query=""):
    page.goto(f"{server}/evaluate{query}")
    expect(page.get_by_role("button", name="Evaluate", exact=True)).to_be_enabled(timeout=SLOW)
    if not query:
        chart_is_drawn(page, CHART)


def test_a_test_set_is_certified_and_survives_a_reload(page, shared):
    open_evaluate(page, shared, "?limit=30&n=100")
    start(page, "Evaluate")
    row = page.get_by_role("cell", name="digits-gaussian-0.25", exact=True)
    expect(row).to_be_visible(timeout=SLOW)
    page.reload()
    expect(row).to_be_visible(timeout=SLOW)
    open_home(page)
    command = page.get_by_test_id("stCode").filter(has_text="--limit 30")
    expect(command).to_be_visible(timeout=SLOW)
    assert saved(page, "Rows, CSV").read_text().count("\n") == 1 + 30
    no_exception(page)


def test_a_long_evaluation_is_cancelled_and_keeps_what_it_has(page, shared):
    open_evaluate(page, shared, "?n=100000")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_text(re.compile(r"of 50,050,000 votes"))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text(re.compile("Cancelled: the images"))).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_an_image_of_the_sheet_leads_to_its_certificate(page, shared):
    page.set_viewport_size({"width": 390, "height": 800})
    open_evaluate(page, shared)
    expect(page.get_by_role("heading", name=re.compile("right, and proved"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_text("Which images: certified").click()
    sheet = page.locator(".st-key-e_sheet svg.marks, .st-key-e_sheet canvas.marks").first
    expect(sheet).to_be_visible(timeout=SLOW)
    sheet.click(position={"x": 20, "y": 20})  # the first: the smallest radius
    link = page.get_by_role("link", name="Certify it")
    expect(link).to_be_visible(timeout=SLOW)
    words = page.get_by_text(re.compile(r"Image \d+: ")).first.inner_text()
    link.click()
    expect(page).to_have_url(re.compile("/certify"), timeout=SLOW)
    number = re.search(r"Image (\d+)", words).group(1)
    expect(page.get_by_label("Test image, 0 to 499")).to_have_value(number, timeout=SLOW)
    no_exception(page)


def test_a_log_is_uploaded_and_a_spoilt_one_is_refused(page, shared, tmp_path):
    path = tmp_path / "run.tsv"
    write_log(certificates(shipped_votes()["digits-gaussian-0.50"]).log(), path)
    open_evaluate(page, shared)
    page.get_by_text("Add a log of any repository").click()
    upload = page.locator(".st-key-e_file input[type=file]")
    upload.set_input_files(path)
    expect(page.get_by_role("cell", name=re.compile("^run"))).to_be_visible(timeout=SLOW)
    spoilt = tmp_path / "spoilt.tsv"
    spoilt.write_text(path.read_text().replace("\t", ";"))
    upload.set_input_files(spoilt)
    expect(page.get_by_text(re.compile("separated by semicolons"))).to_be_visible(timeout=SLOW)
    no_exception(page)
