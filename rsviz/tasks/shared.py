"""Requests that several tasks extend: what they share is declared here once. No torch."""

from typing import ClassVar, Self

from rsviz.tasks import settings
from rsviz.tasks.base import Request
from rsviz.tasks.image import ImageSource


class VotingRequest(Request):
    """A request that counts votes: how many, at which probability of error, and how passes are made.

    LAST: these fields come after all others, in this order, in JSON, links, commands and Python calls.
    """

    LAST: ClassVar[tuple[str, ...]] = (
        *("n0", "n", "radius_alpha", "alpha", "procedure"),
        *("until_radius", "within", "stoppable"),
        *("seed", "device", "precision", "batch"),
    )

    n0: settings.SelectionDraws = 100
    n: settings.EstimationDraws = 100_000
    alpha: settings.Alpha = 0.001
    seed: settings.SeedOfMany = 0
    device: settings.Device = None
    precision: settings.Precision = settings.AUTO
    batch: settings.Batch = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs):
        """Put the fields of a subclass, which pydantic lists last, before those of LAST."""
        super().__pydantic_init_subclass__(**kwargs)
        place = {name: index for index, name in enumerate(cls.LAST)}
        fields = sorted(cls.model_fields.items(), key=lambda item: place.get(item[0], -1))
        cls.__pydantic_fields__ = dict(fields)
        cls.model_rebuild(force=True)


class CertifyingRequest(VotingRequest):
    """A request for votes of one network that become certificates by a chosen procedure."""

    procedure: settings.ProcedureKey = settings.AUTO

    @classmethod
    def completed(cls, values: dict) -> dict:
        """Noise and scale of the checkpoint's training where they are missing."""
        return settings.with_own_noise(values)

    @property
    def has_rule(self) -> bool:
        """Whether the run may end by what it sees."""
        return False

    def procedure_for(self, num_classes: int) -> str:
        """The procedure that `auto` means, or the requested one."""
        return settings.procedure_for(self.procedure, num_classes, self.has_rule)


class ImageRequest(VotingRequest):
    """A request about one image and one network under noise."""

    checkpoint: settings.CheckpointName
    image: ImageSource
    noise: settings.Noise
    scale: settings.Scale
    seed: settings.Seed = 0

    def check_job(self) -> Self:
        """The request, if a job may run it: its checkpoint goes by name, and its image is no path."""
        super().check_job()
        if self.image.kind == "file":
            raise self.ERROR("image.kind is 'file'; a job takes images of a dataset or uploaded ones.")
        return self
