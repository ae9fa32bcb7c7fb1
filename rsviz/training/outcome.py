"""What an objective gives the loop: a number to minimise, its terms, and logits to tell accuracy by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # requests are checked in processes that have no torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Outcome:
    """An objective's value at one batch.

    total: 0-dim tensor, the mean over the batch, to be differentiated. logits: (B, classes), detached,
    one row an image, by which the loop tells the accuracy on what the network was trained on: the noisy
    or attacked copy (the first, where there are several). terms: the parts of the total by name, 0-dim and
    detached, each already with its weight, so that they add up to the total.
    """

    total: "Tensor"
    logits: "Tensor"
    terms: "Mapping[str, Tensor]"


def outcome(logits, **terms) -> Outcome:
    """The Outcome whose total is the sum of the terms; an underscore in a name is shown as a hyphen."""
    return Outcome(
        total=sum(terms.values()),
        logits=logits.detach(),
        terms={name.replace("_", "-"): term.detach() for name, term in terms.items()},
    )
