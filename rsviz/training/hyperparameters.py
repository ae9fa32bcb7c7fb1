"""The border of every objective's hyper-parameters: frozen, nothing unknown, and the limits they share.

A field's `description` is the line that the Train page shows beside it. Does not import torch.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
"""The weight of one term of a loss."""

Penalty = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
"""The price gamma of a unit of transportation cost, loss per squared pixel unit."""

Radius = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
"""The radius of a ball around the image, pixel units."""

StepSize = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]

Steps = Annotated[int, Field(ge=0, le=1000)]
"""Steps of an ascent; 0 leaves the image where it starts."""

Copies = Annotated[int, Field(ge=1, le=256)]
"""Noisy copies of each image, which all stand in one batch."""


class Hyperparameters(BaseModel):
    """What an objective's own Parameters build on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
