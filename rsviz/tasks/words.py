"""Times in words."""


def duration(seconds: float) -> str:
    """Seconds in the largest unit of which there are at least two."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def ago(seconds: float) -> str:
    """How long ago something was: just now, 3 min ago."""
    return f"{duration(seconds)} ago" if seconds >= 5 else "just now"
