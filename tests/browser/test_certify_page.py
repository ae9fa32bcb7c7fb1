"""The Certify page in real Chromium: what a person sees and does, from the first request on."""

import base64
import hashlib
import io
import json
import re

import numpy as np
from PIL import Image
from playwright.sync_api import TimeoutError, expect

from rsviz.ui.shell import PAGES
from tests.browser.steps import SLOW, badge, drawn, no_exception, open_home, saved, start

DIGITS = "checkpoint=digits-gaussian-0.25"
"""In a link: a network that takes a second for what that of the example takes half a minute."""


def open_certify(page, server, query=""):
    page.goto(f"{server}/certify{query}")
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_enabled(timeout=SLOW)


def set_votes(page, steps):
    """Move the slider of n by `steps` of a factor of ten; it begins at 100,000."""
    slider = page.get_by_role("slider", name="Votes n")
    drawn(page)  # else the slider may be drawn anew
    for _ in range(abs(steps)):
        slider.press("ArrowRight" if steps > 0 else "ArrowLeft")
    expect(page).to_have_url(re.compile(r"[?&]n=\d"), timeout=SLOW)


def choose_noise(page, name):
    """Pick from the list, which closes when the page scrolls or is drawn again, as right after opening."""
    box, option = page.locator(".st-key-noise").get_by_role("combobox"), page.get_by_role("option", name=name)
    box.scroll_into_view_if_needed()
    for _ in range(10):
        box.click()
        try:
            return option.click(timeout=3000)
        except TimeoutError:
            pass
    raise AssertionError(f"the list with {name} does not stay open")


def test_the_page_stands_on_its_own_with_a_finished_example(page, shared):
    """Its picture as it is, and in both themes nothing wider than the screen; on a phone in another order."""
    open_certify(page, shared)
    expect(badge(page, "A finished example, computed beforehand")).to_be_visible()
    headline = page.get_by_role("heading", name=re.compile("certified within"))
    expect(headline).to_be_visible()
    expect(page.get_by_role("button", name="Understand", exact=True)).to_be_visible()
    assert page.title() == "Certify"
    pixels_are_those_of_the_example(page)
    chart = page.locator(".st-key-details [data-testid='stVegaLiteChart']").first
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(chart).to_be_visible(timeout=SLOW)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    # on the phone the controls stand between the headline and the charts
    places = (
        headline,
        page.get_by_role("button", name="Certify", exact=True),
        page.get_by_role("slider", name="Votes n"),
        chart,
    )
    tops = [place.bounding_box()["y"] for place in places]
    assert tops == sorted(tops)
    no_exception(page)


def pixels_are_those_of_the_example(page):
    """Streamlit's default is JPEG, which changes noisy images."""
    from rsviz.tasks.certify import shipped_example

    image = page.get_by_role("img", name=re.compile("^The image, labelled")).first
    expect(image).to_be_visible(timeout=SLOW)
    header, content = image.evaluate("element => element.src").split(",")
    assert header == "data:image/png;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    x = shipped_example().pictures.x[0]
    enlarge = shown.shape[0] // x.shape[0]
    assert enlarge >= 5
    assert (shown == np.round(255 * x).astype(np.uint8).repeat(enlarge, 0).repeat(enlarge, 1)).all()


