"""Logs of the field: what is out there is read, what cannot be is refused by its line."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.stats import beta, norm

from rsviz.errors import RsvizError
from rsviz.evaluation import Counted, LogError, NoRadii, logs, read_log, write_log

HEADER = "idx\tlabel\tpredict\tradius\tcorrect\ttime"


def log(*rows, header=HEADER, end="\n"):
    return ("\n".join([header, *rows]) + end).encode()


def row(idx=0, label=3, predict=3, radius="0.5", correct="1", time="0:00:15.4"):
    return f"{idx}\t{label}\t{predict}\t{radius}\t{correct}\t{time}"


def test_a_log_as_cohens_code_writes_it():
    frame = read_log(log(row(0), row(20, predict=-1, radius="0.0", correct="0"), row(40, predict=4)))
    assert list(frame.columns) == list(logs.COLUMNS)
    assert frame["idx"].tolist() == [0, 20, 40]
    assert frame["predict"].tolist() == [3, -1, 4]
    assert frame["correct"].tolist() == [True, False, False]
    assert frame["radius"].tolist() == [0.5, 0.0, 0.5]
    assert [frame[name].dtype.kind for name in logs.COLUMNS] == list("iiifbf")
    assert frame.attrs == {"cut": False}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0:00:15.4", 15.4),
        ("0:00:15.412345", 15.412345),
        ("0:01:02", 62),
        ("11:00:00.000001", 39600.000001),
        ("1 day, 2:00:00", 93_600),
        ("-1 day, 23:59:59.5", -0.5),
        ("15.4", 15.4),
        ("3", 3),
        ("1e-05", 1e-5),
    ],
)
def test_times_of_every_kind(written, seconds):
    assert read_log(log(row(time=written)))["time"].tolist() == [seconds]


def test_correct_as_a_running_total_is_computed_anew():
    frame = read_log(log(*(row(i, predict=3 - i % 2, correct=(i + 2) // 2) for i in range(6))))
    assert frame["correct"].tolist() == [True, False] * 3


@pytest.mark.parametrize(
    "content",
    [
        log(row(0), row(1)).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + log(row(0), row(1)),
        log(row(0), "", row(1), "", ""),
        log(row(0), row(1), end=""),
        log(row(0), "1.0\t3.0\t3\t5e-1\tTrue\t15.4"),
    ],
)
def test_line_ends_marks_and_blank_lines_do_not_matter(content):
    assert_frame_equal(read_log(content), read_log(log(row(0), row(1))))


@pytest.mark.parametrize("length", range(1, len(row(1)) + 1))
def test_a_cut_last_line_never_spoils_or_invents_a_certificate(length):
    frame = read_log(log(row(0), row(1)[:length], end=""))
    whole = read_log(log(row(0), row(1)))
    assert len(frame) == (1 if frame.attrs["cut"] else 2)
    certificates = ["idx", "label", "predict", "radius", "correct"]
    assert_frame_equal(frame[certificates], whole[certificates][: len(frame)])


def test_further_columns_stay_and_the_order_of_columns_is_free():
    content = log("a  b\t0\t3\t3\t0.5\t1\t1.5", header="note\tidx\tlabel\tpredict\tradius\tcorrect\ttime")
    frame = read_log(content)
    assert frame["note"].tolist() == ["a  b"]
    assert frame["radius"].tolist() == [0.5]


BAD = {
    "nothing": (b"", "the log is empty", None),
    "truncated header": (log(row(), header="idx\tlabel\tpredi"), "has no column predict", 1),
    "a header alone": (log(), "a header and no image", None),
    "predictions without radii": (log(header="idx\tlabel\tpredict\tcorrect\ttime"), "no column radius", 1),
    "commas": (log(row()).replace(b"\t", b","), "separated by commas", 1),
    "spaces": (log(row()).replace(b"\t", b"  "), "separated by spaces", 1),
    "a column twice": (log(header=HEADER + "\ttime"), "a column twice", 1),
    "short row": (log(row(0), "1\t3\t3", row(2)), "3 columns; the header has 6", 3),
    "cut line that is not the last": (log(row(0), "1\t3\t3\t0.", row(2), end=""), "4 columns", 3),
    "long row": (log(row(0) + "\t1"), "7 columns", 2),
    "commas in one row": (log(row(0), row(1).replace("\t", ",")), "1 column;", 3),
    "header again": (log(row(0), HEADER, row(0)), "logs were joined", 3),
    "negative radius": (log(row(0), row(1, radius="-0.25")), "radius is '-0.25'", 3),
    "radius nan": (log(row(radius="nan")), "radius is 'nan'", 2),
    "radius inf": (log(row(radius="inf")), "radius is 'inf'", 2),
    "radius too large for a number": (log(row(radius="1e999")), "radius is '1e999'", 2),
    "radius in words": (log(row(radius="tensor(0.5)")), "radius is 'tensor", 2),
    "label below zero": (log(row(label=-1)), "label is '-1'", 2),
    "predict below abstain": (log(row(predict=-2)), "predict is '-2'", 2),
    "half a class": (log(row(predict="2.5")), "predict is '2.5'", 2),
    "abstains with a radius": (log(row(predict=-1)), "an abstention", 2),
    "an image twice": (log(row(7), row(8), row(7)), "idx 7 stands already in line 2", 4),
    "odd time": (log(row(time="15 s")), "time is '15 s'", 2),
    "odd correct": (log(row(correct="yes")), "correct is 'yes'", 2),
    "underscores": (log(row(idx="1_0")), "idx is '1_0'", 2),
    "other digits": (log(row(label="٣")), "label is", 2),
    "zero byte": (log(row(0), row(1) + "\0"), "zero byte", 3),
    "no text": (log(row(0)) + b"\xff\xfe\n", "not text in UTF-8", 3),
    "compressed": (b"\x1f\x8b\x08", "compressed", None),
    "an image file": (b"\x89PNG\r\n\x1a\n" + bytes(30), "not text", 1),
}


@pytest.mark.parametrize(("content", "reason", "line"), BAD.values(), ids=BAD)
def test_what_is_no_log_is_refused_with_line_and_reason(content, reason, line):
    with pytest.raises(LogError) as caught:
        read_log(content)
    assert reason in str(caught.value)
    assert caught.value.line == line
    assert line is None or str(caught.value).startswith(f"line {line}: ")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, RsvizError)


def test_enormous_logs_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 1000)
    monkeypatch.setattr(logs, "MAX_ROWS", 20)
    path = tmp_path / "log.tsv"
    path.write_bytes(log(*map(row, range(100))))
    for source in (path, path.read_bytes()):
        with pytest.raises(LogError, match="larger than"):
            read_log(source)
    with pytest.raises(LogError, match="more than 20 rows"):
        read_log(log(*(row(i, time="1") for i in range(21))))


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(LogError, match=r"nowhere\.tsv"):
        read_log("nowhere.tsv")


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8)


@st.composite
def tables(draw):
    count = draw(st.integers(1, 8))
    idx = draw(st.lists(st.integers(0, logs.MAX_INTEGER), min_size=count, max_size=count, unique=True))
    predict = draw(st.lists(st.integers(-1, 9), min_size=count, max_size=count))
    label = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    radius = draw(st.lists(NUMBERS.map(abs), min_size=count, max_size=count))
    frame = pd.DataFrame(
        {
            "idx": np.array(idx, np.int64),
            "label": np.array(label, np.int64),
            "predict": np.array(predict, np.int64),
            "radius": np.where(np.array(predict) == -1, 0.0, np.array(radius, float)),
            "correct": np.array(predict, np.int64) == np.array(label, np.int64),
            "time": np.array(draw(st.lists(NUMBERS, min_size=count, max_size=count)), float),
        }
    )
    if draw(st.booleans()):
        notes = draw(st.lists(TEXT, min_size=count, max_size=count))
        frame["note"] = pd.Series(notes, dtype=object)
    return frame


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=tables())
def test_what_is_written_is_read_again_to_the_last_bit(frame, tmp_path):
    write_log(frame, tmp_path / "log.tsv")
    assert_frame_equal(read_log(tmp_path / "log.tsv"), frame, check_exact=True)


@settings(max_examples=300, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.binary(max_size=4)).map(
            lambda edit: (content := log(row(0), row(1)))[: edit[0]] + edit[2] + content[edit[1] :]
        ),
    )
)
def test_whatever_comes_is_a_valid_table_or_a_log_error(content):
    try:
        frame = read_log(content)
    except LogError:
        return
    assert (frame["radius"] >= 0).all()
    assert np.isfinite(frame[["radius", "time"]].to_numpy()).all()
    assert (frame["predict"] >= -1).all()
    assert frame["idx"].is_unique
    assert ((frame["predict"] >= 0) | (frame["radius"] == 0)).all()


OTHER_HEADERS = {
    "radius proved": "idx\tlabel\tpredict\tradius proved\tcorrect\ttime",
    "capitals": "Idx\tLabel\tPredict\tRadius\tCorrect\tTime",
    "words of sklearn": "index\ttarget\tprediction\tcertified-radius\tcorrect\truntime",
    "norm in the name": "idx\ty\tpred\tradius_l2\tcorrect\tseconds",
}


@pytest.mark.parametrize("header", OTHER_HEADERS.values(), ids=OTHER_HEADERS)
def test_columns_by_other_names_are_the_same_columns(header):
    frame = read_log(log(row(0), row(20, predict=-1, radius="0.0"), header=header))
    frame.attrs.pop("norm", None)
    assert_frame_equal(frame, read_log(log(row(0), row(20, predict=-1, radius="0.0"))))


def test_the_name_of_a_radius_tells_its_norm():
    assert read_log(log(row(), header=HEADER.replace("radius", "radius_linf"))).attrs["norm"] == "linf"


def test_a_column_of_the_fields_name_is_taken_before_another_name_of_it():
    frame = read_log(log("0\t3\t3\t9\t0.5", header="idx\tlabel\tpredict\tcertified radius\tradius"))
    assert frame["radius"].tolist() == [0.5] and frame["certified radius"].tolist() == ["9"]


def test_time_and_correct_may_be_missing_in_any_order():
    frame = read_log(
        log("0\t1\t0.5\t3\t3", "1\t0\t0.0\t2\t-1", header="idx\tcorrect\tradius\tlabel\tpredict")
    )
    assert frame["radius"].tolist() == [0.5, 0.0] and frame["time"].tolist() == [0.0, 0.0]
    bare = read_log(log("0\t3\t3\t0.5", header="idx\tlabel\tpredict\tradius"))
    assert bare["correct"].tolist() == [True]


COUNTS = log(
    "0\t3\t3\t97036\t0.1584",
    "1\t3\t2\t50100\t0.1",
    "2\t1\t-1\t99000\t0.1",
    header="idx\tlabel\tpredict\tcount\tany_iid_distribution_bound",
)


def test_counts_become_the_radii_of_cohens_theorem_once_their_drawing_is_told():
    with pytest.raises(NoRadii, match="sigma, n and alpha"):
        read_log(COUNTS)
    frame = read_log(COUNTS, Counted(scale=0.5, n=100_000, alpha=0.001))
    p = beta.ppf(0.001, 97036, 100_000 - 97036 + 1)
    assert frame["radius"].tolist() == [pytest.approx(0.5 * norm.ppf(p), rel=1e-9), 0.0, 0.0]
    assert frame["predict"].tolist() == [3, -1, -1]  # 50,100 votes of 100,000 prove no majority
    with pytest.raises(LogError, match=r"line 2: count is '97036'; .* to 1000\b"):
        read_log(COUNTS, Counted(scale=0.5, n=1000))


def test_a_sigma_that_differs_from_image_to_image_is_told():
    header = HEADER + "\tsigma"
    assert read_log(log(row(0) + "\t0.31", row(5) + "\t0.45", header=header)).attrs["sigma"] == (0.31, 0.45)
    assert read_log(log(row(0) + "\t0.5", row(5) + "\t0.5", header=header)).attrs["sigma"] == (0.5, 0.5)
    assert "sigma" not in read_log(log(row(0) + "\tauto", header=header)).attrs


def test_a_table_that_is_no_log_is_not_written(tmp_path):
    frame = read_log(log(row(0), row(1)))
    bad = [
        frame.drop(columns="radius"),
        frame.assign(radius=np.nan),
        frame.assign(radius=-1.0),
        frame.assign(idx=5),
        frame.assign(label=[0.5, 1.0]),
        frame.assign(time=np.inf),
        frame.assign(note="a\tb"),
        frame.assign(note="a\nb"),
    ]
    for table in bad:
        with pytest.raises(LogError):
            write_log(table, tmp_path / "log.tsv")
    assert list(tmp_path.iterdir()) == []
