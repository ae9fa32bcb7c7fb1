"""The Playground page in real Chromium: x under mouse, finger and keys, acts, drawing, links."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.stats import binom

from rsviz.noise import NOISES
from rsviz.plane import CELL, HALF, SCENES, SIDE, ClassMap, SmoothedPlane, certify_point
from rsviz.plane.networks import NETWORKS
from tests.browser.conftest import record_outside
from tests.browser.steps import SLOW, no_exception, open_home

KEYS_OF_SCENES = {str(number): key for number, key in enumerate([*SCENES, "draw"], 1)}


def open_playground(page, server, query=""):
    page.goto(f"{server}/playground{query}")
    expect(page.locator(".play")).to_have_attribute("data-drawn", re.compile("[0-9]"), timeout=SLOW)


def state(page) -> dict:
    return page.locator(".play").evaluate("root => root.playground.state")


def says(page, name, words):
    expect(page.locator(f".play {name}")).to_contain_text(words, timeout=SLOW)


def in_url(page, pattern):
    expect(page).to_have_url(re.compile(pattern), timeout=SLOW)


def pixel(page, x, y):
    """Where the point (x, y) of the plane is on the screen."""
    box = page.locator(".picture").bounding_box()
    return box["x"] + (x + HALF) / (2 * HALF) * box["width"], box["y"] + (HALF - y) / (2 * HALF) * box[
        "height"
    ]


def sent_messages(page) -> list:
    """A list that grows by each message to the server. Before the page is opened."""
    sent = []
    page.on("websocket", lambda websocket: websocket.on("framesent", lambda frame: sent.append(frame)))
    return sent


def set_scene(page, key):
    page.locator(".picture").focus()
    number = next(number for number, scene in KEYS_OF_SCENES.items() if scene == key)
    page.keyboard.press(number)
    in_url(page, f"scene={key}$" if key != "island" else "playground$")


def test_x_follows_mouse_and_keys_and_is_in_the_link_once_it_is_released(page, shared, browser):
    sent = sent_messages(page)
    open_playground(page, shared)
    assert "x=" not in page.url
    page.mouse.move(*pixel(page, -0.2, 0.0))
    page.mouse.down()
    before = len(sent)
    for step in range(1, 31):
        page.mouse.move(*pixel(page, -0.2 + 0.7 * step / 30, 0.4 * step / 30))
    page.wait_for_timeout(700)  # longer than the page waits before it sends
    found = state(page)
    assert (found["x"], found["y"]) == pytest.approx((0.5, 0.4), abs=0.01)
    assert len(sent) == before  # nothing is sent while x moves
    assert "x=" not in page.url
    page.mouse.up()
    in_url(page, rf"x={found['x']:g}.*y={found['y']:g}")
    certificate = certify_point(
        SmoothedPlane(SCENES["island"].class_map(), NOISES["gaussian"](0.5)), (found["x"], found["y"])
    )
    shown = f"{np.floor(certificate.radius * 1000) / 1000:.3f}"
    says(page, ".radii", shown)
    says(page, ".live", f"f says {'AB'[certificate.base]}, g says {'AB'[certificate.top]}.")
    says(page, ".live", f"p_A is {certificate.p_a:.3f}. The proved radius is {shown}.")

    page.locator(".picture").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    moved = state(page)
    assert moved["x"] - found["x"] == pytest.approx(2 * CELL, abs=1e-3)
    assert moved["y"] - found["y"] == pytest.approx(-CELL / 4, abs=1e-3)
    in_url(page, rf"x={moved['x']:g}.*y={moved['y']:g}")
    link = page.url

    page.keyboard.press("3")
    in_url(page, "scene=corridor")
    assert state(page)["x"] == 0
    page.go_back()
    in_url(page, re.escape(link.partition("?")[2]))
    says(page, ".live", f"x is at {moved['x']:.2f}")
    for opened in (page, browser.new_context().new_page()):  # reload; and a fresh browser
        open_playground(opened, shared, "?" + link.partition("?")[2])
        assert {key: state(opened)[key] for key in "xy"} == {key: moved[key] for key in "xy"}
        no_exception(opened)
    opened.context.close()


def test_a_finger_moves_x_and_the_page_stays_where_it_is(shared, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    outside = record_outside(context)
    page = context.new_page()
    open_playground(page, shared)
    page.locator(".picture").scroll_into_view_if_needed()
    place, finger = page.locator(".picture").bounding_box(), context.new_cdp_session(page)

    def touch(kind, x, y):
        a, b = pixel(page, x, y)
        points = [] if kind == "touchEnd" else [{"x": a, "y": b}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -0.2, 0.0)
    for step in range(1, 11):
        touch("touchMove", -0.2 + 0.1 * step, -0.12 * step)
    touch("touchEnd", 0, 0)
    in_url(page, "x=0.[78].*y=-1.[12]")
    assert page.locator(".picture").bounding_box() == place
    context.close()
    assert not outside


def test_each_scene_opens_by_tab_and_key_and_its_act_shows_what_it_says(page, shared):
    page.emulate_media(reduced_motion="reduce")
    open_playground(page, shared)
    shown = {}
    for number, key in KEYS_OF_SCENES.items():
        page.locator(f"[data-name=tab-{key}]").click()
        in_url(page, f"scene={key}" if number != "1" else "/playground(\\?|$)")
        expect(page.locator(f"[data-name=tab-{key}]")).to_have_attribute("aria-pressed", "true")
        shown[key] = page.locator(".says").text_content()
    assert len(set(shown.values())) == len(shown)
    set_scene(page, "island")
    page.keyboard.press("a")
    says(page, ".found", "g 0 times")
    assert (
        int(re.search(r"f changed its class (\d+) times", page.locator(".found").text_content()).group(1)) > 0
    )

    set_scene(page, "boundary")
    says(page, ".radii", "0.750")
    page.keyboard.press("a")
    says(page, ".radii", "0.552")
    in_url(page, "variant=1")

    set_scene(page, "corridor")
    says(page, ".answers", "g(x) = A")
    page.keyboard.press("a")
    says(page, ".answers", "g(x) = B")
    in_url(page, "scale=1.6")

    set_scene(page, "sectors")
    says(page, ".radii b", "0.022")
    page.keyboard.press("a")
    says(page, ".radii b", "0.186")
    in_url(page, "runner_up=measured")

    set_scene(page, "noises")
    page.keyboard.press("a")
    says(page, ".reads", "d = 150,528: the ℓ∞ cube has half-width 0.00258 R")
    in_url(page, "d=150528")

    set_scene(page, "rain")
    page.keyboard.press("a")
    says(page, ".reads", "of 200")
    false = {}
    for way in ("fixed", "peeked", "sequence"):
        page.locator("[data-name=way]").select_option(way)
        says(page, ".reads", "of 200")
        false[way] = int(re.search(r"False: (\d+) of 200", page.locator(".reads").text_content()).group(1))
    most = binom.isf(1e-4, 200, SCENES["rain"].settings.alpha)
    assert false["fixed"] <= most < false["peeked"]
    assert false["sequence"] <= most
    no_exception(page)


def test_the_rain_ends_with_all_votes_and_the_limits_of_the_sampled_certificate(page, shared):
    open_playground(page, shared, "?n=300&seed=5&scale=0.6")
    before = page.locator(".votes").text_content()
    assert "300 of 300 votes" in before and "≥" in before
    page.locator("[data-name=pace]").select_option("500")
    page.get_by_role("button", name="Let it rain").click()
    says(page, ".votes", "the limits hold once all are in")
    says(page, ".votes", "300 of 300 votes")
    expect(page.get_by_role("button", name="Let it rain")).to_be_visible(timeout=SLOW)
    expect(page.locator(".votes")).to_have_text(before)


def drawn_map(page) -> ClassMap:
    found = page.locator(".play").evaluate(
        "root => ({cells: [...root.playground.drawn.cells], classes: root.playground.drawn.classes})"
    )
    return ClassMap(np.reshape(found["cells"], (SIDE, SIDE)), found["classes"])


def test_a_drawing_is_painted_stamped_undone_saved_opened_and_travels_in_the_link(
    page, shared, browser, tmp_path
):
    open_playground(page, shared, "?scene=draw&x=0&y=0")
    page.locator("[data-name=clear]").click()
    assert not drawn_map(page).cells.any()
    page.locator("[data-name=class-2]").click()
    page.mouse.move(*pixel(page, -1.5, 1.0))
    page.mouse.down()
    page.mouse.move(*pixel(page, 1.5, 1.0), steps=40)
    page.mouse.up()
    stroke = drawn_map(page)
    assert stroke.classes == 3
    assert (stroke.at([(x, 1.0) for x in np.linspace(-1.5, 1.5, 31)]) == 2).all()
    assert (stroke.at([(0, 0.5), (0, 1.5), (-1.9, 1.0)]) == 0).all()

    page.locator("[data-name=class-1]").click()
    for tool in ("circle", "half-plane", "spiral", "stripes", "islands"):
        page.locator("[data-name=tool]").select_option(tool)
        page.locator(".picture").focus()
        page.keyboard.press("Enter")  # paints at x
        stamped = drawn_map(page)
        assert not np.array_equal(stamped.cells, stroke.cells)
        assert set(np.unique(stamped.cells)) <= {0, 1, 2}
        page.keyboard.press("u")
        assert np.array_equal(drawn_map(page).cells, stroke.cells)
    page.locator("[data-name=tool]").select_option("circle")
    page.locator("[data-name=paint]").click()
    kept = drawn_map(page)
    in_url(page, re.escape(f"map={kept.text()}"))

    with page.expect_download() as download:
        page.locator("[data-name=save]").click()
    file = tmp_path / "drawing.json"
    download.value.save_as(file)
    saved = json.loads(file.read_text())
    assert np.array_equal(ClassMap.from_runs(saved["runs"], saved["classes"]).cells, kept.cells)
    page.locator("[data-name=clear]").click()
    assert not drawn_map(page).cells.any()
    wrong = tmp_path / "wrong.json"
    for content in ("{}", "no JSON", json.dumps(saved | {"runs": "A5"}), json.dumps(saved | {"classes": 2})):
        wrong.write_text(content)
        page.locator("[data-name=open]").set_input_files(wrong)
        expect(page.locator(".problem")).to_have_text(
            "wrong.json is no drawing; it must be a file saved here."
        )
        assert not drawn_map(page).cells.any()
        page.locator(".play").evaluate("root => root.playground.complain('')")
    page.locator("[data-name=open]").set_input_files(file)
    in_url(page, re.escape(f"map={kept.text()}"))
    assert np.array_equal(drawn_map(page).cells, kept.cells)
    expect(page.locator(".problem")).to_be_hidden()

    other = browser.new_context().new_page()
    open_playground(other, shared, "?" + page.url.partition("?")[2])
    assert np.array_equal(drawn_map(other).cells, kept.cells)
    assert (
        other.locator(".play").evaluate("root => [...root.playground.g.cells]") == kept.cells.ravel().tolist()
    )
    other.context.close()


@pytest.mark.parametrize(
    "query",
    [
        "?scene=<script>document.title='x'</script>",
        "?x=NaN&scale=1e999&seed=-1",
        "?scene=draw&map=2" + "A" * 60_000,
    ],
)
def test_a_hostile_link_opens_the_default_and_says_so_once(page, shared, query):
    open_playground(page, shared, query)
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
    says_so = page.get_by_test_id("stAlert").text_content()
    assert "The link has values that are not allowed for:" in says_so
    found, settings = state(page), SCENES["island"].settings
    assert (found["y"], found["scale"], found["seed"]) == (0, settings.scale, settings.seed)
    assert page.title() == "Playground"
    no_exception(page)


SMALL_TEXTS = """root => {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = []
  while (walk.nextNode()) {
    const { parentElement: at, data } = walk.currentNode
    if (!data.trim() || !at.checkVisibility() || at.closest("option")) continue
    if (parseFloat(getComputedStyle(at).fontSize) < 16) found.push(data.trim())
  }
  return found
}"""
NAMELESS = """root => [...root.querySelectorAll("button, select, input, canvas")]
  .filter(one => one.checkVisibility() && !(one.ariaLabel || one.textContent.trim() && one.matches("button")
    || [...(one.labels ?? [])].some(label => label.textContent.trim())
    || one.closest("[role=group]")?.ariaLabel))
  .map(one => one.outerHTML)"""
SIZES = {"projector": (1280, 720), "tablet": (820, 1180), "phone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
def test_every_scene_fits_the_screen_in_letters_of_16_pixels_and_every_control_has_a_name(
    shared, browser, size
):
    width, height = SIZES[size]
    scheme = "dark" if size == "tablet" else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    open_playground(page, shared)
    assert page.locator(".play").evaluate("root => root.playground.theme.dark") == (scheme == "dark")
    for key in [*SCENES, "draw"]:
        page.locator(f"[data-name=tab-{key}]").click()
        expect(page.locator(f"[data-name=tab-{key}]")).to_have_attribute("aria-pressed", "true")
        if key != "island":
            in_url(page, f"scene={key}")
        page.wait_for_timeout(100)
        play, main = page.locator(".play"), page.get_by_test_id("stMain")
        assert play.evaluate(SMALL_TEXTS) == []
        assert play.evaluate(NAMELESS) == []
        wide = "root => [...root.querySelectorAll('*')].filter(one => one.checkVisibility() && "
        wide += "one.getBoundingClientRect().right > innerWidth + 0.5 && "
        wide += "getComputedStyle(one.parentElement).overflowX === 'visible').map(one => one.outerHTML)"
        assert play.evaluate(wide) == []
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
        if size == "projector":
            assert play.evaluate("root => root.getBoundingClientRect().bottom <= innerHeight"), key
    context.close()


def test_a_fresh_server_shows_what_the_link_says(page, server):
    link = "?scene=noises&x=0.125&y=-0.5&noise=laplace&scale=0.7&n=3000&alpha=0.01&seed=9"
    link += "&d=784&clip=1&show=ball,worst"
    open_playground(page, server, link)
    found = state(page)
    expected = {
        "scene": "noises", "x": 0.125, "y": -0.5, "noise": "laplace", "scale": 0.7, "n": 3000, "alpha": 0.01,
        "seed": 9, "d": 784, "clip": True, "show": ["ball", "worst"],
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    f = SCENES["noises"].class_map().clipped()
    certificate = certify_point(SmoothedPlane(f, NOISES["laplace"](0.7)), (0.125, -0.5))
    says(page, ".radii b", f"{np.floor(certificate.radius * 1000) / 1000:.3f}")
    no_exception(page)


def test_a_network_is_opened_and_taken_home_as_pictures_and_table(page, shared, tmp_path):
    open_playground(page, shared)
    page.locator("[data-name=tab-network]").click()
    page.locator("[data-name=net]").select_option("blobs-plain")
    in_url(page, "scene=blobs-plain")
    network = NETWORKS["blobs-plain"]
    says(page, ".says", f"f is right on {network.accuracy:.0%} of new points")
    assert page.locator(".play").evaluate("root => [...root.playground.g.cells]") == (
        network.class_map().cells.ravel().tolist()
    )
    open_home(page)
    starts = {"PNG": b"\x89PNG", "SVG": b"<svg", "CSV": b"x,y,f,g,p_0,p_1,p_2\n"}
    for label, start in starts.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click(timeout=SLOW)
        file = tmp_path / label
        download.value.save_as(file)
        assert file.read_bytes().startswith(start)
    assert (tmp_path / "CSV").read_text().count("\n") == SIDE * SIDE + 1
    expect(page.get_by_test_id("stCode").filter(has_text="NETWORKS['blobs-plain']")).to_be_visible()
    no_exception(page)


def test_lecture_mode_fills_the_screen_with_the_picture_and_the_tour_leaves_with_esc(page, shared):
    page.set_viewport_size({"width": 1280, "height": 720})
    open_playground(page, shared, "?scene=corridor&tour=1")
    expect(page.get_by_text("1 of 9")).to_be_visible(timeout=SLOW)
    page.locator(".picture").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("1 of 9")).to_be_hidden(timeout=SLOW)
    page.keyboard.press("f")
    in_url(page, "hall=1")
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    box = page.locator(".picture").bounding_box()
    assert box["height"] >= 0.7 * 720 and box["y"] + box["height"] <= 720
    letters = page.locator(".says").evaluate("it => parseFloat(getComputedStyle(it).fontSize)")
    assert letters >= 24
    assert page.locator(".play").evaluate("root => 16 * root.playground.picture.zoom") >= 24
    page.reload()
    expect(page.get_by_test_id("stHeader")).to_be_hidden(timeout=SLOW)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stHeader")).to_be_visible(timeout=SLOW)
    no_exception(page)
