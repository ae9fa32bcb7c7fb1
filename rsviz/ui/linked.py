"""What a link shows that names settings and no job: a result that is at hand, or a run that it begins.

Opened by anybody, anywhere, such a link shows what it names, and never what somebody else set.
"""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import streamlit as st

from rsviz import jobs
from rsviz.errors import RsvizError, short
from rsviz.jobs import Job
from rsviz.jobs.at_hand import job_of_equal, seconds
from rsviz.tasks import Request
from rsviz.tasks.words import ago, duration
from rsviz.ui.address import Address
from rsviz.ui.own_runs import left_for_example
from rsviz.ui.session import owner_id, url_value

LONGEST = "RSVIZ_LINK_SECONDS"
USUAL = 2.0
"""Seconds that a run may take to be begun by a link, where the variable does not say."""
OPENED = "linked"
"""In the session: by kind, what the last link was found to show."""


@dataclass(frozen=True)
class Opened:
    """What a link shows. number: of the opening. job: an id, None where no job is at hand.

    begun: whether the link began it. shipped: whether the example is what the link asks for.
    """

    number: int
    job: str | None = None
    begun: bool = False
    shipped: bool = False


def opened(kind: str) -> Opened | None:
    """What the link to the page shows; None where no link opened it, or the URL names a job."""
    return None if url_value("job") else st.session_state.get(OPENED, {}).get(kind)


def follow(
    kind: str,
    address: Address,
    request: Request | None,
    *,
    shipped: Callable[[Request], bool],
    unseen: Collection[str] = (),
    begins: bool = True,
) -> bool:
    """Find out, once for each opening of a link, what it shows; whether it began a run now.

    request: of the controls, None where they make none. shipped: whether a result that comes with rsviz is of
    the request. unseen: names of fields that may differ. begins: whether a link to this page may begin a run.
    """
    kept = st.session_state.setdefault(OPENED, {})
    number, named = address.linked()
    if url_value("job"):
        return False
    if not named or left_for_example(kind):
        kept.pop(kind, None)
        return False
    before = kept.get(kind)
    if before is not None and before.number == number and _is_here(before.job):
        return False
    kept[kind] = Opened(number)
    if request is None:
        return False
    if shipped(request):
        kept[kind] = Opened(number, shipped=True)
        return False
    found = job_of_equal(request, owner_id(), unseen)
    if found is not None:
        kept[kind] = Opened(number, found.id)
        return False
    return begins and _begin(kind, request, number)


def _is_here(job_id) -> bool:
    """Whether the job was not forgotten meanwhile."""
    try:
        return job_id is None or bool(jobs.get(job_id))
    except RsvizError:
        return False


def _begin(kind, request, number) -> bool:
    """Begin the run if it is short and this owner may have one more."""
    takes = seconds(request)
    if takes is None or takes >= longest():
        return False
    if refusal := jobs.refusal(owner_id()):
        st.info(refusal, icon=":material/schedule:")
        return False
    job_id = jobs.submit(kind, request, session=owner_id())
    st.session_state[OPENED][kind] = Opened(number, job_id, begun=True)
    st.query_params["job"] = job_id
    return True


def longest() -> float:
    """Seconds that a run may take to be begun by a link; 0 where no link begins one."""
    text = os.environ.get(LONGEST) or f"{USUAL}"
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise RsvizError(f"{LONGEST} is {text[:40]!r}; it must be a number of seconds of at least 0.")
    return value


def tell_not_allowed(address: Address) -> None:
    """Say which values of the URL are not allowed."""
    if keys := address.not_allowed():
        words = ", ".join(f"{key} to {short(st.query_params.get(key, ''))}" for key in keys)
        st.warning(f"The link sets {words}, which is not allowed; the page has the default there.")


def tell_source(job: Job) -> None:
    """Say above the result of a link where it is from."""
    whose = "You ran" if job.session == owner_id() else "Somebody ran"
    if job.unfinished:
        whose = "You are running" if job.session == owner_id() else "Somebody is running"
        words = f"{whose} these settings on this server; this is that run."
    else:
        words = f"{whose} these settings on this server {ago(time.time() - (job.finished or job.updated))}."
    st.caption(f":material/history: {words}")


def tell_nothing(button: str, icon: str, request: Request | None) -> None:
    """Say that nothing was run with the settings of the controls, and how long it would take."""
    if request is None:
        st.info("The controls ask for nothing that can be run.", icon=icon)
        return
    takes = seconds(request)
    about = "" if takes is None else f" It takes about {duration(takes)} here."
    st.info(f"Nothing was run with these settings yet: press **{button}**.{about}", icon=icon)
