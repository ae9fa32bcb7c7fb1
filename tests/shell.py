"""The command line in the test's own process: a process of its own costs seconds of imports each time."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

from rsviz.cli import main

CHECKOUT = Path(__file__).resolve().parents[1]


def shell(*arguments) -> tuple[int, str, str]:
    """(status, output, errors) of `python -m rsviz` with these arguments."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stop:
            return stop.code or 0, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def real_shell(*arguments) -> tuple[int, str, str]:
    """The same in a real process, where the process itself is what is tested."""
    command = [sys.executable, "-m", "rsviz", *map(str, arguments)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr
