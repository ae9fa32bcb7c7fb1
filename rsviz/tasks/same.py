"""Whether two requests of a task ask for the same, and in which fields they differ."""

from collections.abc import Collection

from rsviz.tasks.base import Request
from rsviz.tasks.fields import FieldSpec

UNSEEN = frozenset({"device", "precision", "batch", "stoppable", "name", "stored"})
"""Fields for which no page has a control, or which do not change what is drawn."""
MISSING = object()
"""In place of what a request lacks: an upload has no index, and most methods have no gamma."""


def changed(one: Request, other: Request, unseen: Collection[str] = ()) -> list[FieldSpec]:
    """The fields in which two requests of one task differ, in their order.

    unseen: names of fields that are passed over, beside UNSEEN.
    """
    return [
        spec
        for spec in one.fields().values()
        if not (spec.name in UNSEEN or spec.name in unseen) and value_in(one, spec) != value_in(other, spec)
    ]


def value_in(request: Request, spec: FieldSpec):
    """The value of a field, MISSING where the request lacks it; what was left out is what it means."""
    value = request
    for name in spec.path:
        value = getattr(value, name, MISSING)
    if value is None or spec.kind == "mapping":  # left to the request, which may say what it chooses
        return getattr(request, f"chosen_{spec.name}", value)
    return value
