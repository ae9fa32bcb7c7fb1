"""The runs of this browser, in a drawer on every page: open, cancel, repeat, forget."""

import functools
from collections.abc import Mapping

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError
from rsviz.jobs import Job, owners
from rsviz.ui.pictures import picture
from rsviz.ui.session import become, owner_id, page_link

SHOWN = 30
"""Runs in the drawer."""
EVERY = 2.0
"""Seconds between two looks while something runs."""
SELDOM = 86_400.0
"""Seconds between two looks while nothing runs.

A browser that has lost its server asks the next one for the page only where the page looks again by itself.
Without that, the next server would not know the buttons of the open page, and would let the first press go.
"""
OPEN, GOING, FORGETTING = "runs-open", "runs-going", "runs-forgetting"
REFUSED, OFFERED = "runs-refused", "runs-offered"
BADGES = {
    "waiting": ":gray-badge[:material/schedule: waiting]",
    "running": ":orange-badge[:material/hourglass_top: running]",
    "finished": ":green-badge[:material/check: finished]",
    "failed": ":red-badge[:material/error: failed]",
    "cancelled": ":gray-badge[:material/cancel: cancelled]",
}
PLACES = {"robustness": ("attack", "curve")}
"""Kinds of runs that are shown on a page of another key: (page, name of the job in the URL)."""
OWNER = "owner"
"""In the URL: the key of an owner, who is offered this browser too."""


def place_of(kind: str) -> tuple[str, str]:
    """The key of the page that shows runs of a kind, and the name of their id in its URL."""
    return PLACES.get(kind, (kind, "job"))


def drawer(pages: Mapping[str, str]) -> None:
    """The button, the number of unfinished runs, and, while it is open, the list.

    pages: paths by key. While nothing runs, next to nothing is asked for again.
    """
    counted = [len(_unfinished())]
    waits = bool(counted[0])

    @st.fragment(run_every=EVERY if waits else SELDOM)
    def look():
        _go_on()
        number = counted.pop() if counted else len(_unfinished())
        if waits and not number:
            st.rerun()  # the page stops asking
        with st.container(horizontal=True, key="runs"):
            box = st.popover("Runs", icon=":material/history:", type="tertiary", key=OPEN, on_change="rerun")
            if number:
                st.badge(f"{number}", color="orange")
        if box.open:
            with box, st.container(key="runs-list"):
                _list(pages)

    look()


def _go_on() -> None:
    """To the page that a button of the list asked for."""
    if GOING not in st.session_state:
        return
    path, query = st.session_state.pop(GOING)
    if path is None:
        st.rerun()
    st.switch_page(path, query_params=query)


def _unfinished() -> list[Job]:
    try:
        return jobs.list_jobs(100, owner_id(), unfinished=True)
    except RsvizError:  # a home that cannot be used: the list says so
        return []


def _list(pages) -> None:
    from rsviz.jobs.listing import run_of  # the tasks take a second to import

    if refused := st.session_state.pop(REFUSED, None):
        st.error(refused, icon=":material/error:")
    try:
        found = jobs.list_jobs(SHOWN, owner_id())
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    if not found:
        st.markdown("No runs yet. What you certify, attack, evaluate or train here is listed from then on.")
    for job in found:
        run = run_of(job)
        with st.container(border=True, gap="small", key=f"run-{job.id}"):
            row(run)
            with st.container(horizontal=True, gap="small"):
                _actions(run, pages)
    _about()


