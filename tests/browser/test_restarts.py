"""The journeys of a person whose server is killed and started again below an open page.

The page connects anew by itself, with a new session. What was set, uploaded, drawn, imported or begun is
still there, the journey goes on in the same tab, and a reload shows the same.
"""

import json
import re

import pytest
import torch
from playwright.sync_api import expect

from rsviz.checkpoints import load_checkpoint
from tests import materials
from tests.browser.conftest import Server
from tests.browser.steps import SLOW, badge, drawn, go_to, no_exception, open_home, start
from tests.browser.test_pictures import touch
from tests.browser.test_settings_hold import request_of, set_seed
from tests.strokes import PHOTOGRAPHED, photograph

WATCH = """() => {
  const app = document.querySelector(".stApp"), seen = new Set()
  const look = () => seen.add(`${app.dataset.testConnectionState} ${app.dataset.testScriptState}`)
  new MutationObserver(look).observe(app, {attributes: true})
  window.drawnAgain = () => {
    look()
    return seen.has("CONNECTED running") && app.dataset.testScriptState === "notRunning"
  }
}"""
"""Whether the page has connected and was drawn to its end since; a reload would forget the function."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server, and one home, for all journeys of this file."""
    server = Server(tmp_path_factory.mktemp("restarts") / "home")
    yield server.start()
    server.stop()


def restart(page, server):
    """Kill the server and start it again; wait until the open page was drawn by the new one."""
    server.kill()
    expect(page.locator('.stApp[data-test-connection-state="CONNECTED"]')).to_have_count(0, timeout=SLOW)
    page.evaluate(WATCH)
    server.start()
    page.wait_for_function("drawnAgain()", timeout=SLOW)
    no_exception(page)


def open_page(page, url, button):
    page.goto(url)
    expect(page.get_by_role("button", name=button, exact=True)).to_be_enabled(timeout=SLOW)


def certified(page):
    return page.locator(".st-key-state").get_by_text(re.compile("(Certificate|Abstained)$"))


def reload(page):
    page.reload()
    no_exception(page)


def test_a_training_goes_on_while_its_person_is_elsewhere(page, server):
    """Digits without noise: to another page and back, through a reload, to a certificate with the network."""
    open_page(page, f"{server}/train?t_method=plain&t_epochs=6&t_name=mine", "Train")
    start(page, "Train")
    mine = re.search("job=[0-9a-f]+", page.url).group()
    go_to(page, "bounds")
    expect(page.get_by_role("heading", name="Every bound, side by side")).to_be_visible(timeout=SLOW)
    restart(page, server)
    go_to(page, "train")
    expect(page).to_have_url(re.compile(f"/train.*{mine}"), timeout=SLOW)
    page.reload()
    expect(badge(page, "Trained")).to_be_visible(timeout=2 * SLOW)
    expect(page.get_by_text(re.compile("Its weights after epoch .* are the checkpoint mine"))).to_be_visible(
        timeout=SLOW
    )
    card = json.loads((server.home / "checkpoints" / "mine.json").read_text())
    clean = card["metrics"]["clean_accuracy"]["value"]
    expect(page.get_by_role("heading", name=f"{100 * clean:.1f} % right without noise")).to_be_visible()
    open_home(page)
    command = page.get_by_test_id("stCode").filter(has_text="python -m rsviz train")
    expect(command).to_contain_text("--method plain", timeout=SLOW)
    expect(command).to_contain_text("--epochs 6")
    no_exception(page)
    page.get_by_role("link", name="Certify with it").click()
    checkpoint = page.get_by_role("combobox", name="Checkpoint")
    expect(checkpoint).to_have_value(re.compile("^mine"), timeout=SLOW)
    start(page, "Certify")
    expect(certified(page)).to_be_visible(timeout=SLOW)
    no_exception(page)


def test_a_changed_setting_stays_changed_and_its_link_asks_the_same(page, server, browser):
    open_page(page, f"{server}/certify?n=1000&sigma=0.3&seed=3", "Certify")
    start(page, "Certify")
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    set_seed(page, "4")
    expect(page.get_by_text("Seed 3 → 4")).to_be_visible(timeout=SLOW)
    restart(page, server)
    expect(page.locator(".st-key-seed input")).to_have_value("4")
    expect(page.get_by_text("Seed 3 → 4")).to_be_visible()
    expect(badge(page, "with other settings")).to_be_visible()

    context = browser.new_context()
    other = context.new_page()
    requests = []
    for one in (other, page):
        first = page.url
        if one is other:
            open_page(other, first, "Certify")
            expect(other.get_by_text("Seed 3 → 4")).to_be_visible(timeout=SLOW)
        one.get_by_role("button", name="Certify", exact=True).click()
        expect(one).not_to_have_url(first, timeout=SLOW)
        expect(badge(one, "Certificate")).to_be_visible(timeout=SLOW)
        expect(one.get_by_text("Settings changed")).to_have_count(0)
        requests.append(request_of(server, one))
    assert requests[0] == requests[1]
    assert (requests[0]["seed"], requests[0]["scale"], requests[0]["n"]) == (4, 0.3, 1000)
    context.close()
    reload(page)
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)


