"""The page of the jobs on one image: Certify and Attack."""

import contextlib
from collections.abc import Callable

from rsviz.errors import RsvizError
from rsviz.jobs.pictures import gathered
from rsviz.tasks.image import load_image
from rsviz.tasks.saved import SavedProgress
from rsviz.ui.job_page import JobPage
from rsviz.ui.pictures import picture


def image_page(
    model: type[SavedProgress], controls, show: Callable[[SavedProgress, str], None], **more
) -> JobPage:
    """The page of the jobs on one image. more: fields of JobPage.

    model: of their progress. controls: the module with ADDRESS and choose.
    show: draws a progress in a state, that of a job or "example".
    """
    return JobPage(
        kind=model.REQUEST.TASK,
        address=controls.ADDRESS,
        choose=controls.choose,
        show_example=lambda: show(model.example(), "example"),
        show_state=lambda job: show(gathered(job, model), job.state),
        example=lambda: model.example().request,
        subject=("checkpoint", "image"),
        show_subject=_show_image,
        **more,
    )


def _show_image(card, request):
    """The image of a request as its network sees it."""
    with contextlib.suppress(RsvizError):
        loaded = load_image(request.image, card.input_shape, card.classes)
        words = "The image" if loaded.label is None else f"The image, labelled {card.classes[loaded.label]}"
        picture(loaded.x, words, alt=words, size=280)
