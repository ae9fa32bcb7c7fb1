"""The log format of the field (Cohen et al. 2019, code/certify.py): one line per image, tabs between columns.

    idx  label  predict  radius  correct  time          predict is -1 where the smoothed classifier abstains

The reader accepts the variants in use: other names of the columns, no time, time as 0:00:15.4 or in seconds,
additional columns, `correct` as a running total or not at all, counts in place of radii, an incomplete last
line. It refuses impossible values with the number of the line.
"""

import datetime
import math
import re
from os import PathLike
from pathlib import Path

import numpy as np

from rsviz.errors import RsvizError, short
from rsviz.evaluation.log_columns import COLUMNS, Counted, different_sigmas, rename
from rsviz.files import write_atomically
from rsviz.lazy import lazy
from rsviz.smoothing import ABSTAIN

pd = lazy("pandas")

NEEDED = COLUMNS[:4]

MAX_BYTES = 64_000_000
MAX_ROWS = 1_000_000
MAX_COLUMNS = 64
MAX_INTEGER = 2**31 - 1

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(r"(?:(-?\d+) days?, )?(\d+):([0-5]?\d):([0-5]?\d(?:\.\d*)?)", re.ASCII)


class LogError(RsvizError):
    """A log cannot be read or written. line: number of the faulty line, or None."""

    def __init__(self, reason: str, line: int | None = None):
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line


class NoRadii(LogError):
    """A log has counts and no radii: `read_log` needs to be told how the votes were drawn."""


def read_log(source: str | PathLike | bytes, counted: Counted | None = None) -> "pd.DataFrame":
    """Read a log as a table, one row for each image, in the order of the file.

    source: path of a file, or its content. counted: how the votes of a log without radii were drawn.
    Returns the columns idx, label, predict int64 (predict is -1 for an abstention), radius float64 in pixel
    units, correct bool (computed: predict == label), time float64 in seconds, 0 where the log has none, then
    additional columns as text. attrs: "cut", whether an incomplete last line was left out; "sigma", smallest
    and largest of the images, and "norm" of the radii, each only where the log tells it.
    Raises LogError for another delimiter or header, rows of different width, values that are not numbers,
    radii that are negative or not finite, a repeated image, no image at all, and more than MAX_BYTES or
    MAX_ROWS; NoRadii where the log has counts, no radii, and `counted` is None.
    """
    names, norm, rows, lines, unfinished = _split(_text(_content(source)))
    if "radius" not in names and counted is None:
        raise NoRadii(
            "the log has counts of votes and no radii; please give sigma, n and alpha of these votes."
        )
    cut = False
    if unfinished and _first_fault(names, rows[-1:], lines[-1:]):
        rows, lines, cut = rows[:-1], lines[:-1], True
    fault = _first_fault(names, rows, lines, counted)
    if fault:
        raise LogError(fault[1], fault[0])
    if not rows:
        raise LogError("the log has a header and no image; each further line is one image.")
    cells = dict(zip(names, zip(*rows, strict=True), strict=True))
    columns = {name: np.array(cells[name], np.float64).astype(np.int64) for name in COLUMNS[:3]}
    if "radius" in cells:
        columns["radius"] = np.array(cells["radius"], np.float64)
    else:
        named = columns["predict"] != ABSTAIN
        columns["radius"] = np.where(named, counted.radii(np.array(cells["count"], np.float64)), 0.0)
        columns["predict"] = np.where(columns["radius"] > 0, columns["predict"], ABSTAIN)
    columns["correct"] = columns["predict"] == columns["label"]
    columns["time"] = np.array([_seconds(cell) for cell in cells.get("time", ["0"] * len(rows))], np.float64)
    columns |= {name: pd.Series(cells[name], dtype=object) for name in names if name not in COLUMNS}
    frame = pd.DataFrame(columns)
    _refuse_repeated(frame["idx"].to_numpy(), lines)
    frame.attrs["cut"] = cut
    if norm is not None:
        frame.attrs["norm"] = norm
    if "sigma" in cells and (sigma := different_sigmas(cells["sigma"])):
        frame.attrs["sigma"] = sigma
    return frame


