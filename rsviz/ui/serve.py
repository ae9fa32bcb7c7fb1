"""python -m rsviz.ui.serve [streamlit options]: `streamlit run app.py`, with what the pages need ahead.

Streamlit imports a page's modules in the thread of the first session that opens it, which takes seconds. Here
a thread imports them once the server runs, and all threads import one at a time: two that import parts of
one package at once can see it half initialised, for Python breaks the deadlock of their locks that way.
"""

import ast
import builtins
import importlib
import sys
import threading
import time
from pathlib import Path

from streamlit.runtime import Runtime, RuntimeState
from streamlit.web import cli

APP = Path(__file__).resolve().parents[2] / "app.py"


def modules() -> list[str]:
    """The modules of rsviz that the pages import, in their order."""
    found = {}
    for page in sorted((APP.parent / "pages").glob("*.py")):
        for node in ast.parse(page.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module.startswith("rsviz"):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                found |= dict.fromkeys(name for name in names if _is_module(name))
    return list(found)


def _is_module(name) -> bool:
    path = APP.parent.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def import_one_at_a_time(lock: threading.RLock) -> None:
    """Let every import statement of this process wait for this lock."""
    import_module = builtins.__import__

    def waiting(*arguments, **options):
        with lock:
            return import_module(*arguments, **options)

    builtins.__import__ = waiting


def import_pages(lock: threading.RLock) -> None:
    """Once the server runs, import what the pages need; other threads may import between two modules."""
    while not _server_runs():  # before, they would only compete with the server's own start
        time.sleep(0.02)
    for name in modules():
        with lock:
            importlib.import_module(name)


def _server_runs() -> bool:
    return Runtime.exists() and Runtime.instance().state is not RuntimeState.INITIAL


def main() -> None:
    """Serve until stopped; the arguments are those of `streamlit run`."""
    lock = threading.RLock()
    import_one_at_a_time(lock)
    threading.Thread(target=import_pages, args=(lock,), daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
