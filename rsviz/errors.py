"""The one kind of error that is meant for a person: what came, and what is allowed, in one sentence."""


class RsvizError(ValueError):
    """Bad input. `str(error)` is one clear sentence; callers may show it as it stands."""


def first_fault(error) -> str:
    """What a pydantic ValidationError complains of first: a clause, to which the caller gives a full stop.

    It names the field, what came and what is allowed: "n is 0: input should be greater than or equal to 1".
    What a validator says in its own words stays as it is; an RsvizError is a whole sentence already.
    """
    fault = error.errors(include_url=False)[0]
    own = fault.get("ctx", {}).get("error")
    where = ".".join(str(part) for part in fault["loc"])
    if len(where) > 60 or not where.isprintable():  # the name of a field that somebody made up
        where = short(where)
    if own is not None:
        message = str(own).rstrip(".")
    elif fault["type"] == "missing":
        return f"{where} is missing"
    else:
        message = fault["msg"][:1].lower() + fault["msg"][1:].rstrip(".")
    if isinstance(own, RsvizError) or not where:
        return message
    came = short(fault["input"])
    return f"{where}: {message}" if own is not None and came in message else f"{where} is {came}: {message}"


def short(value) -> str:
    """A value that came from outside, fit to stand in a sentence: printable, on one line, not long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
