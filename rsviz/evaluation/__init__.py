"""Whole test sets: certified accuracy, average certified radius, the published log format."""

from rsviz.evaluation.logs import LogError, read_log, write_log

__all__ = ["LogError", "read_log", "write_log"]