def write_log(frame: "pd.DataFrame", path: str | PathLike) -> None:
    """Write a table with the columns of `read_log` as a log, from which `read_log` gives the same table.

    Additional columns are written as text; `correct` is computed. Radii keep every digit. Times are written
    as in the logs of Cohen et al., or in seconds if they need more digits than microseconds.
    Raises LogError if the table is not a log; then nothing is written.
    """
    missing = [name for name in COLUMNS if name not in frame.columns and name != "correct"]
    if missing:
        raise LogError(f"the table has no column {missing[0]}; a log has {', '.join(COLUMNS)}.")
    others = [name for name in frame.columns if name not in COLUMNS]
    for name in ("radius", "time"):
        if not np.isfinite(np.asarray(frame[name], np.float64)).all():
            raise LogError(f"{name} holds what is no finite number.")
    integers = {name: _integers(name, frame[name]) for name in COLUMNS[:3]}
    cells = [integers[name] for name in COLUMNS[:3]]
    cells.append([repr(float(value)) for value in frame["radius"]])
    cells.append(["1" if a == b else "0" for a, b in zip(cells[1], cells[2], strict=True)])
    cells.append([_written_time(float(value)) for value in frame["time"]])
    cells += [[str(value) for value in frame[name]] for name in others]
    lines = ["\t".join(row) for row in zip(*cells, strict=True)]
    content = "\n".join(["\t".join([*COLUMNS, *map(str, others)]), *lines]) + "\n"
    if not read_log(content.encode()).shape == (len(frame), len(COLUMNS) + len(others)):
        raise LogError("a further column holds a tab or a line break, which a log cannot hold.")
    write_atomically(Path(path), content.encode())


def _content(source) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    else:
        path = Path(source)
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "that is no path"
            raise LogError(f"the log {short(str(path.name))} cannot be read ({reason}).") from None
    if len(content) > MAX_BYTES:
        raise LogError(f"the log is larger than {MAX_BYTES // 1_000_000} MB, which is the most that is read.")
    return content


