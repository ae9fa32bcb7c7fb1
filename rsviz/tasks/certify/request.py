"""One certificate as a request: what the page, the job, the shell and a notebook ask for. No torch."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from rsviz.checkpoints import load_card
from rsviz.errors import RsvizError, short
from rsviz.tasks.fields import Setting
from rsviz.tasks.image import check_sample
from rsviz.tasks.settings import AUTO
from rsviz.tasks.shared import CertifyingRequest, ImageRequest


class CertifyRequest(ImageRequest, CertifyingRequest):
    """All that a certificate depends on.

    A run with until_radius or within ends by what it sees. It uses procedure anytime, and takes no other.
    """

    TASK: ClassVar[str] = "certify"
    COMMAND: ClassVar[str] = "certify"
    RENAMED: ClassVar[dict[str, str]] = {"decide": "until_radius"}

    until_radius: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False),
        Setting("End when this radius is proved or out of reach.", unit="pixel units"),
    ] = None
    within: Annotated[
        float | None,
        Field(gt=0, lt=100, allow_inf_nan=False),
        Setting(
            "End when the proved radius is this near to the most that n draws can prove.", unit="percent"
        ),
    ] = None
    stoppable: Annotated[
        bool, Setting("The run may be stopped and keeps what is proved, for a tenth of alpha.", in_links=True)
    ] = False

    @model_validator(mode="after")
    def _ends_by_one_rule(self):
        if self.until_radius is not None and self.within is not None:
            raise ValueError("until_radius and within are both given; a run ends by one rule")
        rule = "until_radius" if self.until_radius is not None else "within"
        if self.has_rule and self.procedure not in (AUTO, "anytime"):
            raise ValueError(
                f"procedure is {self.procedure!r}, and {rule} is given: a run that ends by what it sees "
                "needs limits that hold at every moment, which are those of anytime"
            )
        return self

    @property
    def has_rule(self) -> bool:
        """Whether the run may end by what it sees."""
        return self.until_radius is not None or self.within is not None

    @property
    def passes(self) -> float:
        """All votes; a rule may end the run earlier."""
        return self.n0 + self.n

    def check_job(self) -> "CertifyRequest":
        """The request, if a job may run it: its image is no path, and its checkpoint fits the image."""
        super().check_job()
        card = load_card(self.checkpoint)
        check_sample(self.image, card.input_shape, card.classes)
        if self.image.kind == "dataset" and self.image.dataset != card.dataset:
            raise RsvizError(
                f"image.dataset is {short(self.image.dataset)}; {card.name} was trained on {card.dataset}."
            )
        return self
