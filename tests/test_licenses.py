"""LICENSES.md says of datasets and libraries what their own records say."""

import re
from pathlib import Path

from rsviz.data import DATASETS
from rsviz.data.samples import FOLDER, SAMPLES

CHECKOUT = Path(__file__).resolve().parents[1]
TEXT = (CHECKOUT / "LICENSES.md").read_text("utf-8")


def table(header):
    """Rows of the table under `header`, as tuples of cells."""
    lines = TEXT.split(f"\n{header}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def test_rows_of_datasets_repeat_their_records():
    by_title = {info.title: info for info in DATASETS.values()}
    rows = table("| dataset | how it reaches the machine | source | licence |")
    assert rows
    for title, way, source, licence in rows:
        info = by_title[title]
        assert (source, licence) == (info.source, info.licence)
        assert way.startswith("installed" if info.embedded else "downloaded")


def test_every_sample_picture_has_a_row_with_its_source_and_licence():
    rows = {}
    for names, source, licence in table("| sample | source | licence |"):
        named = (
            [f"{label}-{hand}" for label in range(10) for hand in "abc"]
            if "..." in names
            else names.split(", ")
        )
        rows |= dict.fromkeys(named, (source, licence))
    assert rows == {sample.key: (sample.source, sample.licence) for sample in SAMPLES.values()}
    files = {path.name for path in FOLDER.iterdir() if path.suffix not in (".py", "")}
    assert files == {sample.file for sample in SAMPLES.values()}


def test_every_library_that_is_installed_is_named():
    named = {name.split()[0] for row in table("| library | licence |") for name in row[0].split(", ")}
    required = {
        re.match(r"[A-Za-z0-9_-]+", line)[0]
        for name in ("requirements.in", "requirements-ray.in")
        for line in (CHECKOUT / name).read_text("utf-8").splitlines()
        if line[:1].isalpha()
    }
    assert required <= named
