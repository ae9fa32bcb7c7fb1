"""The one kind of error that is meant for a person: what came, and what is allowed, in one sentence."""


class RsvizError(ValueError):
    """Bad input. `str(error)` is one clear sentence; callers may show it as it stands."""
