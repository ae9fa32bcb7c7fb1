"""How many people one server serves: sessions that speak to it over loopback websockets as browsers do.

    python -m benchmarks.sessions

starts a server of its own and prints, each three times, how long until 200 sessions that open at once are
all drawn, and the p50 and p95 of a rerun with 50 sessions that each rerun every 2 s, without and with a
certification running in the worker. Sessions, messages and time are bounded.
"""

import asyncio
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rsviz import jobs

OPEN, RERUN = 200, 50


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


async def _run_page(socket, query=""):
    """Ask for a run of the page and read until it is finished."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_name = "certify"
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

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home").start()
        try:
            open_sessions(server.url, 1, 60)
            time.sleep(10)  # the worker that the page started loads torch
            opened = [max(open_sessions(server.url, OPEN, 120)) for _ in range(3)]
            print(f"{OPEN} sessions at once, all drawn after: " + ", ".join(f"{s:.2f} s" for s in opened))
            for job in (False, True) * 3:
                seconds = sorted(rerun_sessions(server.url, server.home, RERUN, 2.0, 10.0, job=job))
                print(
                    f"{RERUN} sessions every 2 s, {'a job runs' if job else 'no job'}: "
                    f"p50 {1000 * statistics.median(seconds):.0f} ms, "
                    f"p95 {1000 * seconds[int(0.95 * len(seconds))]:.0f} ms of {len(seconds)} reruns"
                )
        except RuntimeError:
            print(server.log_tail())  # the page itself only says that something went wrong
            raise
        finally:
            server.stop()


if __name__ == "__main__":
    main()
