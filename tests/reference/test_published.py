"""Published numbers: every number of every table is there, in its place; read again from the printed lines.

printed/ holds the lines of the tables as they stand in the papers' text (for Cohen et al., in their
repository), scanning noise included. What is read from them here is read without the product's code.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from rsviz.reference.papers import papers
from rsviz.reference.published import ATTACKED, CERTIFIED, FOLDER, QUANTITIES, curves, published

PRINTED = Path(__file__).parent / "printed"
TABLES = {table.key: table for table in published()}


def printed(key):
    return (PRINTED / f"{key}.txt").read_text(encoding="utf-8").splitlines()


def values(key):
    return [result.printed for result in TABLES[key].results]


def without_markup(line):
    return re.sub(r"</?b>", "", line)


def test_every_file_is_a_table_and_every_table_has_its_printed_lines():
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(TABLES)
    assert {path.stem for path in PRINTED.glob("*.txt")} == set(TABLES)


def test_all_tables_of_the_five_papers_are_there():
    counts = Counter(table.paper for table in TABLES.values())
    assert counts == {"cohen": 2, "li": 1, "li-arxiv": 1, "nal": 6, "unified": 1, "adre": 1}
    assert set(counts) - {"cohen"} == {paper.key for paper in papers()}


@pytest.mark.parametrize("key", ["nal-table-2", "nal-table-4", "nal-table-5", "nal-table-6"])
def test_tables_of_accuracy_under_attack_hold_every_printed_number_in_order(key):
    head, *lines = printed(key)
    radii = [float(number) for number in re.findall(r"[\d.]+", head.split("radius")[1])]
    assert radii == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]
    expected = [number for line in lines for number in re.findall(r"\b0\.\d{3,4}\b", without_markup(line))]
    assert len(expected) == len(lines) * 8
    assert values(key) == expected
    assert [result.radius for result in TABLES[key].results] == radii * len(lines)
    assert {result.quantity for result in TABLES[key].results} == {ATTACKED}


def test_table_of_adre_holds_every_printed_number_in_order():
    head, *lines = printed("adre-table-1")
    radii = [float(number) for number in re.findall(r"(?<=\t)[\d.]+(?=\t)", head)]
    assert radii == [0.25 * step for step in range(13)]
    expected = [re.findall(r"(?<=\t)\d\.\d\d(?=\t|$)", without_markup(line)) for line in lines]
    assert [len(row) for row in expected] == [14] * 16 + [13] * 9
    assert values("adre-table-1") == [number for row in expected for number in row]
    places = [result.radius for result in TABLES["adre-table-1"].results]
    assert places == [*radii[:12], None, None] * 16 + radii * 9
    labels = [re.findall(r"\$\\sigma = ([\d.]+)(?:, \\lambda = ([\d.]+))?", line)[0] for line in lines]
    starts = [0, *(sum(map(len, expected[:row])) for row in range(1, 25))]
    rows = [TABLES["adre-table-1"].results[start] for start in starts]
    assert [(row.sigma, row.settings.removeprefix("lambda = ")) for row in rows] == [
        (float(sigma), weight) for sigma, weight in labels
    ]
    assert [row.method for row in rows] == ["Basic"] * 4 + ["ADRE-REG"] * 12 + ["Basic"] * 3 + [
        "ADRE-REG"
    ] * 6
    assert [row.dataset for row in rows] == ["CIFAR-10"] * 16 + ["ImageNet"] * 9


@pytest.mark.parametrize("key", ["li-table-1", "li-arxiv-table-1"])
def test_tables_of_li_hold_every_printed_number_in_order(key):
    expected = []
    for line in printed(key):
        numbers = re.findall(r"\d+\.\d+", line)
        expected += [(numbers[0], numbers[1]), ("", numbers[2]), (numbers[3], numbers[4]), ("", numbers[5])]
    columns = TABLES[key].columns
    found = [(row[columns.index("radius")], row[columns.index("value")]) for row in TABLES[key].rows]
    assert found == expected
    assert TABLES[key].results[0].value == 0.435
    assert TABLES[key].results[2].radius == pytest.approx(36 / 255)


@pytest.mark.parametrize(("key", "step"), [("cohen-cifar10", 0.25), ("cohen-imagenet", 0.5)])
def test_tables_of_cohen_hold_every_printed_number_in_order(key, step):
    rows = [line.split(" & ") for line in printed(key)]
    assert values(key) == [number for row in rows for number in row[1:]]
    assert [result.sigma for result in TABLES[key].results] == [
        float(row[0]) for row in rows for _ in row[1:]
    ]
    places = [step * place for place in range(1, 7)]
    assert [result.radius for result in TABLES[key].results] == places * len(rows)


def test_adre_repeats_the_numbers_of_cohen():
    """Independent prints of the same runs: 36 numbers that must agree where both papers have the radius."""
    ours = {
        (result.dataset, result.sigma, result.radius): result.printed
        for result in TABLES["adre-table-1"].results
        if result.method == "Basic"
    }
    for key in ("cohen-cifar10", "cohen-imagenet"):
        for result in TABLES[key].results:
            assert ours[result.dataset, result.sigma, result.radius] == result.printed


@pytest.mark.parametrize("key", ["nal-table-1", "nal-table-3"])
def test_tables_of_settings_hold_every_printed_number(key):
    def numbers(text):
        text = re.sub(r"(\d) ?\\times 10\^\{(-\d)\}", r"\1e\2", text)
        return Counter(re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?:e-\d)?", text.replace("ResNet-18", "")))

    lines = printed(key)[1:]
    cells = "\n".join(cell for row in TABLES[key].rows for cell in row)
    assert numbers(cells.replace("VGG-16", "")) == numbers("\n".join(lines).replace("VGG-16", ""))
    assert len(TABLES[key].rows) == len(lines)


def test_the_table_of_words_has_every_verdict():
    text = " ".join(printed("unified-table-1"))
    verdicts = Counter(row[3] for row in TABLES["unified-table-1"].rows)
    assert verdicts["unable to certify"] == text.count("unable to certify") == 2
    assert verdicts["near optimal"] == text.count("near optimal") == 2
    assert verdicts["not optimal"] == text.count("not optimal") == 3
    assert verdicts["optimal"] == 1


def test_shares_radii_and_sources_are_sane():
    for table in TABLES.values():
        assert table.caption
        assert table.source
        for result in table.results:
            assert 0 <= result.value <= 1
            assert result.radius is None or 0 <= result.radius <= 3
            assert result.quantity in QUANTITIES


def test_certified_accuracy_never_grows_with_the_radius():
    found = curves(CERTIFIED)
    assert len(found) == 4 + 3 + 25 + 2 * 3 * 2
    for results in found.values():
        shares = [result.value for result in results]
        assert shares == sorted(shares, reverse=True)
        assert [result.radius for result in results] == sorted({result.radius for result in results})
    assert {name[1] for name in curves(CERTIFIED, "ImageNet")} == {"ImageNet"}
