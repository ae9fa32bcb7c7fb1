"""One attack on the screen: what it found, and what is proved."""

import pyarrow as pa
import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.bounds import BOUNDS
from rsviz.checkpoints import load_card
from rsviz.figures import attack as figures
from rsviz.figures.certify import votes_columns, votes_spec
from rsviz.norms import NORMS
from rsviz.tasks.attack import AttackProgress
from rsviz.tasks.attack.messages import distance_words, gap_sentence, promise, verdict_sentence, victim_words
from rsviz.tasks.certify import NOT_CORRECT
from rsviz.ui.attack.charts import path_chart, ruler
from rsviz.ui.attack.export import show_export
from rsviz.ui.glossary import explain
from rsviz.ui.job_page import badge
from rsviz.ui.likeness import unlike_sentence
from rsviz.ui.pictures import picture

BADGES = {
    "running": ("Under attack", "hourglass_top", "orange"),
    "changed": ("Broken", "gpp_bad", "red"),
    "abstained": ("No class named", "do_not_disturb_on", "gray"),
    "unchanged": ("Held", "gpp_good", "green"),
    "cancelled": ("Cancelled: no verdict", "cancel", "red"),
}
SIZE = 170
"""Pixels of each picture: the ruler and all three are on the first screen."""
SAID = 3
"""Classes named below a picture."""


PHONE = """<style>@media (max-width: 640px) {
  .st-key-trio [data-testid="stHorizontalBlock"] {flex-wrap: nowrap; gap: 0.5rem}
  .st-key-trio [data-testid="stColumn"] {min-width: 0; flex: 1 1 0}
  .st-key-trio p {font-size: 0.85rem}
}</style>"""
"""For st.html: the three pictures stay side by side on a phone."""


def show(progress: AttackProgress, state: str) -> None:
    """Draw all that is there. state: of the job, or "example".

    Raises RsvizError if the checkpoint is no longer here.
    """
    card = load_card(progress.request.checkpoint)
    result = progress.result
    shown = result.verdict if state == "done" and result else state
    badge(shown, BADGES)
    if result:
        _headline(result)
        _proof_and_break(result)
    _pictures(progress, card)
    if result:
        _verdict(result)
        st.markdown(f"**{gap_sentence(result)}**" + (f" {NOT_CORRECT}" if result.best_radius else ""))
        if progress.pictures is not None and (unlike := unlike_sentence(card, progress.pictures.x)):
            st.warning(unlike, icon=":material/help:")
    with st.container(key="details"):  # on a phone the controls stand before it
        if result:
            _ruler(result)
            _path(result)
        _steps(progress)
        if result:
            _votes(result, card)
            show_export(progress, card)


def _headline(result):
    """The verdict in a few words."""
    before, after = result.before_name, result.after_name
    at, name = distance_words(result), victim_words(result)[-1]
    headline = {
        "changed": f"{name}: {before} becomes {after} at {at}",
        "unchanged": f"{name} keeps {before} at {at}",
        "abstained": f"{name} names no class" + (" at the original" if before is None else f" at {at}"),
    }
    st.header(headline[result.verdict], anchor=False, help=explain("smoothed classifier", "votes", "norm"))


def _proof_and_break(result):
    """On one axis: how far the answer is proved, and how far the attack went."""
    if result.noise:
        columns, spec = ruler(result, only_best=True)
        words = f"Certified radius in {result.norm}, and the length of the attack"
        st.vega_lite_chart(pa.table(columns), spec, alt=words)


def _verdict(result):
    """The verdict as a sentence, and what is odd about it."""
    st.markdown(verdict_sentence(result), help=explain("certificate", "radius"))
    if result.contradicts:
        st.error("The answer changed inside the certified radius.", icon=":material/error:")
    if result.before is not None and result.before != result.label:
        words = f"The label is {result.label_name}: the original was misclassified before any attack."
        st.warning(words, icon=":material/warning:")