def test_the_root_leads_to_the_first_page_with_what_its_address_asks_for(page, shared):
    page.goto(f"{shared}/?seed=7")
    expect(page).to_have_url(re.compile(rf"/{PAGES[0].key}\?seed=7$"), timeout=SLOW)
    link = page.get_by_role("link", name=PAGES[0].title, exact=True)
    expect(link).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_certify_a_digit_and_take_it_home(page, shared, tmp_path, browser):
    other = browser.new_context().new_page()  # which sees nothing of it
    other.goto(f"{shared}/certify")
    open_certify(page, shared, f"?{DIGITS}")
    page.get_by_text("Data set", exact=True).click()
    page.get_by_label("Test image, 0 to 499").fill("3")
    page.get_by_label("Test image, 0 to 499").press("Enter")
    set_votes(page, -1)
    start(page, "Certify")
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("How large is that?")).to_be_visible()
    open_home(page)
    command = page.get_by_test_id("stCode").filter(has_text="python -m rsviz certify").inner_text()
    assert "--dataset digits --index 3" in command
    assert "--n 10000" in command
    files = {kind: saved(page, kind, tmp_path) for kind in ("JSON", "CSV", "PNG")}
    certificate = json.loads(files["JSON"].read_text())
    assert certificate["n"] == sum(certificate["counts"]) == 10_000
    assert certificate["image"]["index"] == 3
    assert certificate["radius"] > 0
    assert certificate["weights_sha256"] in files["CSV"].read_text()
    assert Image.open(files["PNG"]).size[0] > 1000
    expect(badge(other, "A finished example, computed beforehand")).to_be_visible(timeout=SLOW)
    other.context.close()
    no_exception(page)