def test_an_upload_stays_beside_what_the_network_sees(page, server):
    def side_by_side():
        expect(page.get_by_text(re.compile(r"Original: \d+ × \d+ JPEG"))).to_be_visible(timeout=SLOW)
        expect(page.get_by_text("What the network sees: 28 × 28 pixels")).to_be_visible(timeout=SLOW)
        expect(page.get_by_text(re.compile("Steps: ground flattened"))).to_be_visible(timeout=SLOW)

    open_page(page, f"{server}/certify?n=1000&checkpoint=mnist-gaussian-0.70", "Certify")
    page.get_by_text("Upload", exact=True).click()
    chooser = page.locator("[class*=st-key-file] input[type=file]")
    seven = {"name": "seven.jpg", "mimeType": "", "buffer": photograph(PHOTOGRAPHED[7], 7)}
    chooser.set_input_files(seven)
    correction = page.get_by_role("switch", name="Correct as writing on paper")
    expect(correction).to_be_visible(timeout=SLOW)
    drawn(page)
    page.get_by_text("Correct as writing on paper").click()
    expect(correction).to_be_checked()
    side_by_side()
    restart(page, server)
    side_by_side()
    page.get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_disabled(timeout=SLOW)
    expect(chooser).to_have_count(1, timeout=SLOW)  # the uploader of before the restart is gone
    chooser.set_input_files(seven)
    side_by_side()
    start(page, "Certify")
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    side_by_side()
    reload(page)
    side_by_side()


def test_a_drawing_stays_on_the_canvas_and_goes_on(page, server):
    def ink():
        """Dark points of the canvas."""
        values = "canvas.getContext('2d').getImageData(0, 0, 280, 280).data"
        return canvas.evaluate(f"canvas => {values}.filter((value, i) => i % 4 === 0 && value < 99).length")

    open_page(page, f"{server}/certify?checkpoint=digits-gaussian-0.25", "Certify")
    page.get_by_text("Draw", exact=True).click()
    canvas = page.get_by_label("Draw a digit here by mouse, touch or pen")
    expect(canvas).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile("from=draw"), timeout=SLOW)
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the page is drawn to its end, and the canvas stays where it is
    touch(page, canvas.bounding_box(), [(20, 20), (50, 20), (78, 20)])
    expect(page).to_have_url(re.compile("job="), timeout=SLOW)
    bar = ink()
    restart(page, server)
    assert ink() == bar
    expect(certified(page)).to_be_visible(timeout=SLOW)
    first = page.url
    canvas.scroll_into_view_if_needed()
    touch(page, canvas.bounding_box(), [(78, 20), (64, 50), (45, 88)])
    page.wait_for_url(lambda url: "job=" in url and url != first, timeout=SLOW)
    expect(page.get_by_role("heading", name=re.compile("^7, certified within"))).to_be_visible(timeout=SLOW)
    seven = ink()
    assert seven > bar
    reload(page)
    expect(page.get_by_role("heading", name=re.compile("^7, certified within"))).to_be_visible(timeout=SLOW)
    expect(canvas).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)  # the stored picture is painted
    assert abs(ink() - seven) < 50


def test_an_import_goes_on_to_a_table_beside_a_published_number(page, server, tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(server.home))
    materials.require("mnist")
    module, _ = load_checkpoint("mnist-gaussian-0.70")
    weights = {f"module.{key}": value for key, value in module.state_dict().items()}
    torch.save({"epoch": 9, "state_dict": weights}, tmp_path / "brought.pth.tar")
    open_page(page, f"{server}/evaluate?limit=10&n=100", "Evaluate")
    page.get_by_text("Bring your own weights").click()
    chooser = page.locator("[class*=st-key-weights] input[type=file]")
    go = page.get_by_role("button", name="Import", exact=True)
    chooser.set_input_files(tmp_path / "brought.pth.tar")
    expect(go).to_be_enabled(timeout=SLOW)
    go.click()
    expect(page.get_by_text("The worker is checking the file")).to_be_visible(timeout=SLOW)
    restart(page, server)
    expect(page.get_by_text("brought is imported and selected.")).to_be_visible(timeout=SLOW)
    checkpoint = page.get_by_role("combobox", name="Checkpoint")
    expect(checkpoint).to_have_value(re.compile("^brought"), timeout=SLOW)
    expect(page.get_by_text("Training: nothing is known of its training")).to_be_visible(timeout=SLOW)
    scale = page.locator(".st-key-scale input[type=number]")  # a slider of another network may still fade
    expect(scale).to_have_value("")
    scale.fill("0.7")
    scale.press("Enter")
    expect(page.get_by_role("button", name="Evaluate", exact=True)).to_be_enabled(timeout=SLOW)
    start(page, "Evaluate")
    restart(page, server)
    expect(checkpoint).to_have_value(re.compile("^brought"))
    expect(scale).to_have_value("0.7")
    row = page.get_by_role("cell", name=re.compile("^brought"))
    expect(row).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0, timeout=SLOW)
    page.wait_for_timeout(1000)  # the page that is no longer asked for news is drawn once more
    published = page.locator(".st-key-e_papers").get_by_role("combobox")
    published.click()
    published.press_sequentially("STN")
    page.get_by_role("option", name=re.compile(r"^MNIST: STN \(published: Li et al. 2019")).click()
    page.keyboard.press("Escape")
    printed = page.get_by_role("cell", name=re.compile("^STN .published: Li"))
    expect(printed).to_be_visible(timeout=SLOW)
    reload(page)
    expect(printed).to_be_visible(timeout=SLOW)
    expect(row).to_be_visible()
    open_home(page)
    page.get_by_test_id("stButtonGroup").get_by_text("LaTeX", exact=True).click()
    code = page.get_by_test_id("stCode").filter(has_text="\\toprule")
    expect(code).to_contain_text("published, \\cite{li2019certified}", timeout=SLOW)
    expect(code).to_contain_text("brought")
    expect(page.get_by_test_id("stCode").filter(has_text="@inproceedings{li2019certified,")).to_be_visible()
    no_exception(page)
