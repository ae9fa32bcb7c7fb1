"""The playground under the finger: time from a move to the redrawn picture, first picture, size, messages.

    python -m benchmarks.playground [--busy 2] [--seconds 6] [--points 1000000] [--only browser|balls]

starts a server of its own, drags x in real Chromium, and prints, for each noise, p50 and p95 of the work of a
move (handler and redrawn frame), of the delay from the event to the end of that frame, which has the wait
for the screen in it, and of a step of the scale with all maps. --busy: processes that only count, beside it.
Then it searches --points random points a noise, on random maps, for a certified ball that reaches a cell
centre of another class of g.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rsviz.noise import NOISES

OPENED = 3
SCALE_STEPS = 60
WATCH = """root => {
  const it = root.playground, frame = window.requestAnimationFrame.bind(window)
  const seen = window.seen = {work: [], delay: [], scale: []}
  let working = 0, begun = null, kind = "work"
  const timed = run => (...given) => {
    const start = performance.now(), found = run(...given)
    working += performance.now() - start
    return found
  }
  it.changed = timed(it.changed.bind(it))
  window.requestAnimationFrame = step => frame(timed(step))
  const canvas = root.querySelector(".picture")
  canvas.addEventListener("pointermove", event => { begun ??= event.timeStamp }, true)
  new MutationObserver(() => {
    const delay = begun === null ? null : performance.now() - begun
    begun = null
    setTimeout(() => {
      if (working > 0 && (delay !== null || kind === "scale")) seen[kind].push(working)
      if (delay !== null) seen.delay.push(delay)
      working = 0
    })
  }).observe(root, {attributes: true, attributeFilter: ["data-drawn"]})
  window.step = scale => new Promise(done => {
    kind = "scale"
    working = 0
    it.set({scale}, 1e6)
    setTimeout(() => done(), 120)
  })
}"""


def in_the_browser(busy: int, seconds: float) -> None:
    from playwright.sync_api import sync_playwright

    from rsviz.ui.playground.component import script
    from tests.browser.conftest import CHROMIUM_NAMES, CHROMIUM_OPTIONS, Server, shutil

    print(f"script {len(script().encode()):,} bytes")
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    options = CHROMIUM_OPTIONS + (["--no-sandbox"] if os.getuid() == 0 else [])
    counting = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "home").start()
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        try:
            first = [_first_picture(browser, f"{server.url}/playground") for _ in range(OPENED + 1)]
            print("first picture: " + ", ".join(f"{one:.2f} s" for one in first[1:]), end="")
            print(f"; on a server just started {first[0]:.2f} s")
            for noise in NOISES:
                _drag(browser, f"{server.url}/playground?noise={noise}", noise, seconds)
        finally:
            browser.close()
            server.stop()
            for process in counting:
                process.kill()
                process.wait()


def _first_picture(browser, url) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, begun = context.new_page(), time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(".play[data-drawn]")
    seconds = time.perf_counter() - begun
    context.close()
    return seconds


def _drag(browser, url, noise, seconds):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, messages = context.new_page(), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: messages.append(frame)))
    page.goto(url)
    page.wait_for_selector(".play[data-drawn]")
    page.wait_for_timeout(1000)
    play = page.locator(".play")
    play.evaluate(WATCH)
    box = page.locator(".picture").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    before, begun, at = len(messages), time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        at += 1
        share = 0.5 + 0.4 * np.array([np.sin(at / 17), np.cos(at / 13)])
        page.mouse.move(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
        page.wait_for_timeout(8)
    told = (len(messages) - before) / (time.perf_counter() - begun)
    page.mouse.up()
    page.wait_for_timeout(500)
    seen = page.evaluate("window.seen")
    for step in range(SCALE_STEPS):
        page.evaluate("scale => window.step(scale)", 0.3 + 0.01 * step)
    seen["scale"] = page.evaluate("window.seen.scale")
    context.close()
    words = ", ".join(f"{name} {_quantiles(seen[name])}" for name in ("work", "delay", "scale"))
    print(f"{noise:17} {len(seen['work'])} moves: {words}; {told:.1f} messages a second while dragging")


def _quantiles(values) -> str:
    return "p50 {:.1f} p95 {:.1f} ms".format(*np.quantile(values, (0.5, 0.95)))


def balls(points: int) -> None:
    """Search random points, half of them on drawings of the scenes, for a ball that reaches another class."""
    from rsviz.plane import SmoothedPlane, certified_radii
    from tests.plane.random_maps import KINDS, RANDOM, distance_to_another_class, random_map

    kinds = [*RANDOM, *KINDS] * 2
    for key, noise in NOISES.items():
        rng, begun = np.random.default_rng(0), time.perf_counter()
        many, worst, proved = -(-points // len(kinds)), np.inf, 0
        for kind in kinds:
            g = SmoothedPlane(random_map(kind, rng), noise(float(np.exp(rng.uniform(-3, 0.7)))))
            places = rng.uniform(-2, 2, (many, 2))
            radii, distance = certified_radii(g, places), distance_to_another_class(g, places)
            finite = np.isfinite(distance)
            worst = min(worst, float((distance - radii)[finite].min(initial=np.inf)))
            proved += int((radii > 0.01).sum())
        print(
            f"{key:17} {many * len(kinds):,} points, {proved:,} with a radius above 0.01: smallest distance "
            f"left to another class {worst:.2e} ({time.perf_counter() - begun:.0f} s)"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("browser", "balls"))
    arguments = parser.parse_args()
    if arguments.only != "balls":
        in_the_browser(arguments.busy, arguments.seconds)
    if arguments.only != "browser":
        balls(arguments.points)


if __name__ == "__main__":
    main()
