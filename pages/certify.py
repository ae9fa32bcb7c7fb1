"""The Certify page: checkpoint and image -> request -> job -> evidence as it arrives."""

import streamlit as st

from rsviz import jobs
from rsviz.certification import AUTO
from rsviz.checkpoints import load_card
from rsviz.confidence import PROCEDURES
from rsviz.errors import RsvizError
from rsviz.evidence import shipped_example
from rsviz.jobs.certify import evidence_of, stop
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.ui import evidence as view
from rsviz.ui.imports import bring_weights
from rsviz.ui.live import follow, start_button, tell_of_trouble
from rsviz.ui.phone import CONTROLS_FIRST
from rsviz.ui.pickers import pick_checkpoint, pick_image, pick_noise
from rsviz.ui.session import url_value
from rsviz.ui.shell import open_page

open_page()

VOTES = [100, 1_000, 10_000, 100_000, 1_000_000]
ALPHAS = [0.05, 0.01, 0.001, 0.0001, 0.00001]
ENDS = {"votes": "After n votes", "decide": "When a radius is decided", "within": "When it is good enough"}


def choose_settings(card):
    """Noise and statistics of the request."""
    noise, scale = pick_noise(card)
    n = st.select_slider(
        "Votes n",
        VOTES,
        100_000,
        format_func="{:,}".format,
        key="n",
        bind="query-params",
        help="Draws of noise; more votes, a tighter limit on p_A.",
    )
    ends = choose_end(NORMS[NOISES[noise].norm].symbol)
    with st.expander("More settings"):
        alpha = st.select_slider(
            "Probability of error α",
            ALPHAS,
            0.001,
            format_func="{:g}".format,
            key="alpha",
            bind="query-params",
        )
        n0 = st.number_input(
            "Selecting votes n₀",
            1,
            100_000,
            100,
            key="n0",
            bind="query-params",
            help="These choose the class; the n votes that count are drawn afresh.",
        )
        seed = st.number_input("Seed", 0, 2**53 - 1, 0, key="seed", bind="query-params")
        procedure = st.selectbox(
            "Limits on p_A and p_B",
            [AUTO, *(key for key, known in PROCEDURES.items() if known.valid)],
            format_func=lambda key: PROCEDURES[key].title if key != AUTO else "What suits the classes",
            key="procedure",
            bind="query-params",
            help="With more than two classes p_B gets a limit of its own, which proves more.",
        )
    statistics = {"n": n, "alpha": alpha, "n0": n0, "seed": seed, "procedure": procedure}
    return {"noise": noise, "scale": scale, **statistics, **ends}


def choose_end(norm):
    """When the run ends, as fields of the request. Every run of the page may be stopped by hand."""
    end = st.selectbox(
        "When to end",
        list(ENDS),
        format_func=ENDS.get,
        key="end",
        bind="query-params",
        help="A rule ends the run early; what it proved by then holds with the same confidence.",
    )
    ends = {"stoppable": True}
    if end == "decide":
        words = f"Radius to decide ({norm})"
        ends["decide"] = st.number_input(
            words, 0.0001, 100.0, 0.25, 0.05, format="%.4g", key="decide", bind="query-params"
        )
    elif end == "within":
        ends["within"] = st.number_input(
            "Within so many % of the most in reach", 0.1, 99.0, 10.0, 1.0, key="within", bind="query-params"
        )
    return ends


def keep(job):
    """Stop the job with what is proved; it shows at the next poll."""
    try:
        stop(job)
    except (RsvizError, OSError) as error:
        st.session_state["refused"] = str(error)


def show_example():
    evidence = shipped_example()
    view.show(evidence, load_card(evidence.request.checkpoint), "example")


def show_state(job):
    try:
        evidence = evidence_of(job)
        card = load_card(evidence.request.checkpoint)
    except RsvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    if job.unfinished:
        with st.container(horizontal=True, key="running"):
            if view.may_be_stopped(evidence):
                words = "Stop and keep what is proved"
                st.button(words, icon=":material/front_hand:", on_click=keep, args=(job,))
            st.button("Cancel", icon=":material/cancel:", on_click=jobs.cancel, args=(job.id,))
    tell_of_trouble(job)
    if job.state == "running" and not evidence.counts:
        st.info("The worker has it: loading the network.", icon=":material/hourglass_top:")
    view.show(evidence, card, job.state)


jobs.ensure_worker()  # it loads torch while the person looks at the example
st.title("Certify an image", anchor=False)
st.html(CONTROLS_FIRST)
with st.container(key="sides"):
    result, controls = st.columns([2, 1], gap="large")

with controls:
    pressed = st.container(key="settings")
    begin = shipped_example().request
    card = pick_checkpoint(default=begin.checkpoint)
    source = pick_image(card, first=begin.image.index)
    settings = choose_settings(card)
    with pressed:
        request = source and {"checkpoint": card.name, "image": source, **settings}
        start_button("Certify", ":material/verified:", "certify", request)
    own = st.expander("Bring your own weights", icon=":material/upload:", key="own", on_change="rerun")
    if own.open:
        with own:
            bring_weights()

job_id = url_value("job")
with result:
    if job_id is None:
        show_example()
    else:
        follow(job_id, show_state, show_example, button="Certify")
