"""A data set that is not here: why, the offer to download it, and the progress."""

import contextlib

import streamlit as st

from rsviz import data, jobs
from rsviz.checkpoints import UNKNOWN, Card
from rsviz.errors import RsvizError
from rsviz.tasks.download import DownloadRequest
from rsviz.ui.job_page import watch
from rsviz.ui.session import owner_id


def no_images_reason(card: Card) -> str:
    """Why there are no test images for a network when rsviz does not carry its data set."""
    if card.dataset == UNKNOWN:
        return f"It is not known which images of {card.num_classes} classes {card.name} was trained on"
    return f"{card.name} was trained on {card.dataset}, which rsviz does not carry"


def offer_download(name: str) -> None:
    """Say that a dataset is not on this machine and offer to download it; then show the progress."""
    title = data.DATASETS[name].title
    st.info(f"{title} is not on this machine yet.", icon=":material/download:")
    running = st.session_state.get("download") or _under_way(name)
    if running is None:
        if st.button(f"Download {title}"):
            try:
                st.session_state["download"] = jobs.submit(
                    "download", DownloadRequest(dataset=name), session=owner_id()
                )
            except RsvizError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.rerun()
        return

    watch(running, _show_download)


def _under_way(name) -> str | None:
    """The id of the job that downloads the data set already: everybody gets it from there."""
    with contextlib.suppress(RsvizError):
        for job in jobs.list_jobs(100, kind="download", unfinished=True):
            if job.request.get("dataset") == name:
                return job.id
    return None


def _show_download(job):
    if job.unfinished:
        progress = job.progress or {}
        done, total = progress.get("done") or 0, progress.get("total")
        st.progress(min(done / total, 1.0) if total else 0.0, f"{progress.get('what', 'waiting')} …")
        return
    if job.state == "done":
        st.session_state.pop("download", None)
        st.rerun()
    st.error(job.error or f"The download was {job.state}.", icon=":material/error:")
