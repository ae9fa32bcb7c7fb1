"""What an import leaves behind."""

from rsviz.checkpoints import Card
from rsviz.tasks.base import Frozen
from rsviz.tasks.settings import training_words

ACCURACY = "accuracy_at_import"
"""Metric of the card: the share of right answers on the first test images."""


class ImportResult(Frozen):
    """card: of the new checkpoint."""

    card: Card

    def sentences(self) -> list[str]:
        """What was assumed about the weights, and how well they do."""
        card = self.card
        said = [
            f"Architecture {card.architecture}, {card.num_classes} classes, data set {card.dataset}.",
            f"Normalisation: mean {_numbers(card.mean)}, standard deviation {_numbers(card.std)}; "
            f"{card.hyperparameters.get('normalisation', 'as given')}.",
            f"Training: {training_words(card)}.",
        ]
        if measured := card.metrics.get(ACCURACY):
            said.append(f"Right on {100 * measured.value:.1f} %: {measured.how}.")
        return said

    def warning(self) -> str:
        """A sentence where the network does so badly that the assumptions may be wrong; else empty."""
        measured, chance = self.card.metrics.get(ACCURACY), 1 / self.card.num_classes
        if measured is None or measured.value >= chance + (1 - chance) / 4:
            return ""
        return (
            f"{self.card.name} is right on only {100 * measured.value:.1f} % of the test images, where "
            f"guessing gives {100 * chance:.3g} %. Normalisation, data set or order of the classes may be "
            "wrong: import the file again with those of its training."
        )


def _numbers(values) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
