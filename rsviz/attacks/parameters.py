"""Settings that attacks share, with limits, label and help; each attack has a model of its own. No torch."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


def setting(title: str, description: str, **limits: Any) -> Any:
    """Limits of a parameter, with its label and one sentence of help for the page."""
    return Field(title=title, description=description, **limits)


Size = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Steps = Annotated[int, setting("Steps", "More steps search longer.", ge=1, le=1_000_000)]
Epsilon = Annotated[
    Size,
    setting("Size ε (pixel units)", "The largest change of the image, in the attack's norm."),
]
Draws = Annotated[
    Count,
    setting(
        "Draws of noise a gradient (EOT)",
        "Noisy copies over which each gradient is averaged; f itself takes one.",
    ),
]
SearchVotes = Annotated[
    Count,
    setting("Votes of each look during the search", "Of g, when the attack asks for its class."),
]
SearchAlpha = Annotated[
    float,
    setting(
        "α of each look during the search",
        "Probability that such an answer is wrong.",
        gt=0,
        lt=1,
        allow_inf_nan=False,
    ),
]
CommonDraws = Annotated[
    bool,
    setting("The same noise in every step", "As in SmoothAdv, instead of fresh noise."),
]


LOSS_HELP = "What the attack makes larger; log-mean is the loss of g, mean-loss the mean of the losses of f."


class Parameters(BaseModel):
    """Settings of an attack; each attack has a model of its own. title: the label on the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")
