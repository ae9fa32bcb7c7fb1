"""Weights of one's own: upload, a job that checks them in the worker process, a new checkpoint."""

import streamlit as st

from rsviz import data, files, jobs
from rsviz.errors import RsvizError
from rsviz.tasks.import_weights import ImportRequest
from rsviz.ui.job_page import watch
from rsviz.ui.session import owner_id

FIELDS = ImportRequest.fields()
CHOICES = {"architecture": lambda: FIELDS["architecture"].options, "dataset": lambda: tuple(data.DATASETS)}
"""Fields that a person may set, with what is offered; None leaves a field to the file."""


def _choose(name, options):
    field = FIELDS[name]
    return st.selectbox(
        field.label,
        [None, *options],
        format_func=lambda key: "as the file says" if key is None else key,
        key=f"w_{name}",
        help=field.setting.help,
    )


def bring_weights() -> None:
    """An uploader for safetensors and the field's .pth.tar; the file is read in the worker process only."""
    file = st.file_uploader(
        "Weights: .safetensors, .pth.tar, .pth or .pt",
        type=["safetensors", "tar", "pth", "pt"],
        key="weights",
        help="A file never runs code here: torch files are loaded as weights only, and checked.",
    )
    known = {name: _choose(name, options()) for name, options in CHOICES.items()}
    if st.button("Import", disabled=file is None, key="w_import") and file is not None:
        try:
            upload = files.keep_upload(file.getvalue(), ".weights")
            request = ImportRequest.make(upload=upload, shown_as=file.name[:200], **known)
            st.session_state["import"] = jobs.submit("import", request, session=owner_id())
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
