"""The Attack page in real Chromium: a digit attacked end to end, cancelled, linked, and taken home."""

import json
import re

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.browser.steps import SLOW, badge, chart_is_drawn, no_exception, open_home, saved, start

QUICK = "a_eot_pgd_steps=6&a_eot_pgd_draws=8&a_votes=100&a_n=1000"


def open_attack(page, server, query=""):
    page.goto(f"{server}/attack{query}")
    expect(page.get_by_role("button", name="Attack", exact=True)).to_be_enabled(timeout=SLOW)


def test_the_page_stands_on_its_own_with_a_finished_attack(page, shared):
    open_attack(page, shared)
    expect(badge(page, "A finished example, computed beforehand")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("becomes"))).to_be_visible()
    expect(page.get_by_text(re.compile("proved up to"))).to_be_visible()
    for words in ("Certified radius of each bound", "Share of votes for"):
        chart_is_drawn(page, re.compile(words))
    no_exception(page)


def test_attack_a_digit_and_take_it_home(page, shared, tmp_path):
    open_attack(page, shared, f"?index=3&{QUICK}")
    start(page, "Attack")
    verdict = re.compile("Broken|Held|No class named")
    expect(badge(page, verdict)).to_be_visible(timeout=SLOW)
    words = verdict.search(badge(page, verdict).inner_text()).group()
    page.reload()  # what was found is in the job, and the job in the URL
    expect(badge(page, words)).to_be_visible(timeout=SLOW)
    open_home(page)
    command = page.get_by_test_id("stCode").filter(has_text="python -m rsviz attack").inner_text()
    assert "--dataset digits --index 3" in command
    assert "--steps 6" in command
    files = {kind: saved(page, kind, tmp_path) for kind in ("JSON", "CSV", "PNG")}
    result = json.loads(files["JSON"].read_text())
    assert {"changed": "Broken", "unchanged": "Held", "abstained": "No class named"}[
        result["verdict"]
    ] == words
    assert sum(result["counts_after"]) == 100
    assert 0 < result["distance_l2"] <= 1
    assert not (result["inside"] and result["after"] not in (None, result["certificate"]["predicted"]))
    assert np.isclose(sum(result["softmax_after"]), 1)
    assert result["weights_sha256"] in files["CSV"].read_text()
    assert Image.open(files["PNG"]).size[0] > 1000
    no_exception(page)


def test_a_long_attack_is_watched_and_cancelled(page, shared):
    open_attack(page, shared, "?a_attack=boundary&a_boundary_steps=100000")
    start(page, "Attack")
    expect(page.get_by_text(re.compile(r"Step [\d,]+ of at most"))).to_be_visible(timeout=SLOW)
    expect(page.get_by_label("loss at each step of the attack").first).to_be_visible(timeout=SLOW)
    assert page.get_by_role("heading", name=re.compile("becomes|keeps")).count() == 0
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(badge(page, "Cancelled: no verdict")).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_certificate_leads_to_an_attack_on_its_image(page, shared):
    page.goto(f"{shared}/certify")
    link = page.get_by_role("link", name="Attack this image")
    expect(link).to_be_visible(timeout=SLOW)
    link.click()
    expect(page).to_have_url(re.compile("/attack"), timeout=SLOW)
    expect(page.get_by_role("combobox", name="Sample")).to_have_value(re.compile("^5, "), timeout=SLOW)
    no_exception(page)
