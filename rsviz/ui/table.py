"""Tables as Markdown."""

from collections.abc import Iterable


def markdown_table(head: Iterable, rows: Iterable[Iterable]) -> str:
    """A Markdown table; cells are shown as str() gives them."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
