"""How many people one server serves: sessions that speak to it over loopback websockets as browsers do.

    python -m benchmarks.sessions [--only pages|lesson]

starts a server of its own and prints, each three times, how long until 200 sessions that open at once are
all drawn, and the p50 and p95 of a rerun with 50 sessions that each rerun every 2 s, without and with a
certification running in the worker. Then 200 sessions in one lesson: together they open it, and together
they go on to the next lesson; a step inside a lesson asks nothing of the server, so it is timed in Chromium
while they do. Sessions, messages and time are bounded.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rsviz import jobs
from rsviz.lessons import LESSONS

OPEN, RERUN, STEPS = 200, 50, 40


def open_sessions(url: str, sessions: int, timeout: float) -> list[float]:
    """Seconds until each of so many sessions, all started at once, has its Certify page complete."""

    async def one(begun):
        async with _connect(url) as socket:
            await _run_page(socket)
            return time.perf_counter() - begun

    async def everyone():
        begun = time.perf_counter()
        return await asyncio.gather(*(one(begun) for _ in range(sessions)))

    return _run(everyone(), timeout)


def rerun_sessions(url, home, sessions: int, period: float, duration: float, job=True) -> list[float]:
    """Seconds of each rerun of the Certify page by sessions that rerun every `period` for `duration` s.

    job: whether all of them watch a certification that runs meanwhile.
    """

    async def one(number, query):
        seconds = []
        async with _connect(url) as socket:
            await _run_page(socket, query)
            await asyncio.sleep(period * number / sessions)
            end = time.perf_counter() + duration
            while time.perf_counter() < end:
                begun = time.perf_counter()
                await _run_page(socket, query)
                seconds.append(time.perf_counter() - begun)
                await asyncio.sleep(max(0.0, period - seconds[-1]))
        return seconds

    async def everyone(query):
        return await asyncio.gather(*(one(number, query) for number in range(sessions)))

    with _certification(home) if job else _nothing() as query:
        each = _run(everyone(query), duration + 120)
    return [seconds for session in each for seconds in session]


def _run(coroutine, timeout):
    """In a thread of its own: where a browser is driven, this thread has an event loop already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(asyncio.wait_for(coroutine, timeout))).result()


def _connect(url):
    address = urlsplit(url)
    return websockets.connect(
        f"ws://{address.netloc}/_stcore/stream",
        subprotocols=["streamlit"],
        max_size=None,
        open_timeout=60,
        proxy=None,
    )


def lesson_sessions(url: str, lessons: Sequence[int], sessions: int, timeout: float) -> list[list[float]]:
    """Seconds until each of so many sessions has a lesson; all of them ask at once, for one after another.

    lessons: numbers of the lessons. Returns a list for each of them.
    """

    async def everyone():
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(_connect(url)) for _ in range(sessions)]
            found = []
            for number in lessons:
                begun = time.perf_counter()
                found.append(await asyncio.gather(*(one(socket, number, begun) for socket in sockets)))
            return found

    async def one(socket, number, begun):
        await _run_page(socket, f"n={number}", "lesson")
        return time.perf_counter() - begun

    return _run(everyone(), timeout)