def _text(content: bytes) -> str:
    if content[:2] == b"\x1f\x8b":
        raise LogError("the log is compressed; please unpack it first.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # cut within a letter
            return _text(content[: error.start])
        line = content[: error.start].count(b"\n") + 1
        raise LogError("this is not text in UTF-8.", line) from None
    if "\0" in text:
        raise LogError("this is not text: it holds a zero byte.", text[: text.index("\0")].count("\n") + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split(text):
    """(names of the columns, norm if told, rows of cells, line of each row, whether the last line is cut)."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise LogError(f"the log is empty; its first line must be {' '.join(COLUMNS)}, separated by tabs.")
    if len(lines) > MAX_ROWS + 1:
        raise LogError(f"the log has more than {MAX_ROWS:,} rows, which is the most that is read.")
    (number, header), *lines = lines
    names, norm = rename([name.strip() for name in header.split("\t")])
    _check_header(number, header, names)
    rows = [[cell.strip() for cell in line.split("\t")] for _, line in lines]
    return names, norm, rows, [number for number, _ in lines], bool(rows) and not text.endswith("\n")


def _check_header(number, header, names):
    missing = [name for name in NEEDED if name not in names and not (name == "radius" and "count" in names)]
    if missing:
        reason = f"the header has no column {missing[0]}"
        for delimiter, what in ((",", "commas"), (";", "semicolons"), ("|", "bars"), (" ", "spaces")):
            if [cell.strip() for cell in header.split(delimiter) if cell][:2] == list(COLUMNS[:2]):
                reason = f"the columns are separated by {what}, not by tabs"
        raise LogError(f"{reason}; a log begins with {' '.join(COLUMNS)}, separated by tabs.", number)
    if len(set(names)) < len(names) or "" in names:
        raise LogError("the header has a column twice, or one without a name.", number)
    if len(names) > MAX_COLUMNS:
        raise LogError(f"the header has {len(names)} columns; up to {MAX_COLUMNS} are read.", number)


def _first_fault(names, rows, lines, counted=None) -> tuple[int, str] | None:
    """(line, reason) of the first faulty row; None if there is none."""
    checked = {**_INTEGERS, "radius": _radius, "correct": _correct, "time": _time}
    if "radius" not in names:
        checked["count"] = _integer("count", 0, counted.n if counted else MAX_INTEGER)
    present = [name for name in checked if name in names]
    positions, checks = [names.index(name) for name in present], [checked[name] for name in present]
    predict, radius = names.index("predict"), names.index("radius") if "radius" in names else None
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            again = row[: len(names)] == names or row[:2] == list(COLUMNS[:2])
            what = "the header again: logs were joined" if again else f"{_counted(len(row), 'column')}"
            return line, f"this is {what}; the header has {len(names)}."
        for position, check in zip(positions, checks, strict=True):
            fault = check(row[position])
            if fault:
                if row == names:
                    fault = "this is the header again: logs were joined"
                return line, f"{fault}."
        if radius is not None and row[predict] == "-1" and float(row[radius]) > 0:
            return line, f"predict is -1, an abstention, and yet the radius is {row[radius]}."
    return None


def _counted(number, what):
    return f"{number} {what}{'' if number == 1 else 's'}"


def _integer(name, least, most=MAX_INTEGER):
    def check(cell):
        if most == MAX_INTEGER and cell.isascii() and cell.isdigit() and len(cell) < 10:
            return None
        value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
        if value != value or value != math.floor(value) or not least <= value <= most:
            return f"{name} is {short(cell)}; it must be a whole number from {least} to {most}"
        return None

    return check


_INTEGERS = {
    "idx": _integer("idx", 0),
    "label": _integer("label", 0),
    "predict": _integer("predict", ABSTAIN),
}


def _radius(cell):
    if not _NUMBER.fullmatch(cell) or not 0 <= float(cell) < math.inf:
        return f"radius is {short(cell)}; it must be a finite number of at least 0"
    return None


def _correct(cell):
    if cell not in ("True", "False") and not _NUMBER.fullmatch(cell):
        return f"correct is {short(cell)}; it must be 0 or 1, or a running total"
    return None


def _time(cell):
    if not _TIME.fullmatch(cell) and not (_NUMBER.fullmatch(cell) and math.isfinite(float(cell))):
        return f"time is {short(cell)}; it must be like 0:00:15.4, or seconds"
    return None


def _seconds(cell) -> float:
    match = _TIME.fullmatch(cell)
    if not match:
        return float(cell)
    days, hours, minutes, seconds = match.groups()
    whole, _, fraction = seconds.partition(".")
    total = int(days or 0) * 86_400 + int(hours) * 3600 + int(minutes) * 60 + int(whole)
    # Parsed as one decimal number, so that a written time is read back to the last bit.
    return float(f"{total}.{fraction or 0}") if total >= 0 else total + float(f"0.{fraction or 0}")


def _written_time(seconds: float) -> str:
    try:
        text = str(datetime.timedelta(seconds=seconds))
    except OverflowError:
        return repr(seconds)
    return text if _seconds(text) == seconds else repr(seconds)


def _integers(name, values) -> list[str]:
    values = np.asarray(values)
    if values.dtype.kind not in "iub":
        raise LogError(f"{name} holds what is no whole number.")
    return [str(int(value)) for value in values]


def _refuse_repeated(idx, lines):
    order = np.argsort(idx, kind="stable")
    again = np.flatnonzero(np.diff(idx[order]) == 0)
    if len(again):
        second = min(order[again + 1])
        first = int(np.argmax(idx == idx[second]))
        raise LogError(f"idx {idx[second]} stands already in line {lines[first]}.", lines[second])
