"""A class of two hundred: many sessions over loopback websockets, as browsers speak to the server.

Bounded in sessions, messages and time. What is asserted is that everybody is served; how fast is printed,
and measured against the targets by benchmarks/sessions.py.
"""

import pytest

from benchmarks.sessions import open_sessions, rerun_sessions

pytestmark = pytest.mark.load


def test_two_hundred_sessions_open_at_once(server):
    seconds = open_sessions(server.url, sessions=200, timeout=120)
    assert len(seconds) == 200
    print(f"200 sessions drawn within {max(seconds):.2f} s")


def test_fifty_sessions_rerun_while_a_job_runs(server):
    seconds = rerun_sessions(server.url, server.home, sessions=50, period=2.0, duration=7.0)
    assert len(seconds) >= 50 * 2
    print(f"p95 of {len(seconds)} reruns: {sorted(seconds)[int(0.95 * len(seconds))]:.3f} s")
