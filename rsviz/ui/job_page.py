"""The skeleton of the pages that start a job: Certify, Attack, Evaluate, Population, Train.

The one statement of such a page is `JobPage(...).show()`; rsviz.ui.image_page makes it for one image. The
smaller pieces serve sections that start a job of their own.
"""

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import streamlit as st

from rsviz import jobs
from rsviz.checkpoints import Card
from rsviz.errors import RsvizError
from rsviz.jobs import Job
from rsviz.jobs.listing import reached, request_of, run_of
from rsviz.tasks import TASKS, Request
from rsviz.tasks.same import changed
from rsviz.tasks.spellings import to_query
from rsviz.ui.address import Address
from rsviz.ui.frame import announce
from rsviz.ui.glossary import marks
from rsviz.ui.linked import follow, opened, tell_not_allowed, tell_nothing, tell_source
from rsviz.ui.order import CONTROLS_FIRST
from rsviz.ui.own_runs import arrive, offer_example, return_to_own
from rsviz.ui.session import url_value
from rsviz.ui.shell import PAGES, Page, show_page
from rsviz.ui.stale import differences, is_stale, marked, note, tell
from rsviz.ui.start import start_button


def _nothing(*_) -> None:
    pass


def is_unfinished(job: Job) -> bool:
    """Whether more will come of the job."""
    return job.unfinished


@dataclass(frozen=True)
class JobPage:
    """What distinguishes one job page from the others.

    kind: of its jobs, which is the page's key in the navigation.
    label: of the button; by default the page's name in the navigation.
    address: all that is set on the page.
    choose: draws the controls -> (card or None, request or None). Where it makes no request it says why.
    show_example, show_state: draw the result without a job, and of a job; RsvizError is shown as a sentence.
    cancelled: said above the result of a cancelled job.
    every: seconds between two polls. unfinished: whether to poll.
    style: further CSS in a <style> element.
    example: the request of the example; None where it has none.
    subject: names of the fields that say what is looked at: an example of another subject is not shown.
    live: names of the fields of the request that the result follows at once.
    begins: whether a link that names settings may begin a short run.
    is_shipped: whether a request is that of a result which comes with rsviz; by default of the example.
    show_subject: draws what the request is about where nothing was run.
    compares: whether the result holds results of many requests, so that none of them is older.
    names_results: whether the URL itself names the results that are compared.
    """

    kind: str
    address: Address
    choose: Callable[[], tuple[Card | None, object | None]]
    show_example: Callable[[], None]
    show_state: Callable[[Job], None]
    cancelled: str = ""
    every: float = 0.4
    unfinished: Callable[[Job], bool] = is_unfinished
    style: str = ""
    label: str = ""
    example: Callable[[], Request | None] = _nothing
    subject: Collection[str] = ()
    live: Collection[str] = ()
    begins: bool = True
    is_shipped: Callable[[Request], bool] | None = None
    show_subject: Callable[[Card | None, Request], None] = _nothing
    compares: bool = False
    names_results: Callable[[], bool] = lambda: False

    # Hooks for what only some pages have
    prepare: Callable[[], None] = _nothing
    """Before the controls are drawn."""
    started: Callable[[object], None] = _nothing
    """Once the request was submitted."""
    below_button: Callable[[str | None, object | None], None] = _nothing
    """Below the start button: the id of the job in the URL, the request."""
    below_controls: Callable[[], None] = _nothing
    beside_cancel: Callable[[Job], None] = _nothing
    """Buttons of an unfinished job, left of Cancel."""
    below_result: Callable[[], None] = _nothing
    below_all: Callable[[Card | None], None] = _nothing
    """Over the full width, with the chosen card."""

    @property
    def title(self) -> str:
        """That of the task."""
        return TASKS[self.kind].title

    @property
    def place(self) -> Page:
        """The page in the navigation."""
        return next(page for page in PAGES if page.key == self.kind)

    @property
    def button(self) -> str:
        return self.label or self.place.title

    def show(self) -> None:
        """Draw the whole page."""
        show_page(lambda: _draw(self))


def _draw(page):
    jobs.ensure_worker()  # it loads torch while the person looks at the example
    arrive()
    return_to_own(page.kind)
    page.address.restore(lambda job_id: settings_of_job(job_id, page.kind))
    page.prepare()
    st.title(page.title, anchor=False, help=marks(page.title))
    tell_not_allowed(page.address)
    st.html(CONTROLS_FIRST + page.style)
    with st.container(key="sides"):
        side, result = st.columns([1, 2], gap="large")  # on the screen the other way round: see order.py
    with side:
        button = st.container(key="settings")
        card, request = page.choose()
        if _follow(page, request):
            page.started(request)
        with button:
            if start_button(page.button, page.place.icon, page.kind, request):
                page.started(request)
            page.below_button(url_value("job"), request)
            offer_example(page.kind)
        page.below_controls()
    page.address.write(last=False)
    with result:
        _draw_result(page, card, request)
        page.below_result()
    page.below_all(card)
    page.address.write()


def settings_of_job(job_id: str, kind: str) -> dict[str, list[str]]:
    """The query parameters of the job's settings; none where there is no such job of this kind."""
    with contextlib.suppress(RsvizError):
        if (request := request_of(check_kind(job_id, kind))) is not None:
            return to_query(request)
    return {}


def _follow(page, request) -> bool:
    """Find what a link shows; whether it began a run."""
    example = page.example()
    same = page.is_shipped or (lambda asked: example is not None and not changed(example, asked, page.live))
    begins = page.begins and not page.names_results()
    return follow(page.kind, page.address, request, shipped=same, unseen=page.live, begins=begins)


