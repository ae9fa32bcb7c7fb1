"""python -m rsviz.ui.serve [streamlit options]: `streamlit run app.py`, with what the pages need on its way.

Streamlit imports a page's modules when somebody first opens it, who then waits for seconds. Here a thread
imports them while the server starts.
"""

import ast
import importlib
import sys
import threading
from pathlib import Path

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


def main() -> None:
    """Serve until stopped; the arguments are those of `streamlit run`."""
    threading.Thread(
        target=lambda: [importlib.import_module(name) for name in modules()], daemon=True
    ).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