def test_a_reload_in_mid_run_goes_on_and_a_cancelled_run_says_that_it_is_none(page, shared):
    open_certify(page, shared, "?n=1000000&seed=13")
    start(page, "Certify")
    coming = badge(page, "Votes are still coming")
    expect(coming).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile("of 1,000,000 votes"))).to_be_visible(timeout=SLOW)
    assert page.get_by_role("heading", name=re.compile("certified within")).count() == 0
    page.reload()
    expect(coming).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel").click()
    expect(badge(page, "Cancelled: this is no certificate")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Nothing was kept, so nothing is claimed")).to_be_visible()
    assert page.get_by_role("heading", name=re.compile("certified within")).count() == 0
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    no_exception(page)


def test_stopping_keeps_what_was_proved_while_votes_arrived(page, shared):
    open_certify(page, shared, "?n=1000000&seed=11")
    start(page, "Certify")
    page.get_by_text("Proved if you stop now").wait_for(timeout=3 * SLOW)
    page.get_by_role("button", name="Stop and keep what is proved").click()
    expect(badge(page, "Certificate from fewer votes")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", name=re.compile("certified within"))).to_be_visible()
    expect(page.get_by_text(re.compile("votes, .* saved: somebody stopped it"))).to_be_visible()
    open_home(page)
    certificate = json.loads(saved(page, "JSON").read_text())
    assert certificate["procedure"] == "anytime"
    assert certificate["n"] == sum(certificate["counts"]) < certificate["n_planned"] == 1_000_000
    assert f"--n {certificate['n']} " in certificate["command"]
    link = page.get_by_test_id("stCode").filter(has_text="/certify?").inner_text()
    page.goto(link.strip())
    expect(badge(page, "Certificate from fewer votes")).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_link_with_another_noise_and_a_rule_is_that_request(page, shared):
    open_certify(page, shared, "?until_radius=0.1&seed=12")
    expect(page.get_by_role("spinbutton", name=re.compile("Radius to decide"))).to_have_value(
        "0.1", timeout=SLOW
    )
    choose_noise(page, "Laplace")
    expect(page.get_by_text("Deviation per pixel 0.25")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Scale λ (pixel units)")).to_be_visible()
    expect(page).to_have_url(re.compile("noise=laplace"))
    page.wait_for_timeout(500)
    start(page, "Certify")
    expect(badge(page, "Certificate from fewer votes")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", name=re.compile("certified within ℓ₁ radius"))).to_be_visible()
    expect(page.get_by_text("the radius asked for, 0.1, is proved")).to_be_visible()
    page.reload()
    expect(page.get_by_role("spinbutton", name=re.compile("Radius to decide"))).to_have_value(
        "0.1", timeout=SLOW
    )
    expect(page.get_by_text("Scale λ (pixel units)")).to_be_visible()
    no_exception(page)


def test_a_killed_server_and_a_killed_worker_do_not_lose_the_job(page, shared):
    open_certify(page, shared, "?n=300000&seed=5")
    start(page, "Certify")
    expect(page.get_by_text(re.compile("of 300,000 votes"))).to_be_visible(timeout=SLOW)
    for worker in shared.workers():
        worker.kill()
    shared.restart()
    page.goto(page.url)
    expect(badge(page, "Certificate")).to_be_visible(timeout=3 * SLOW)
    no_exception(page)


def png_of_a_seven():
    """Dark ink on white paper, as people photograph digits."""
    pixels = np.full((120, 90, 3), 255, np.uint8)
    pixels[15:30, 15:75] = 20
    for row in range(30, 105):
        left = 65 - (row - 30) * 35 // 75
        pixels[row, left : left + 14] = 20
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_certify_an_uploaded_picture(page, shared):
    def uploads():
        return list((shared.home / "uploads").glob("*"))

    before = len(uploads())
    open_certify(page, shared, f"?{DIGITS}")
    page.get_by_text("Upload", exact=True).click()
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_disabled(timeout=SLOW)
    page.locator(".st-key-file input[type=file]").set_input_files(
        {"name": "../../seven.png", "mimeType": "image/png", "buffer": png_of_a_seven()}
    )
    expect(page.get_by_text("What the network sees: 8 × 8 pixels")).to_be_visible(timeout=SLOW)
    page.get_by_text("Swap dark and light").click()
    set_votes(page, -2)
    page.wait_for_timeout(500)
    start(page, "Certify")
    expect(badge(page, "Certificate").or_(badge(page, "Abstained"))).to_be_visible(timeout=SLOW)
    open_home(page)
    expect(page.get_by_test_id("stCode").filter(has_text="--image FILE --invert")).to_be_visible()
    assert len(uploads()) == before + 1
    # The link restores the page for somebody else: a new session, the same evidence.
    page.goto(page.url)
    expect(badge(page, "Certificate").or_(badge(page, "Abstained"))).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_bad_picture_gets_one_sentence(page, shared):
    open_certify(page, shared)
    page.get_by_text("Upload", exact=True).click()
    for name, content, sentence in (
        ("not.png", b"hello", "PNG, JPEG, HEIC, AVIF, WebP, GIF, BMP"),
        ("empty.png", b"", "empty"),
        ("cut.png", png_of_a_seven()[:300], "cut off|damaged"),
    ):
        page.locator(".st-key-file input[type=file]").set_input_files(
            {"name": name, "mimeType": "image/png", "buffer": content}
        )
        alert = page.get_by_test_id("stAlert").filter(has_text=re.compile(sentence))
        expect(alert).to_be_visible(timeout=SLOW)
        expect(page.get_by_role("button", name="Certify", exact=True)).to_be_disabled()
        assert not (shared.home / "uploads" / hashlib.sha256(content).hexdigest()).exists()
    no_exception(page)


def test_weights_of_ones_own_become_a_checkpoint(page, shared, tmp_path):
    import torch

    from rsviz.checkpoints import load_checkpoint

    module, _ = load_checkpoint("digits-plain")
    torch.save({"arch": "digits-cnn", "state_dict": module.state_dict()}, tmp_path / "mine.pth.tar")
    (tmp_path / "evil.pth.tar").write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    open_certify(page, shared)
    page.get_by_text("Bring your own weights").click()
    uploader = page.locator(".st-key-weights input[type=file]")
    uploader.set_input_files(tmp_path / "evil.pth.tar")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="evil.pth.tar")).to_be_visible(timeout=SLOW)
    uploader.set_input_files(tmp_path / "mine.pth.tar")
    expect(page.get_by_text("mine.pth.tar")).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(1000)  # the name shows before the upload has arrived
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("mine is imported and selected.")).to_be_visible(timeout=SLOW)
    no_exception(page)
