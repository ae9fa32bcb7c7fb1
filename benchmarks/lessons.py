"""Every step of every lesson by its link, in a fresh browser on a fresh server with an empty home.

    python -m benchmarks.lessons

walks through all lessons on one server and takes a picture of each step; then opens each step's link in a new
browser context on another server, and compares the pictures pixel by pixel. Prints how many are equal, which
are not, how long the first picture takes, and that no job was started.
"""

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from rsviz.lessons import LESSONS
from tests.browser.conftest import Server
from tests.browser.test_lesson_page import BARELY, HALL, at, differing, every_step, open_step, settled


def main():
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        one, other = (Server(Path(folder) / name).start() for name in ("author", "fresh"))
        chromium = os.environ.get("RSVIZ_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        try:
            pictures = _walk(browser, one)
            seconds, different = _restore(browser, other, pictures)
            print(f"{len(pictures)} steps of {len(LESSONS)} lessons: {len(pictures) - len(different)} equal")
            for number, step in different:
                print(f"lesson {number}, step {step}: another picture")
            print(f"first picture: median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s")
            print(
                "jobs on the two servers:",
                sum(len(list(home.glob("jobs/*"))) for home in (one.home, other.home)),
            )
        finally:
            browser.close()
            one.stop()
            other.stop()


def _walk(browser, server) -> dict:
    """(lesson, step) -> (query of its link, picture)."""
    page = browser.new_page(viewport=HALL)
    open_step(page, server, "n=1&hall=1")
    return {place: (urlsplit(page.url).query, settled(page)) for place in every_step(page)}


def _restore(browser, server, pictures):
    seconds, different = [], []
    for place, (query, picture) in pictures.items():
        context = browser.new_context(viewport=HALL)
        page = context.new_page()
        begun = time.perf_counter()
        open_step(page, server, query)
        seconds.append(time.perf_counter() - begun)
        at(page, *place)
        if differing(settled(page), picture) > BARELY:
            different.append(place)
        context.close()
    return seconds, different


if __name__ == "__main__":
    main()
