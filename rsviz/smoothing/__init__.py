"""The smoothed classifier g: PREDICT and CERTIFY (certify.py), and SmoothedClassifier, which draws the votes.

What turns votes into certificates does not need torch; the classifier is imported when it is first asked for.
"""

import importlib
from typing import Any

from rsviz.smoothing.certificate import Certificate, TimedCertificate
from rsviz.smoothing.certify import ABSTAIN, Certificates, certificates, predict_from_counts
from rsviz.smoothing.stopping import Terms

__all__ = [
    "ABSTAIN",
    "Certificate",
    "Certificates",
    "CertifyVotes",
    "SmoothedClassifier",
    "Snapshot",
    "Terms",
    "TimedCertificate",
    "certificates",
    "predict_from_counts",
]

_WITH_TORCH = {
    "CertifyVotes": "records",
    "SmoothedClassifier": "classifier",
    "Snapshot": "records",
}


def __getattr__(name: str) -> Any:
    """The names that need torch are fetched when they are first asked for."""
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
