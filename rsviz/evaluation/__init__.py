"""Test sets: engines that count votes, statistics of radii, the log format of the field, and tables.

The task that combines them is rsviz.tasks.evaluate. Importing this room does not import torch.
"""

from rsviz.evaluation.curves import (
    OUTCOMES,
    accuracy_steps,
    average_certified_radius,
    certified_accuracy,
    certified_count,
    envelope,
    false_certificates,
    outcomes,
    pointwise_band,
    simultaneous_band,
)
from rsviz.evaluation.log_columns import Counted
from rsviz.evaluation.logs import LogError, NoRadii, read_log, write_log
from rsviz.evaluation.tables import Table

__all__ = [
    "OUTCOMES",
    "Counted",
    "LogError",
    "NoRadii",
    "Table",
    "accuracy_steps",
    "average_certified_radius",
    "certified_accuracy",
    "certified_count",
    "envelope",
    "false_certificates",
    "outcomes",
    "pointwise_band",
    "read_log",
    "simultaneous_band",
    "write_log",
]
