"""Weights of one's own beside every picker of a network: upload, a job that checks them, selected at once."""

import streamlit as st

from rsviz import data, files, jobs
from rsviz.checkpoints import WITHOUT_NOISE, Card
from rsviz.errors import RsvizError
from rsviz.noise import NOISES
from rsviz.tasks.import_weights import ImportRequest, ImportResult
from rsviz.ui.job_page import check_kind, watch
from rsviz.ui.session import owner_id, url_value
from rsviz.ui.uploads import uploader

FIELDS = ImportRequest.fields()
CHOICES = {"architecture": lambda: FIELDS["architecture"].options, "dataset": lambda: tuple(data.DATASETS)}
"""Fields that a person may leave to the file, with what is offered."""
LARGEST = 512
"""Size of an uploaded file in MB; larger ones come in by the shell."""
BOX = "own"
"""Key of the expander."""
JOB, TAKEN, SELECT = "import", "import-taken", "import-select"
"""In the session: the job, the one whose network was selected, the network to select in the next run.

The job is in the URL too until its network is selected: a session ends where the server is restarted.
"""


def take_imported() -> str | None:
    """Before a picker is drawn: the network that was just imported, once."""
    if SELECT in st.session_state:
        st.query_params.pop(JOB, None)
    return st.session_state.pop(SELECT, None)


def offer_import() -> None:
    """The expander below a picker of networks. What is imported is handed to the next run's picker."""
    _take_up()
    box = st.expander("Bring your own weights", icon=":material/upload:", key=BOX, on_change="rerun")
    if not box.open:
        return
    with box:
        request = _form()
        if st.button("Import", disabled=request is None, key="w_import", icon=":material/upload:"):
            _begin(request)
        if JOB in st.session_state:
            watch(st.session_state[JOB], _show, every=0.4)


def _take_up() -> None:
    """In a session that has begun no import: go on with the one that the URL names."""
    if JOB not in st.session_state and (asked := url_value(JOB)):
        try:
            st.session_state.update({JOB: check_kind(asked, "import").id, BOX: True})
        except RsvizError:  # forgotten, or the link is spoilt
            st.query_params.pop(JOB, None)


def _form() -> dict | None:
    """The values of a request without its upload, and the file; None without a file."""
    file = uploader(
        "File with weights: .safetensors, .pth.tar, .pth, .pt, .ckpt, .bin",
        key="weights",
        max_upload_size=LARGEST,
        help="A file never runs code here: torch files are loaded as weights only, and checked.",
    )
    name = st.text_input(
        FIELDS["name"].label, key="w_name", max_chars=80, placeholder="made from that of the file"
    )
    known = {key: _choose(key, options()) for key, options in CHOICES.items()}
    noise = st.selectbox(
        FIELDS["noise"].label,
        [None, *NOISES, WITHOUT_NOISE],
        format_func=_noise_option,
        key="w_noise",
        help="It is where certificates are strongest, and the picker begins with it.",
    )
    scale = 0.0
    if noise in NOISES:
        scale = st.number_input(
            f"{FIELDS['scale'].label} {NOISES[noise].symbol} (pixel units)",
            0.001,
            float(FIELDS["scale"].high),
            0.25,
            key="w_scale",
            format="%g",
        )
    if file is None:
        return None
    return {"file": file, "name": name.strip() or None, "noise": noise, "scale": scale, **known}


def _choose(name, options):
    field = FIELDS[name]
    return st.selectbox(
        field.label,
        [None, *options],
        format_func=lambda key: "as the file says" if key is None else key,
        key=f"w_{name}",
        help=field.setting.help,
    )


def _noise_option(noise) -> str:
    if noise is None:
        return "not known, or as the file says"
    return "trained without noise" if noise == WITHOUT_NOISE else NOISES[noise].title


def _begin(values):
    file = values.pop("file")
    st.session_state.pop(JOB, None)
    try:
        upload = files.keep_upload(file.getvalue(), ".weights")
        request = ImportRequest.make(upload=upload, shown_as=file.name[:200], **values)
        st.session_state[JOB] = st.query_params[JOB] = jobs.submit("import", request, session=owner_id())
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")


def _show(job):
    if job.unfinished:
        st.caption("The worker is checking the file …")
        return
    if job.state != "done":
        st.error(job.error or f"The import was {job.state}.", icon=":material/error:")
        return
    result = ImportResult(card=Card.model_validate(job.result))
    if st.session_state.get(TAKEN) != job.id:
        st.session_state.update({TAKEN: job.id, SELECT: result.card.name})
        st.rerun()
    st.success(f"{result.card.name} is imported and selected.", icon=":material/check:")
    if warning := result.warning():
        st.warning(warning, icon=":material/warning:")
    st.caption("  \n".join(result.sentences()))
