"""Pictures of one's own in real Chromium: formats side by side, cross, full screen, drawing by touch."""

import re

from playwright.sync_api import expect

from tests.browser.steps import SLOW, badge, no_exception
from tests.data.test_images import four_colours, saved
from tests.strokes import PHOTOGRAPHED, photograph

FILES = {
    "phone.heic": ("HEIC", saved(four_colours(), "HEIF", quality=95)),
    "phone.avif": ("AVIF", saved(four_colours(), "AVIF", quality=95)),
    "moving.gif": ("GIF", saved(four_colours(), "GIF", save_all=True, append_images=[four_colours("L")])),
    "seven.jpg": ("JPEG", photograph(PHOTOGRAPHED[7], 7)),
}


def test_a_file_of_each_format_stands_beside_what_the_network_sees_until_the_cross(page, shared):
    page.goto(f"{shared}/certify?from=upload&checkpoint=mnist-gaussian-0.70")
    for name, (kind, content) in FILES.items():
        chooser = page.locator(".st-key-file input[type=file]")
        chooser.set_input_files({"name": name, "mimeType": "", "buffer": content})
        expect(page.get_by_text(re.compile(rf"Original: \d+ × \d+ {kind}"))).to_be_visible(timeout=SLOW)
        expect(page.get_by_text("What the network sees: 28 × 28 pixels")).to_be_visible(timeout=SLOW)
        expect(page.get_by_text(re.compile("Steps: .*shrunk to 28 × 28"))).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("This looks like writing on paper")).to_be_visible()
    page.get_by_text("Correct as writing on paper").click()
    expect(page.get_by_text(re.compile("Steps: ground flattened"))).to_be_visible(timeout=SLOW)
    seen = page.get_by_alt_text(re.compile("What the network sees"))
    seen.hover()
    frame = page.get_by_test_id("stFullScreenFrame").filter(has=seen)
    frame.get_by_role("button", name="Fullscreen").click()
    page.wait_for_function("([...document.images].some(i => i.clientHeight > 0.8 * innerHeight))")
    assert seen.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    page.keyboard.press("Escape")
    page.locator(".st-key-file").get_by_role("button", name=re.compile("Remove|Delete")).first.click()
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_disabled(timeout=SLOW)
    assert "image=" not in page.url
    no_exception(page)


def test_a_file_of_another_kind_is_refused_with_the_reason_in_sight(page, shared):
    page.goto(f"{shared}/certify?from=upload")
    chooser = page.locator(".st-key-file input[type=file]")
    chooser.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    reason = page.locator(".st-key-file").get_by_role("alert")
    expect(reason).to_have_text(re.compile("text/plain files are not allowed"), timeout=SLOW)
    assert reason.bounding_box()["width"] > 100  # a hidden one has a pixel
    no_exception(page)


def touch(page, box, points):
    """Draw a stroke with a finger. points: (x, y) in per cent of the box."""
    finger = page.context.new_cdp_session(page)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    places = [
        {"x": box["x"] + x * box["width"] / 100, "y": box["y"] + y * box["height"] / 100} for x, y in points
    ]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places[:1]})
    for place in places[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_digit_drawn_by_touch_is_certified(page, shared):
    page.goto(f"{shared}/certify?checkpoint=digits-gaussian-0.25")
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_enabled(timeout=SLOW)
    page.get_by_text("Draw", exact=True).click()
    canvas = page.get_by_label("Draw a digit here by mouse, touch or pen")
    expect(canvas).to_be_visible(timeout=SLOW)
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the page is drawn to its end, and the canvas stays where it is
    touch(page, canvas.bounding_box(), [(20, 20), (50, 20), (78, 20), (64, 50), (45, 88)])
    expect(page).to_have_url(re.compile("job="), timeout=SLOW)
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", name=re.compile("^7, certified within"))).to_be_visible(timeout=SLOW)
    first = page.url
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_disabled(timeout=SLOW)
    touch(page, canvas.bounding_box(), [(55, 10), (53, 50), (50, 90)])
    page.wait_for_url(lambda url: "job=" in url and url != first, timeout=SLOW)
    no_exception(page)
