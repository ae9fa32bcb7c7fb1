"""Weights and their cards: NAME.safetensors beside NAME.json, read without ever running code.

Importing this room, and reading and listing cards, does not import torch.
"""

from rsviz.checkpoints.card import Card, CheckpointError, Metric
from rsviz.checkpoints.importers import UNKNOWN, WITHOUT_NOISE, import_weights
from rsviz.checkpoints.storage import (
    folders,
    list_cards,
    load_card,
    load_survey,
    locate,
    rewrite_card,
    save_survey,
)
from rsviz.checkpoints.weights import build_network, load_checkpoint, save_checkpoint, stored_module, verify

__all__ = [
    "UNKNOWN",
    "WITHOUT_NOISE",
    "Card",
    "CheckpointError",
    "Metric",
    "build_network",
    "folders",
    "import_weights",
    "list_cards",
    "load_card",
    "load_checkpoint",
    "load_survey",
    "locate",
    "rewrite_card",
    "save_checkpoint",
    "save_survey",
    "stored_module",
    "verify",
]
