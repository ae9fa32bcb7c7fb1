"""python -m rsviz.ui.serve [streamlit options]: `streamlit run app.py`, with what the pages need on its way.

Streamlit imports a page's modules when somebody first opens it, who then waits for seconds. Here a thread
imports them while the server starts.
"""

import importlib
import sys
import threading
from pathlib import Path

from streamlit.web import cli

APP = Path(__file__).resolve().parents[2] / "app.py"
MODULES = (
    *("rsviz.jobs.certify", "rsviz.ui.certify.view", "rsviz.ui.pickers", "rsviz.ui.bounds"),
    *(
        "rsviz.ui.attack",
        "rsviz.ui.evaluate_gallery",
        "rsviz.ui.evaluate_views",
        "rsviz.ui.noise_views",
        "rsviz.ui.population_views",
        "rsviz.ui.statistics",
    ),
    *("rsviz.ui.train", "rsviz.ui.training_compare"),
)


def main() -> None:
    """Serve until stopped; the arguments are those of `streamlit run`."""
    threading.Thread(target=lambda: [importlib.import_module(name) for name in MODULES], daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
