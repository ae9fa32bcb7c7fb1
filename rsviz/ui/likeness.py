"""Whether a picture is like the images that a network was trained on, in a sentence."""

import numpy as np
import streamlit as st

from rsviz import data
from rsviz.checkpoints import Card
from rsviz.data.likeness import familiar_with


def unlike_sentence(card: Card, x: np.ndarray) -> str | None:
    """What is unusual about an input (C, H, W); None where nothing is, or nothing is known."""
    familiar = familiar_with(card.dataset, card.input_shape)
    if familiar is None:
        return None
    distance = float(familiar.distances(x[None])[0])
    if distance <= familiar.limit:
        return None
    name, value, mean, deviation = familiar.farthest(x)
    title = data.DATASETS[card.dataset].title
    return (
        f"This picture is unlike the training images ({title}): its {name} is {value:.2f}, theirs "
        f"{mean:.2f} ± {deviation:.2f}. Distance {distance:.1f}; 99 of 100 training images are within "
        f"{familiar.limit:.1f}. What the network says means little, however certain it is."
    )


def tell_if_unlike(card: Card, x: np.ndarray) -> None:
    """Warn where the picture is unlike the training images; say it where nothing is known of them."""
    if familiar_with(card.dataset, card.input_shape) is None:
        st.caption(
            f"No statistics of the training images of {card.name} are known to compare the picture with."
        )
    elif sentence := unlike_sentence(card, x):
        st.warning(sentence, icon=":material/help:")