def _pictures(progress, card):
    """Original, attacked image and magnified difference, with what f and g say to the first two."""
    if (pictures := progress.pictures) is None:
        return
    result = progress.result
    delta, factor = figures.magnified(pictures.adversarial - pictures.x)
    with st.container(key="trio"):
        left, middle, right = st.columns(3, gap="medium")
    with left:
        words = "Original" + ("" if result is None else f", labelled {result.label_name}")
        picture(pictures.x, words, alt=words, size=SIZE)
        if result:
            st.markdown(_said(result, "before", card))
    with middle:
        words = "Attacked" if result else "Under attack"
        picture(pictures.adversarial, words, alt=words, size=SIZE)
        if result:
            st.markdown(_said(result, "after", card))
    with right:
        words = f"Difference ×{factor:g}; grey: none"
        picture(delta, words, alt=words, size=SIZE)
        if result:
            l2, linf = (f"{length:.4g}" for length in (result.distance_l2, result.distance_linf))
            st.markdown(f"{NORMS['l2'].symbol} **{l2}**, {NORMS['linf'].symbol} **{linf}** (pixel units)")


def _said(result, when, card) -> str:
    """What f says without noise, and how g votes, in two short lines."""
    softmax = getattr(result, f"softmax_{when}")
    top = max(range(len(softmax)), key=softmax.__getitem__)
    lines = f"f says **{card.classes[top]}** ({100 * softmax[top]:.1f} %)"
    if result.noise:
        counts = getattr(result, f"counts_{when}")
        first = sorted(range(len(counts)), key=lambda label: -counts[label])[:SAID]
        votes = ", ".join(
            f"{card.classes[label]}: {100 * counts[label] / result.votes:.1f} %"
            for label in first
            if counts[label]
        )
        answer = getattr(result, f"{when}_name")
        lines += f"  \ng says **{answer or 'nothing (abstains)'}**, votes {votes}"
    return lines


def _ruler(result):
    """What each bound proves, and what was found, on one axis."""
    if not result.noise:
        return
    st.subheader("What each bound proves", anchor=False, help=explain("bound"))
    columns, spec = ruler(result)
    words = f"Certified radius of each bound in {result.norm}, and the length of the attack"
    words += f", {result.distance:.4g}"
    st.vega_lite_chart(pa.table(columns), spec, alt=words)
    others = ""
    if any(radius and BOUNDS[key].norm != result.norm for key, radius in result.radii.items()):
        others = " Bounds of another norm are drawn with the ball of this norm inside theirs."
    st.caption(promise(result) + others, help=explain("alpha"))


def _path(result):
    path = result.path
    if not result.distance:
        return
    st.subheader("From one image to the other", anchor=False)
    columns, spec = path_chart(result)
    words = f"Share of votes for {path.class_name} on the straight line to the attacked image"
    st.vega_lite_chart(pa.table(columns), spec, alt=words)
    about = f"{words}, at {len(path.share)} points"
    if not result.noise:
        st.caption(f"Softmax of f for {path.class_name} on the straight line to the attacked image.")
        return
    votes = sum(path.counts[0])
    about += f" with {votes:,} fresh votes each; bars are Clopper-Pearson limits at α = {result.alpha:g}."
    if path.envelope:
        about += (
            f" Under them the envelope that the certificate promises (p_A ≥ {path.p_a_lower:.4f} at the "
            "original): the votes stay above it, but for the sampling error of each point."
        )
    st.caption(about, help=explain("limits", "p_A"))


def _steps(progress):
    """Loss, distance and share of votes, step by step."""
    if not progress.history:
        return
    request = progress.request
    st.subheader("Step by step", anchor=False)
    columns = figures.steps_columns(progress.history)
    norm, noisy = request.chosen.norm, bool(request.scale)
    table = pa.table(columns)
    for place, name in zip(st.columns(3, gap="medium"), figures.STEPS, strict=True):
        title = "f says the label (%)" if name == "share" and not noisy else None
        spec = figures.steps_spec(name, norm, title)
        known = [value for value in columns[name] if value is not None] or [0]
        alt = f"{name} at each step of the attack, from {known[0]:.3g} to {known[-1]:.3g}"
        place.vega_lite_chart(table, spec, alt=alt)
    st.caption(f"Loss: {ATTACKS[request.attack].loss_words}. Votes are those of the step's own draws.")


def _votes(result, card):
    if not result.noise:
        return
    st.subheader("Votes of the verdict", anchor=False)
    for place, when, words in zip(
        st.columns(2, gap="medium"), ("before", "after"), ("the original", "the attacked image"), strict=True
    ):
        counts = getattr(result, f"counts_{when}")
        words = f"Votes per class at {words}, {result.votes:,} draws"
        columns = votes_columns(counts, card.classes, result.label)
        place.vega_lite_chart(pa.table(columns), votes_spec(columns["class"]), alt=words)
        place.caption(words)
