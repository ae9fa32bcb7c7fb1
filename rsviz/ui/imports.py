"""Weights of one's own: upload, a job that checks them in the worker process, a new checkpoint."""

import streamlit as st

from rsviz import data, files, jobs
from rsviz.errors import RsvizError
from rsviz.models import ARCHITECTURES
from rsviz.ui.job_page import watch
from rsviz.ui.session import session_id

FROM_FILE = "as the file says"


def bring_weights() -> None:
    """An uploader for safetensors and the field's .pth.tar; the file is read in the worker process only."""
    file = st.file_uploader(
        "Weights: .safetensors, .pth.tar, .pth or .pt",
        type=["safetensors", "tar", "pth", "pt"],
        key="weights",
        help="A file never runs code here: torch files are loaded as weights only, and checked.",
    )
    architecture = st.selectbox("Architecture", [FROM_FILE, *ARCHITECTURES], key="w_architecture")
    dataset = st.selectbox("Data set", [FROM_FILE, *data.DATASETS], key="w_dataset")
    if st.button("Import", disabled=file is None, key="w_import") and file is not None:
        try:
            st.session_state["import"] = jobs.submit(
                "import",
                {
                    "upload": files.keep_upload(file.getvalue(), ".weights"),
                    "shown_as": file.name[:200],
                    "architecture": None if architecture == FROM_FILE else architecture,
                    "dataset": None if dataset == FROM_FILE else dataset,
                },
                session=session_id(),
            )
        except RsvizError as error:
            st.error(str(error), icon=":material/error:")
    if "import" in st.session_state:
        watch(st.session_state["import"], _show, every=0.4)


def _show(job):
    if job.unfinished:
        st.caption("The worker is checking the file …")
    elif job.state == "done":
        st.success(f"{job.result['name']} is ready: choose it above.", icon=":material/check:")
    else:
        st.error(job.error or f"The import was {job.state}.", icon=":material/error:")
