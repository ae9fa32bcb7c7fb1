"""The Train page in real Chromium: a network trained before one's eyes, and used."""

import json
import re

import pytest
from playwright.sync_api import expect

from rsviz.training.history import shipped_run
from tests.browser.steps import SLOW, badge, no_exception, open_home, start


def open_train(page, server, query=""):
    page.goto(f"{server}/train{query}")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Take it home").or_(page.locator(".st-key-state")).first).to_be_visible(
        timeout=SLOW
    )


def test_the_page_stands_on_its_own_with_a_finished_run(page, server):
    open_train(page, server)
    expect(badge(page, "A finished run, trained beforehand")).to_be_visible()
    for chart in ("Terms of the loss by epoch", "Accuracy without noise and under noise by epoch"):
        expect(page.get_by_label(chart, exact=True)).to_be_visible(timeout=SLOW)
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


def test_train_a_network_and_certify_with_it(page, server):
    """Digits, two epochs without noise: to another page and back, through a reload, to the checkpoint, to a
    certificate with it."""
    open_train(page, server, "?t_method=plain&t_epochs=2&t_name=mine")
    start(page, "Train")
    mine = re.search("job=[0-9a-f]+", page.url).group()
    page.get_by_role("link", name="Bounds", exact=True).click()
    expect(page.get_by_role("heading", name="Every bound, side by side")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page).to_have_url(re.compile(f"/train.*{mine}"), timeout=SLOW)
    page.reload()
    expect(badge(page, "Trained")).to_be_visible(timeout=2 * SLOW)
    expect(page.get_by_text("Its weights after epoch 2 are the checkpoint mine.")).to_be_visible(timeout=SLOW)
    card = json.loads((server.home / "checkpoints" / "mine.json").read_text())
    clean = card["metrics"]["clean_accuracy"]["value"]
    expect(page.get_by_role("heading", name=f"{100 * clean:.1f} % right without noise")).to_be_visible()
    open_home(page)
    command = page.get_by_test_id("stCode").filter(has_text="python -m rsviz train")
    expect(command).to_contain_text("--method plain", timeout=SLOW)
    expect(command).to_contain_text("--epochs 2")
    no_exception(page)
    page.get_by_role("link", name="Certify with it").click()
    expect(page).to_have_url(re.compile("/certify"), timeout=SLOW)
    expect(page.get_by_role("combobox", name="Checkpoint")).to_have_value(re.compile("^mine"), timeout=SLOW)
    start(page, "Certify")
    finished = page.locator(".st-key-state").get_by_text(re.compile("(Certificate|Abstained)$"))
    expect(finished).to_be_visible(timeout=2 * SLOW)
    no_exception(page)


def test_a_run_is_cancelled_kept_and_resumed(page, server):
    open_train(page, server, "?t_method=gaussian&t_epochs=2000&t_name=long")
    start(page, "Train")
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("2000")
    expect(page.get_by_role("heading", name=re.compile("^So far: .* under noise$"))).to_be_visible(
        timeout=SLOW
    )
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(badge(page, "Cancelled")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("is kept as the checkpoint long.")).to_be_visible(timeout=SLOW)
    assert (server.home / "checkpoints" / "long.safetensors").exists()
    page.get_by_role("button", name="Resume the run").click()
    expect(badge(page, "Training")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile("of 2000"))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(badge(page, "Cancelled")).to_be_visible(timeout=SLOW)
    no_exception(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(shared, browser, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    open_train(page, shared, "?t_method=trades&compare=example")
    page.get_by_text("More settings").click()
    expect(page.get_by_text("Seed: decides every random number")).to_be_visible(timeout=SLOW)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    no_exception(page)
    context.close()