def _draw_result(page, card, request):
    job_id, link = url_value("job"), opened(page.kind)
    if link is not None and link.job is not None:
        tell_source(jobs.get(link.job))
        job_id = link.job
    if job_id is None:
        if link is not None and not link.shipped and not page.names_results():
            _draw_nothing(page, card, request)
        else:
            _draw_example(page, card, request)
        return
    try:
        job = check_kind(job_id, page.kind)
    except RsvizError as error:
        words = f"{error} The settings of the link are restored; press {page.button}."
        st.warning(words, icon=":material/link_off:")
        _draw_example(page, card, request)
        return
    stale = tell_changes(job, request, page.address, page.live) and not page.compares
    watch(job_id, lambda job: _draw_state(page, job, stale), unfinished=page.unfinished, every=page.every)


def tell_changes(job: Job, request: Request | None, address: Address, live: Collection[str] = ()) -> bool:
    """Say how the controls differ from what the job was asked for; whether they do.

    request: of the controls, None where they make none. live: fields that the result follows at once.
    """
    if (drawn := request_of(job)) is None:  # of another version: what it asked means nothing any more
        return False
    found = None if request is None else differences(drawn, request, live)
    if found == []:
        return False
    tell(found, lambda: address.take(to_query(drawn)), key=f"changed-{job.kind}")
    return True


def _draw_example(page, card, request):
    """The example; on a page whose controls were moved it is grey, or not drawn if it is of another image."""
    drawn = page.example()
    found = differences(drawn, request) if drawn is not None and request is not None else []
    if not found:
        page.show_example()
    elif page.address.is_fresh():
        note(found)
        page.show_example()
    elif any(getattr(drawn, name) != getattr(request, name) for name in page.subject):
        _draw_nothing(page, card, request)
    else:
        tell(found)
        with marked(True):
            page.show_example()


def _draw_nothing(page, card, request):
    tell_nothing(page.button, page.place.icon, request)
    if request is not None:
        page.show_subject(card, request)


def _draw_state(page, job, stale):
    with marked(stale):
        _draw_unmarked(page, job)


def _draw_unmarked(page, job):
    try:
        tell_of_trouble(job)
        if job.unfinished:
            unfinished_row(job, page.beside_cancel)
        elif job.state == "cancelled" and page.cancelled:
            st.info(page.cancelled, icon=":material/cancel:")
        page.show_state(job)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")


def refuse(error: Exception) -> None:
    """In a callback: show why it failed, below the start button of the next run."""
    st.session_state["refused"] = str(error)


BADGES = {
    "example": ("A finished example, computed beforehand", "image", "blue"),
    "queued": ("Waiting", "schedule", "gray"),
    "cancelled": ("Cancelled", "cancel", "red"),
    "failed": ("Failed", "error", "red"),
}
"""What a badge says by the state of a job: words, Material symbol, colour."""


def badge(state: str, own: Mapping[str, tuple[str, str, str]]) -> None:
    """How the result is to be taken. own: what the page says besides, or instead of, BADGES."""
    words, symbol, color = (BADGES | own)[state]
    if is_stale():
        words, symbol, color = f"{words}, with other settings", "history", "gray"
    st.container(key="state").badge(words, icon=f":material/{symbol}:", color=color)


def check_kind(job_id: str, kind: str) -> Job:
    """The job; RsvizError if there is none or it is of another kind."""
    job = jobs.get(job_id)
    if job.kind != kind:
        raise RsvizError(f"The job {job_id} belongs to another task: {run_of(job).title}.")
    return job


def watch(job_id: str, show: Callable[[Job], None], *, unfinished=is_unfinished, every: float = 0.5) -> None:
    """Show the job, again every `every` seconds while it is unfinished; then run the whole page again."""
    polled = unfinished(jobs.get(job_id))

    @st.fragment(run_every=every if polled else None)
    def look():
        try:
            job = jobs.get(job_id)
        except RsvizError as error:  # a disk may be full for a moment; the next poll may succeed
            st.warning(str(error), icon=":material/warning:")
            return
        if polled and not unfinished(job):
            st.rerun()  # the page stops polling and offers its button again
        announce(_said(job), job_id)
        show(job)

    look()


def _said(job) -> str:
    """What a screen reader says of a job: its state, each tenth of a stage, at last the key result."""
    run = run_of(job)
    if run.share is not None:
        return f"{run.title}: {run.state}, {10 * int(10 * run.share)} %"
    return f"{run.title}: {run.state}" + (f": {run.says}" if run.state == "finished" and run.says else "")


def unfinished_row(
    job: Job,
    beside_cancel: Callable[[Job], None] = _nothing,
    *,
    key: str = "running",
) -> None:
    """Progress and buttons of an unfinished job. key: tells several rows of a page apart."""
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        if job.state == "running":
            share, words = reached(job)
            st.progress(share, f"{words[:1].upper()}{words[1:]}")
        beside_cancel(job)
        st.button(
            "Cancel",
            icon=":material/cancel:",
            key=f"{key}-cancel",
            on_click=jobs.cancel,
            args=(job.id,),
        )


def tell_of_trouble(job: Job) -> None:
    """Why a job failed, or what a queued one waits for."""
    if job.state == "failed":
        st.error(job.error, icon=":material/error:")
    elif job.state == "queued":
        ahead = "It is next." if not job.position else f"{job.position} before it."
        st.info(f"The job waits for the worker. {ahead}", icon=":material/schedule:")
