"""A network as a newcomer adds it: one file with a record. The test writes the line in the table."""

import math
from collections import OrderedDict

from rsviz.lazy import lazy
from rsviz.models.base import Architecture, Shape

nn = lazy("torch.nn")


def _network(num_classes: int, input_shape: Shape):
    """A linear classifier."""
    head = nn.Linear(math.prod(input_shape), num_classes)
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), head=head))


LINEAR = Architecture(
    key="toy-linear",
    title="Linear classifier (toy)",
    source="the tests of rsviz",
    input_shapes=((1, 8, 8),),
    dataset="digits",
    head="head.weight",
    network=_network,
)
