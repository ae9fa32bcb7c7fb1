"""How long a page takes from its address to its first picture, in a fresh browser on a warm server.

    python -m benchmarks.first_pictures [--rounds N] [PAGE ...]

starts a server of its own, opens each page once, and then N times, one page after the other, each in a fresh
context of Chromium at 1280 x 720 without anything in its cache. A page is there when all that its first
screen has to show is there and every chart in the window is drawn. Prints the median and the longest time.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from rsviz.ui.shell import PAGES
from tests.browser.first_screens import FIRST_SCREENS

WINDOW = {"width": 1280, "height": 720}
DRAWN = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
  .filter(it => it.getBoundingClientRect().top < innerHeight).every(it => it.querySelector('svg, canvas'))"""


def first_picture(browser, url: str, key: str) -> float:
    """Seconds from the address of a page to its first picture. key: of the page."""
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(f"{url}/{key}")
    for selector in FIRST_SCREENS[key]:
        page.locator(selector).first.wait_for(timeout=60_000)
    page.wait_for_function(DRAWN, timeout=60_000)
    seconds = time.perf_counter() - begun
    context.close()
    return seconds


def main():
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import Server

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pages", nargs="*", default=[page.key for page in PAGES], metavar="PAGE")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    chromium = os.environ.get("RSVIZ_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "home").start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        try:
            for key in asked.pages:
                first_picture(browser, server.url, key)
            time.sleep(10)  # the worker that the pages started loads torch
            rounds = [
                {key: first_picture(browser, server.url, key) for key in asked.pages}
                for _ in range(asked.rounds)
            ]
        finally:
            browser.close()
            server.stop()
    for key in asked.pages:
        seconds = [one[key] for one in rounds]
        print(f"{key:12} median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")


if __name__ == "__main__":
    main()
