"""What browser tests stand on: a fresh server with a home of its own, and real Chromium kept on this machine.

`server` is the app, freshly started; `start_server` starts further ones; `page` is a Playwright page that
fails its test where a request would leave the machine, and leaves a screenshot where the test failed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Error, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
STARTUP_SECONDS = 60
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--no-proxy-server",
    # what a page asks of another host is recorded by `page` and reaches nobody
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", None}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
OUTCOME = pytest.StashKey[pytest.TestReport]()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            # the tests of one file share a Chromium and a server; two processes can take a file each
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[OUTCOME] = report
    return report


class Server:
    """`python -m streamlit run app.py` on a free port of this machine, with its own RSVIZ_HOME.

    `url` is its address without a slash at the end, and what str() gives; `home` its RSVIZ_HOME; `process`
    the running server; `log` the file of its output.
    """

    def __init__(self, home: Path, environment=None, app: Path = CHECKOUT / "app.py"):
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home.with_name(self.home.name + ".log")
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.process = None
        self._app = app
        self._environment = {**os.environ, "RSVIZ_HOME": str(self.home), **(environment or {})}

    def __str__(self):
        return self.url

    def start(self) -> "Server":
        """Start, and return when the server says that it is healthy."""
        command = [sys.executable, "-m", "streamlit", "run", str(self._app)]
        command += ["--server.port", str(self.port), "--server.headless", "true"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + STARTUP_SECONDS
        while not self.is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the server did not start:\n{self.log_tail()}")
            time.sleep(0.05)
        return self

    def is_healthy(self) -> bool:
        """Whether the server answers at /_stcore/health."""
        with contextlib.suppress(OSError):
            return DIRECT.open(f"{self.url}/_stcore/health", timeout=5).status == 200
        return False

    def kill(self) -> None:
        """Kill the server alone, as `kill -9` does; its worker goes on."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> "Server":
        """Kill the server, not the worker, and start it again at the same address and home."""
        self.kill()
        return self.start()

    def workers(self) -> list[psutil.Process]:
        """Every running process of this home but the server: the worker leads a session of its own."""
        return [process for process in processes_of(self.home) if process.pid != self.process.pid]

    def stop(self) -> None:
        """Kill everything that belongs to this home."""
        for _ in range(10):  # a server about to start a worker is killed before its worker is looked for
            processes = processes_of(self.home)
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if not processes:
                break
            psutil.wait_procs(processes, timeout=5)
        if self.process is not None:
            self.process.wait(timeout=10)

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


def processes_of(home: Path) -> list[psutil.Process]:
    """The living processes whose environment names this RSVIZ_HOME."""
    found = []
    for process in psutil.process_iter():
        # psutil caches no environment; a process that ends, or is not ours, is none of this home
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("RSVIZ_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def start_server(request, tmp_path):
    """start_server(home=None, **environment) -> a started `Server`; all of them end with the test."""
    servers = []

    def start(home=None, **environment) -> Server:
        server = Server(home or tmp_path / f"home-{len(servers)}", environment)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()
        if failed(request.node):
            print(f"\nlog of the server, {server.log}:\n{server.log_tail()}")


@pytest.fixture
def server(start_server) -> Server:
    """The app on a server that nobody has opened yet, with an empty home."""
    return start_server()


@pytest.fixture(scope="package")
def shared(tmp_path_factory) -> Server:
    """One server for the tests that need no fresh one and leave nothing behind that another would see."""
    server = Server(tmp_path_factory.mktemp("shared") / "home")
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """RSVIZ_CHROMIUM, else a Chromium on the PATH, else Playwright's own."""
    found = os.environ.get("RSVIZ_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        with sync_playwright() as playwright:
            found = playwright.chromium.executable_path
    if not Path(found).is_file():
        pytest.fail(
            "no Chromium found: scripts/test installs one, or set RSVIZ_CHROMIUM to one.", pytrace=False
        )
    return found


@pytest.fixture(scope="package")
def browser(chromium_path):
    """One Chromium for all browser tests.

    Not for the session: Playwright leaves its event loop running in this thread, where no other test can
    then call asyncio.run.
    """
    options = CHROMIUM_OPTIONS + (["--no-sandbox"] if os.name == "posix" and os.getuid() == 0 else [])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=options)
        yield browser
        browser.close()


@pytest.fixture
def page(request, browser, tmp_path):
    """A page in a context of its own; `page.outside` lists the requests that tried to leave the machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    outside = record_outside(context)
    page = context.new_page()
    page.outside = outside
    yield page
    if failed(request.node):
        save_screenshots(context, artifact_folder(request.node, tmp_path))
    context.close()
    assert not outside, f"requests that leave this machine: {outside}"


def record_outside(context) -> list[str]:
    """A list that grows by the URL of each request and websocket that is not for this machine."""
    outside = []

    def look(url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss", "ftp") and parts.hostname not in LOCAL_HOSTS:
            outside.append(url)

    context.on("request", lambda request: look(request.url))
    context.on("page", lambda page: page.on("websocket", lambda websocket: look(websocket.url)))
    return outside


def failed(item) -> bool:
    return item.stash.get(OUTCOME, None) is not None and item.stash[OUTCOME].failed


def artifact_folder(item, tmp_path) -> Path:
    """RSVIZ_ARTIFACTS/TEST where that is set, as on CI; else the test's temporary folder."""
    if not os.environ.get("RSVIZ_ARTIFACTS"):
        return tmp_path
    name = "".join(letter if letter.isalnum() else "-" for letter in item.name)
    return Path(os.environ["RSVIZ_ARTIFACTS"]) / name


def save_screenshots(context, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(context.pages):
        target = folder / f"page-{number}.png"
        try:
            page.screenshot(path=target, full_page=True, timeout=10_000)
            print(f"\nscreenshot: {target}")
        except Error as error:  # a crashed page must not hide why the test failed
            print(f"\nno screenshot: {error}")
