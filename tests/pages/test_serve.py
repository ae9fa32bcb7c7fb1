"""Pages that are opened while the server still imports them: no module is seen half initialised."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

# A package that imports its part, and takes its time; and a second thread that imports the part meanwhile.
PROGRAM = """
    import sys, threading, time
    sys.path.insert(0, sys.argv[1])
    from rsviz.ui.serve import import_one_at_a_time
    if sys.argv[2] == "guarded":
        import_one_at_a_time(threading.RLock())
    failed = []

    def open_page(statement):
        try:
            exec(statement)
        except Exception as error:
            failed.append(error)

    first = threading.Thread(target=open_page, args=("import slow",))
    first.start()
    time.sleep(0.3)
    open_page("from slow.part import DONE")
    first.join()
    print(len(failed))
"""


@pytest.fixture
def slow_package(tmp_path):
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "__init__.py").write_text(
        "import time; time.sleep(1)\nfrom slow import part\npart.DONE\n"
    )
    (tmp_path / "slow" / "base.py").write_text("")
    (tmp_path / "slow" / "part.py").write_text("from slow import base\nDONE = True\n")
    return tmp_path


def failures(folder, how):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder), how]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_two_threads_may_open_pages_of_one_package_at_once(slow_package):
    assert failures(slow_package, "guarded") == 0


def test_without_the_lock_one_of_them_sees_half_a_module(slow_package):
    """What the lock is for; where Python no longer does this, the lock can go."""
    assert failures(slow_package, "bare") > 0
