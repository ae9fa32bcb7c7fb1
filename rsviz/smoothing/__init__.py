"""The smoothed classifier: votes of a base classifier under noise, PREDICT and CERTIFY, as a stream."""

from rsviz.smoothing.certificate import Certificate, Snapshot, Votes
from rsviz.smoothing.classifier import SmoothedClassifier
from rsviz.smoothing.decision import ABSTAIN, decide
from rsviz.smoothing.terms import Terms

__all__ = ["ABSTAIN", "Certificate", "SmoothedClassifier", "Snapshot", "Terms", "Votes", "decide"]
