"""The Train page in real Chromium: a network trained before one's eyes, and used."""

import re

from playwright.sync_api import expect

from rsviz.training.history import shipped_run
from tests.browser.steps import SLOW, badge, no_exception, start


def open_train(page, server, query=""):
    page.goto(f"{server}/train{query}")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=SLOW)
    nothing = page.get_by_text("Nothing was run with these settings yet")
    expect(page.locator(".st-key-state").or_(nothing).first).to_be_visible(timeout=SLOW)


def test_the_page_stands_on_its_own_with_a_finished_run(page, shared):
    open_train(page, shared)
    expect(badge(page, "A finished run, trained beforehand")).to_be_visible()
    for chart in ("Terms of the loss by epoch", "Accuracy without noise and under noise by epoch"):
        expect(page.get_by_label(re.compile(f"^{chart}: at last"))).to_be_visible(timeout=SLOW)
    slider = page.get_by_role("slider", name="Look at the network after epoch")
    slider.press("Home")
    first = shipped_run().validations[0].epoch
    expect(page.get_by_label(f"Certified accuracy by radius after epoch {first}", exact=True)).to_be_visible(
        timeout=SLOW
    )
    expect(
        page.get_by_label(re.compile(f"^Votes under noise on . test images after epoch {first}$"))
    ).to_be_visible()
    expect(page).to_have_url(re.compile(f"t_epoch={first}$"))
    assert page.title() == "Train"
    no_exception(page)


def test_a_run_is_cancelled_kept_and_resumed(page, shared):
    open_train(page, shared, "?t_method=gaussian&t_epochs=2000&t_name=long")
    start(page, "Train")
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("2000")
    expect(page.get_by_role("heading", name=re.compile("^So far: .* under noise$"))).to_be_visible(
        timeout=SLOW
    )
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(badge(page, "Cancelled")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("is kept as the checkpoint long.")).to_be_visible(timeout=SLOW)
    assert (shared.home / "checkpoints" / "long.safetensors").exists()
    page.get_by_role("button", name="Resume the run").click()
    expect(badge(page, "Training")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile("of 2000"))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(badge(page, "Cancelled")).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_two_runs_with_all_settings_are_not_wider_than_the_screen(shared, page):
    open_train(page, shared, "?t_method=trades&compare=example")
    page.get_by_text("More settings").click()
    expect(page.get_by_text("Seed: decides every random number")).to_be_visible(timeout=SLOW)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"innerWidth === {width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    no_exception(page)
