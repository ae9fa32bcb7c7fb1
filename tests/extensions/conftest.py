"""Toys of every kind are tried in the shell and on the pages: one entry in a table is all that they need."""

import gc
import sys

import pytest
import streamlit as st

import rsviz
from tests.pages.conftest import open_page

__all__ = ["open_page"]

DOORS = ("rsviz.ui", "rsviz.cli")
"""Rooms that read the tables while they are imported."""


@pytest.fixture
def register(monkeypatch):
    """register(table, key, entry): adds an entry to a table for one test, as a line in its room would.

    Pages and commands are imported anew, since some of them read the tables when they are imported.
    """
    added = []
    kept = {name: module for name, module in sys.modules.items() if name.startswith(DOORS)}

    def add(table, key, entry):
        (entries,) = gc.get_referents(table) if not isinstance(table, dict) else (table,)
        assert key not in entries
        entries[key] = entry
        added.append((entries, key))
        _forget_doors()
        return entry

    yield add
    for entries, key in added:
        del entries[key]
    _forget_doors()
    st.cache_data.clear()  # what pages computed with the toy
    sys.modules.update(kept)
    for name in DOORS:
        if name in kept:
            setattr(rsviz, name.removeprefix("rsviz."), kept[name])


def _forget_doors():
    for name in [name for name in sys.modules if name.startswith(DOORS)]:
        del sys.modules[name]


@pytest.fixture
def shell(capsys):
    """shell(*arguments) -> what `python -m rsviz` prints with them, as they leave with status 0."""

    def run(*arguments):
        from rsviz.cli import main

        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        captured = capsys.readouterr()
        assert stop.value.code == 0, captured.err
        return captured.out

    return run


def words(app) -> str:
    """All that a page says."""
    kinds = ("title", "markdown", "caption", "info", "error", "warning")
    return " ".join(element.value for kind in kinds for element in app.get(kind))
