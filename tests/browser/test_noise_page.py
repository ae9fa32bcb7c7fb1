"""The Noise page in real Chromium: what it opens on, presets, links, downloads, uploads, a phone."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from rsviz.noise import NOISES
from rsviz.noise_size import EqualRadius
from tests.browser.steps import CHART, SLOW, no_exception, open_home, saved


def open_noise(page, server, query=""):
    page.goto(f"{server}/noise{query}")
    expect(page.get_by_role("heading", name="Which noise?")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Take it home")).to_be_visible(timeout=SLOW)


def charts(page, count):
    expect(page.locator(CHART)).to_have_count(count, timeout=SLOW)
    no_exception(page)


def test_the_page_opens_on_one_image_under_every_mechanism(page, shared):
    open_noise(page, shared)
    pictures = page.locator(".st-key-noise-images img")
    expect(pictures).to_have_count(1 + len(NOISES), timeout=SLOW)
    assert len({pictures.nth(i).get_attribute("src") for i in range(1 + len(NOISES))}) == 1 + len(NOISES)
    charts(page, len(NOISES))
    expect(page.get_by_text("a pixel varies by 0.25")).to_have_count(len(NOISES))
    assert page.title() == "Noise"


def test_a_slider_moves_the_pictures_and_the_link_restores_them(page, shared):
    open_noise(page, shared)
    slider = page.get_by_role("slider", name=re.compile("Standard deviation"))
    slider.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"n_dev=0\.26\b"), timeout=SLOW)
    expect(page.get_by_text("a pixel varies by 0.26")).to_have_count(len(NOISES), timeout=SLOW)
    page.reload()
    expect(page.get_by_text("a pixel varies by 0.26")).to_have_count(len(NOISES), timeout=SLOW)
    no_exception(page)


def test_a_preset_shows_the_negative_result_and_its_growth_can_be_saved(page, shared, tmp_path):
    open_noise(page, shared)
    page.get_by_text("Pictures with a name").click()
    page.get_by_role("button", name="One grey level in ℓ∞, at MNIST's size").click()
    expect(page).to_have_url(re.compile("n_rule=radius"), timeout=SLOW)
    expect(page).to_have_url(re.compile("n_view=growth"), timeout=SLOW)
    page.keyboard.press("Escape")
    rule = EqualRadius(1 / 255, "linf", 0.99, 0.01)
    for key in ("gaussian", "linf-exponential"):
        deviation = rule.noise(key, 784).deviation(784)
        expect(page.get_by_text(f"a pixel varies by {deviation:.3g}")).to_be_visible(timeout=SLOW)
    charts(page, 2)
    open_home(page)
    table = pd.read_csv(saved(page, "CSV"))
    assert set(table["noise"]) == set(NOISES) and set(table["norm"]) == {"l2", "linf"}
    exact = table[
        (table["kind"] == "exact") & (table["noise"] == "linf-exponential") & (table["norm"] == "linf")
    ]
    scale = rule.noise("linf-exponential", 784).scale
    assert exact["mean"].to_numpy() == pytest.approx(scale * exact["d"].to_numpy(), rel=1e-9)
    with Image.open(saved(page, "PNG")) as picture:
        assert picture.format == "PNG" and picture.width > 800
    no_exception(page)


def test_an_uploaded_image_takes_the_place_of_the_digit_and_stays_in_the_link(page, shared):
    open_noise(page, shared, "?n_from=upload")
    expect(page.get_by_text("until then a digit stands here")).to_be_visible(timeout=SLOW)
    file = io.BytesIO()
    colours = np.random.default_rng(1).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(colours).save(file, "PNG")
    page.get_by_text("Image, pixels, seed").click()
    page.locator(".st-key-n_file input[type=file]").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.get_by_text("64×64 in colour: d = 12,288")).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile("n_image=[0-9a-f]{64}"), timeout=SLOW)
    page.reload()
    expect(page.get_by_text("64×64 in colour: d = 12,288")).to_be_visible(timeout=SLOW)
    no_exception(page)
