"""Names that engines still take from here until their tasks have moved to rsviz.tasks."""

from rsviz.tasks.certify import CertifyRequest
from rsviz.tasks.image import DatasetImage, ImageSource, load_input
from rsviz.tasks.networks import NETWORKS
from rsviz.tasks.settings import MAX_SCALE, default_scale

__all__ = [
    "MAX_SCALE",
    "CertifyRequest",
    "DatasetImage",
    "Source",
    "cached_network",
    "default_scale",
    "known_plans",
    "load_input",
]

Source = ImageSource


def cached_network(checkpoint, weights_sha256):
    """See NetworkCache.module."""
    from rsviz.checkpoints import load_card

    return NETWORKS.module(checkpoint, load_card(checkpoint))


def known_plans(weights_sha256):
    """See NetworkCache.plans."""
    return NETWORKS._plans.setdefault(weights_sha256, {})