def row(run) -> None:
    """What a run is: its picture, title, state and age, what runs on what, the key result."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        x = _thumbnail(run.request)
        if x is not None:
            with st.container(width=48):
                picture(x, alt=run.images, size=48)
        with st.container(gap=None):
            st.markdown(f"**{run.title}** {BADGES[run.state]} :small[{run.age()}]")
            if run.what:
                st.caption(run.what)
    if run.share is not None:
        st.progress(run.share, run.says)
    elif run.says:
        st.markdown(run.says)


def _thumbnail(request):
    """The image of a request, as the network sees it; None if it has none or it is not here."""
    if not hasattr(request, "image"):
        return None
    try:
        return _image(request.checkpoint, request.image)
    except RsvizError:
        return None


@functools.lru_cache(maxsize=256)
def _image(checkpoint, source):
    from rsviz.checkpoints import load_card
    from rsviz.tasks.image import load_input

    return load_input(source, load_card(checkpoint).input_shape)[0]


def _actions(run, pages) -> None:
    job = run.job
    page, parameter = place_of(job.kind)
    if st.session_state.get(FORGETTING) == job.id:
        st.caption("Its votes and pictures are removed too, and links to it end. What it trained stays.")
        _button("Forget it", "delete", job, _forget)
        _button("Keep it", "undo", job, _keep)
        return
    if page in pages and run.request is not None:
        _button("Open", "open_in_full", job, _open, pages[page], parameter)
    if job.unfinished:
        cancel_button(job)
        return
    if run.request is not None:
        _button("Repeat", "replay", job, _repeat, pages.get(page), parameter)
    _button("Forget", "delete", job, _ask)


def cancel_button(job: Job, where: str = "run") -> None:
    """Cancels the job. where: tells several buttons of a page apart."""
    st.button(
        "Cancel", icon=":material/cancel:", key=f"{where}-cancel-{job.id}", on_click=_cancel, args=(job.id,)
    )


def _button(label, symbol, job, call, *more):
    st.button(
        label,
        icon=f":material/{symbol}:",
        type="tertiary",
        key=f"run-{label}-{job.id}",
        on_click=call,
        args=(job.id, *more),
    )


# Callbacks of the buttons


def _refusing(call):
    """A callback, the refusal of which is shown in the drawer."""

    @functools.wraps(call)
    def calling(*arguments):
        try:
            call(*arguments)
        except RsvizError as error:
            st.session_state[REFUSED] = str(error)

    return calling


@_refusing
def _cancel(job_id):
    jobs.cancel(job_id)


@_refusing
def _open(job_id, path, parameter):
    _go(jobs.get(job_id), path, parameter)


@_refusing
def _repeat(job_id, path, parameter):
    from rsviz.jobs.listing import again

    job = jobs.get(job_id)
    job = jobs.get(jobs.submit(job.kind, again(job), session=owner_id()))
    if path is not None:
        _go(job, path, parameter)


def _ask(job_id):
    st.session_state[FORGETTING] = job_id


def _keep(job_id):
    st.session_state.pop(FORGETTING, None)


@_refusing
def _forget(job_id):
    st.session_state.pop(FORGETTING, None)
    jobs.forget(job_id)
    shown = [name for name in st.query_params if st.query_params[name] == job_id]
    for name in shown:
        del st.query_params[name]
    if shown:
        st.session_state[GOING] = None, None  # the page is without it from now on


def _go(job, path, parameter):
    st.session_state[OPEN] = False
    st.session_state[GOING] = (path, {parameter: job.id})


# The owner of the runs


def offer_owner() -> None:
    """Where the link brings the key of an owner: offer to share that owner's runs. The key leaves the URL."""
    if OWNER in st.query_params:
        found = owners.owner_of(st.query_params.pop(OWNER))
        if found is None:
            st.warning("The key in this link is not one of this server.", icon=":material/key_off:")
        elif found != owner_id():
            st.session_state[OFFERED] = found
    if OFFERED not in st.session_state:
        return
    other = st.session_state[OFFERED]
    with st.container(border=True):
        st.markdown(
            f"This link shares the runs of another browser, owner {owners.mark(other)}. "
            "Runs lists them here too, and the runs of this browser join them."
        )
        with st.container(horizontal=True):
            st.button("Share them", icon=":material/devices:", on_click=_take, args=(other,))
            st.button("No", on_click=_take, args=(None,))


def _take(owner):
    st.session_state.pop(OFFERED, None)
    if owner is not None:
        jobs.change_session(owner_id(), owner)
        become(owner)


def _about() -> None:
    mark = owners.mark(owner_id())
    st.caption(f"Owner {mark}; `python -m rsviz jobs list --owner {mark}` lists the same.")
    with st.expander("Use them in another browser", icon=":material/devices:"):
        try:
            link = f"{page_link().partition('?')[0]}?{OWNER}={owners.token(owner_id())}"
        except RsvizError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.caption("Open this link there. Whoever has it shares these runs.")
        st.code(link, language=None, wrap_lines=True)