async def _run_page(socket, query="", page="certify"):
    """Ask for a run of the page and read until it is finished."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_name = page
    await socket.send(message.SerializeToString())
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await socket.recv())
        if answer.WhichOneof("type") == "delta" and answer.delta.new_element.HasField("exception"):
            raise RuntimeError(answer.delta.new_element.exception.message)
        if (answer.WhichOneof("type"), answer.script_finished) == (
            "script_finished",
            ForwardMsg.FINISHED_SUCCESSFULLY,
        ):
            return


@contextmanager
def _nothing():
    yield ""


@contextmanager
def _certification(home):
    """A long job on the server's home; yields the query that shows it."""
    before = os.environ.get("RSVIZ_HOME")
    os.environ["RSVIZ_HOME"] = str(home)
    try:
        request = {
            "checkpoint": "digits-gaussian-0.25",
            "image": {"kind": "dataset", "dataset": "digits", "index": 0},
            "scale": 0.25,
            "n": 10_000_000,
        }
        job_id = jobs.submit("certify", request, session="benchmark")
        deadline = time.monotonic() + 60
        while not (jobs.get(job_id).progress or {}).get("history") and time.monotonic() < deadline:
            time.sleep(0.1)
        if not jobs.get(job_id).unfinished:
            raise RuntimeError(f"the job is {jobs.get(job_id).state}; it should run for minutes")
        yield f"job={job_id}"
        jobs.cancel(job_id)
    finally:
        if before is None:
            del os.environ["RSVIZ_HOME"]
        else:
            os.environ["RSVIZ_HOME"] = before


def main():
    from tests.browser.conftest import Server

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("pages", "lesson"))
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home").start()
        try:
            open_sessions(server.url, 1, 60)
            time.sleep(10)  # the worker that the page started loads torch
            if only != "lesson":
                _print_pages(server)
            if only != "pages":
                _print_lesson(server)
        except RuntimeError:
            print(server.log_tail())  # the page itself only says that something went wrong
            raise
        finally:
            server.stop()


def _print_pages(server):
    opened = [max(open_sessions(server.url, OPEN, 120)) for _ in range(3)]
    print(f"{OPEN} sessions at once, all drawn after: " + ", ".join(f"{s:.2f} s" for s in opened))
    for job in (False, True) * 3:
        seconds = rerun_sessions(server.url, server.home, RERUN, 2.0, 10.0, job=job)
        print(f"{RERUN} sessions every 2 s, {'a job runs' if job else 'no job'}: {_in_words(seconds)}")


def _print_lesson(server):
    for number in range(1, len(LESSONS) + 1):  # the first to open a lesson has its pictures drawn
        drawn = max(lesson_sessions(server.url, [number], 1, 60)[0])
        print(f"lesson {number} for the first time on this server: {drawn:.2f} s")
    with _chromium_in_a_lesson(server) as step:
        for name, many in (("nobody else", 0), (f"{OPEN} others", OPEN)):
            with ThreadPoolExecutor(1) as pool:
                others = pool.submit(lesson_sessions, server.url, [1, 4, 5, 6], many, 300) if many else None
                seconds = [step() for _ in range(STEPS)]
                print(f"a step in Chromium, {name}: {_in_words(seconds)}")
                for when, found in zip(
                    ("open", *["go on to"] * 3), others.result() if others else (), strict=False
                ):
                    print(f"{OPEN} sessions {when} a lesson together: {_in_words(found)}")


@contextmanager
def _chromium_in_a_lesson(server):
    """A function that makes one step in real Chromium, and returns the seconds until it is drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = os.environ.get("RSVIZ_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{server.url}/lesson?n=2&hall=1")
        page.locator(".deck[data-drawn]").wait_for(timeout=60_000)
        forward = True

        def step():
            nonlocal forward
            seconds = page.evaluate(STEP, "ArrowRight" if forward else "ArrowLeft")
            at, steps = page.locator(".deck .place").text_content().split("· ")[1].split(" of ")
            forward = at == "1" or (forward and at != steps)
            return seconds

        yield step
        browser.close()


STEP = """async key => {
  const begun = performance.now()
  document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, composed: true}))
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  return (performance.now() - begun) / 1000
}"""
"""A press of a key until the screen has the next frame but one: by then what it drew is seen."""


def _in_words(seconds) -> str:
    seconds = sorted(seconds)
    p95 = seconds[int(0.95 * len(seconds))]
    return f"p50 {1000 * statistics.median(seconds):.0f} ms, p95 {1000 * p95:.0f} ms of {len(seconds)}"


if __name__ == "__main__":
    main()
