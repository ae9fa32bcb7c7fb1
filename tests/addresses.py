"""Whether a link into the app means something there."""

import importlib
import importlib.util
from urllib.parse import parse_qs, urlsplit

from rsviz.lessons import LESSONS
from rsviz.ui.address import Address
from rsviz.ui.attack import robustness
from rsviz.ui.shell import PAGES


def addresses_of(page: str) -> list[Address]:
    """What the URL of a page holds, in all of its sections. page: its key."""
    names = [f"rsviz.ui.{page}.{module}" for module in ("address", "controls")]
    found = importlib.import_module(next(filter(importlib.util.find_spec, names)))
    return [found.ADDRESS, *([robustness.ADDRESS] if page in ("attack", "population") else [])]


def wrong_parts(link: str) -> list[str]:
    """What a page would not take of a link such as "bounds?b_n=100": its name, or keys of its query."""
    parts = urlsplit(link)
    if parts.path not in {page.key for page in PAGES}:
        return [parts.path]
    if not parts.query:
        return []
    query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    if parts.path == "lesson":  # whose steps the browser writes
        numbers = map(str, range(1, len(LESSONS) + 1))
        return [*({*query} - {"n"}), *(["n"] if query.get("n", [""])[0] not in numbers else [])]
    taken, wrong = set(), []
    for address in addresses_of(parts.path):
        mine = {key: texts for key, texts in address._today(query).items() if key in address.fields}
        values = address.read(mine)
        taken |= {*mine, *set(query).difference(address._today(query))}
        wrong += address.refuses(mine)
        wrong += [key for key, texts in mine.items() if _lacks(values[key], texts)]
    return [*set(query).difference(taken), *wrong]


def _lacks(value, texts) -> bool:
    """Whether a list of names has fewer than the link; lists pass over unknown ones."""
    return isinstance(value, list) and len(value) != len([part for part in texts[0].split(",") if part])
