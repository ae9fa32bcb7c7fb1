"""What a release says about itself agrees in all places, and CONTRIBUTING names what exists."""

import re
import tomllib
from pathlib import Path

import rsviz

CHECKOUT = Path(__file__).resolve().parents[1]


def test_version_and_licence_agree():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = (CHECKOUT / "CITATION.cff").read_text("utf-8")
    assert f"version: {rsviz.__version__}\n" in citation
    assert f"license: {project['license']}\n" in citation
    assert (CHECKOUT / "LICENSE").read_text("utf-8").startswith(f"{project['license']} License")


def test_what_contributing_names_exists():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`((?:rsviz|tests|pages|scripts|checkpoints)/[\w./-]+)`", text))
    missing = {name for name in named if not (CHECKOUT / name).exists() and "NAME" not in name}
    assert len(named) > 5 and missing == set()
