"""One attack on the screen: what it found, what is proved, and what may be taken home."""

from functools import partial

import pandas as pd
import pyarrow as pa
import streamlit as st

from rsviz.attacks import ATTACKS
from rsviz.attacks.evidence import Evidence
from rsviz.attacks.request import command_line
from rsviz.attacks.words import (
    contradicts,
    distance,
    gap_sentence,
    promise,
    verdict_sentence,
    who,
)
from rsviz.bounds import BOUNDS, round_down
from rsviz.checkpoints import Card
from rsviz.figures import attack as figures
from rsviz.figures.certify import votes_columns, votes_spec
from rsviz.norms import NORMS
from rsviz.ui.export import Export, record_files, take_home
from rsviz.ui.job_page import badge
from rsviz.ui.pickers import noise_words
from rsviz.ui.pictures import picture
from rsviz.ui.table import markdown_table

BADGES = {
    "running": ("Under attack", "hourglass_top", "orange"),
    "changed": ("Broken", "gpp_bad", "red"),
    "abstained": ("No class named", "do_not_disturb_on", "gray"),
    "unchanged": ("Held", "gpp_good", "green"),
    "cancelled": ("Cancelled: no verdict", "cancel", "red"),
}
DOING = {
    "loading": "Loading the network",
    "measuring": "Measuring what this machine does fastest",
    "judging": "Judging on fresh votes",
    "certifying": "Certifying the original",
    "path": "Walking from the original to the attacked image",
    "done": "Done",
}
SAID = 3
"""Classes named below a picture."""


PHONE = """<style>@media (max-width: 640px) {
  .st-key-trio [data-testid="stHorizontalBlock"] {flex-wrap: nowrap; gap: 0.5rem}
  .st-key-trio [data-testid="stColumn"] {min-width: 0; flex: 1 1 0}
  .st-key-trio p {font-size: 0.8rem}
}</style>"""
"""For st.html: the three pictures stay side by side on a phone."""


def show(evidence: Evidence, card: Card, state: str) -> None:
    """Draw all that is there. state: of the job, or "example"."""
    result = evidence.result
    shown = result["verdict"] if state == "done" and result else state
    badge(shown, BADGES)
    if result:
        _verdict(result)
    elif state == "running":
        _progress(evidence)
    _pictures(evidence, card)
    if result:
        st.markdown(f"**{gap_sentence(result)}**")
    with st.container(key="details"):  # on a phone the controls stand before it
        if result:
            _ruler(result)
            _path(result)
        _steps(evidence)
        if result:
            _votes(result, card)
            _take_home(evidence, result, card)


def _verdict(result):
    """The headline in a few words, and below it the verdict and the promise."""
    before, after = result["before_name"], result["after_name"]
    at = f"{NORMS[result['norm']].symbol} distance {distance(result):.4g}"
    name = who(result)[-1]
    headline = {
        "changed": f"{name}: {before} becomes {after} at {at}",
        "unchanged": f"{name} keeps {before} at {at}",
        "abstained": f"{name} names no class" + (" at the original" if before is None else f" at {at}"),
    }
    st.header(headline[result["verdict"]], anchor=False)
    st.markdown(verdict_sentence(result))
    if contradicts(result):
        st.error("The answer changed inside the certified radius.", icon=":material/error:")
    if result["before"] is not None and result["before"] != result["label"]:
        words = f"The label is {result['label_name']}: the original was misclassified before any attack."
        st.warning(words, icon=":material/warning:")


def _progress(evidence):
    if evidence.phase == "attacking" and evidence.steps:
        words = f"Step {evidence.step:,} of at most {evidence.steps:,}"
        st.progress(min(evidence.step / evidence.steps, 1.0), words)
        return
    drawn = f": {evidence.drawn:,} of {evidence.total:,} votes" if evidence.total else ""
    share = evidence.drawn / evidence.total if evidence.total else 0.0
    st.progress(min(share, 1.0), f"{DOING.get(evidence.phase, '')}{drawn}")


def _pictures(evidence, card):
    """Original, attacked image and magnified difference, with what f and g say to the first two."""
    if (pictures := evidence.pictures) is None:
        return
    result = evidence.result
    delta, factor = figures.magnified(pictures.adversarial - pictures.x)
    with st.container(key="trio"):
        left, middle, right = st.columns(3, gap="medium")
    with left:
        words = "Original" + ("" if result is None else f", labelled {result['label_name']}")
        picture(pictures.x, words, alt=words, size=200)
        if result:
            st.markdown(_said(result, "before", card))
    with middle:
        words = "Attacked" if result else "Under attack"
        picture(pictures.adversarial, words, alt=words, size=200)
        if result:
            st.markdown(_said(result, "after", card))
    with right:
        words = f"Difference ×{factor:g}; grey: none"
        picture(delta, words, alt=words, size=200)
        if result:
            l2, linf = (f"{result[f'distance_{norm}']:.4g}" for norm in ("l2", "linf"))
            st.markdown(f"{NORMS['l2'].symbol} **{l2}**, {NORMS['linf'].symbol} **{linf}** (pixel units)")


def _said(result, when, card) -> str:
    """What f says without noise, and how g votes, in two short lines."""
    softmax = result[f"softmax_{when}"]
    top = max(range(len(softmax)), key=softmax.__getitem__)
    lines = f"f says **{card.classes[top]}** ({100 * softmax[top]:.1f} %)"
    if result["noise"]:
        counts = result[f"counts_{when}"]
        first = sorted(range(len(counts)), key=lambda label: -counts[label])[:SAID]
        votes = ", ".join(
            f"{card.classes[label]}: {100 * counts[label] / result['votes']:.1f} %"
            for label in first
            if counts[label]
        )
        answer = result[f"{when}_name"]
        lines += f"  \ng says **{answer or 'nothing (abstains)'}**, votes {votes}"
    return lines


def _ruler(result):
    """What is proved and what was found on one line."""
    if not result["noise"]:
        return
    columns, spec = ruler(result)
    words = f"Certified radius of each bound in {result['norm']}, and the length of the attack"
    st.vega_lite_chart(pa.table(columns), spec, alt=words)
    others = ""
    if any(radius and BOUNDS[key].norm != result["norm"] for key, radius in result["radii"].items()):
        others = " Bounds of another norm are drawn with the ball of this norm inside theirs."
    st.caption(promise(result) + others)


def ruler(result) -> tuple[dict, dict]:
    """Columns and spec of the ruler."""
    radii, norm, found = result["radii_in_norm"], result["norm"], distance(result)
    columns = figures.ruler_columns(radii, found, result["verdict"])
    end = figures.extent(radii, found, result["epsilon"])
    return columns, figures.ruler_spec(norm, end, len(columns["name"]))


def _path(result):
    path = result["path"]
    if not distance(result):
        return
    st.subheader("From one image to the other", anchor=False)
    columns, spec = path_chart(result)
    words = f"Share of votes for {path['class_name']} on the straight line to the attacked image"
    st.vega_lite_chart(pa.table(columns), spec, alt=words)
    about = f"{words}, at {len(path['share'])} points"
    if not result["noise"]:
        st.caption(f"Softmax of f for {path['class_name']} on the straight line to the attacked image.")
        return
    votes = sum(path["counts"][0])
    about += f" with {votes:,} fresh votes each; bars are Clopper-Pearson limits at α = {result['alpha']:g}."
    if path["envelope"]:
        about += (
            f" Under them the envelope that the certificate promises (p_A ≥ {path['p_a_lower']:.4f} at the "
            "original): the votes stay above it, but for the sampling error of each point."
        )
    st.caption(about)


def path_chart(result) -> tuple[dict, dict]:
    """Columns and spec of the path."""
    path = result["path"]
    spec = figures.path_spec(path["norm"], bool(result["noise"]), bool(path["envelope"]), len(path["share"]))
    return figures.path_columns(path), spec


def _steps(evidence):
    """Loss, distance and share of votes, step by step."""
    if not evidence.history:
        return
    request = evidence.request
    st.subheader("Step by step", anchor=False)
    columns = figures.steps_columns(evidence.history)
    norm, noisy = request.chosen.norm, bool(request.scale)
    table = pa.table(columns)
    for place, name in zip(st.columns(3, gap="medium"), figures.STEPS, strict=True):
        title = "f says the label (%)" if name == "share" and not noisy else None
        spec = figures.steps_spec(name, norm, title)
        place.vega_lite_chart(table, spec, alt=f"{name} at each step of the attack")
    st.caption(f"Loss: {ATTACKS[request.attack].loss_words}. Votes are those of the step's own draws.")


def _votes(result, card):
    if not result["noise"]:
        return
    st.subheader("Votes of the verdict", anchor=False)
    for place, when, words in zip(
        st.columns(2, gap="medium"), ("before", "after"), ("the original", "the attacked image"), strict=True
    ):
        counts = result[f"counts_{when}"]
        words = f"Votes per class at {words}, {result['votes']:,} draws"
        place.vega_lite_chart(
            pa.table(votes_columns(counts, card.classes, result["label"])), votes_spec(), alt=words
        )
        place.caption(words)


def _take_home(evidence, result, card):
    name = f"attack-{result['checkpoint']}-{result['image_sha256'][:8]}"

    def export():
        command = command_line(evidence.request, result)
        table, slide = partial(csv, result, card), partial(sheet, evidence, result)
        files = record_files(name, result, command, table, slide)
        return Export(files, [command], gives="repeats the attack")

    def below():
        if result["radii"]:
            st.markdown("**What every bound certifies for the original**")
            st.markdown(_radii_table(result))
        st.markdown("**All of it in numbers**")
        st.json(result, expanded=1)

    take_home("every bound, JSON, CSV, PNG, command", export, below=below)


def _radii_table(result) -> str:
    rows = [
        (
            BOUNDS[key].title,
            f"{NORMS[BOUNDS[key].norm].symbol} {round_down(radius)}",
            round_down(result["radii_in_norm"][key]),
            "yes" if key in result["inside"] else "no",
        )
        for key, radius in result["radii"].items()
    ]
    return markdown_table(
        ["bound", "its radius", f"in {NORMS[result['norm']].symbol}", "attack inside"], rows
    )


_IN_EACH_ROW = ("verdict", "label", "before", "after", "votes", "distance_l2", "distance_linf")
_IN_EACH_ROW += ("attack", "norm", "epsilon", "eot", "steps", "seed", "noise", "scale", "checkpoint")
_IN_EACH_ROW += ("weights_sha256", "image_sha256")


def csv(result, card) -> str:
    """Votes and softmax per class, with what identifies the attack in each row."""
    names = ("counts_before", "counts_after", "softmax_before", "softmax_after")
    frame = pd.DataFrame({"class": card.classes, **{name: result[name] for name in names}})
    for key in _IN_EACH_ROW:
        frame[key] = result[key]
    return frame.to_csv(index=False)


def sheet(evidence, result) -> bytes:
    """The attack as a picture for slides."""
    pictures = evidence.pictures
    plain = {"l1": "l1", "l2": "l2", "linf": "linf"}  # few fonts have the symbols
    noise = noise_words(result["noise"], result["scale"]) if result["noise"] else "no noise"
    size = "" if result["epsilon"] is None else f", epsilon {result['epsilon']:g}"
    lines = [
        verdict_sentence(result, plain),
        gap_sentence(result, plain),
        f"{result['checkpoint']}, {noise}; {ATTACKS[result['attack']].title}{size}, seed {result['seed']}, "
        f"α = {result['alpha']:g}",
    ]
    headline = {"changed": "Broken", "unchanged": "Held", "abstained": "No class named"}[result["verdict"]]
    return figures.sheet_png(
        pictures.x, pictures.adversarial, *ruler(result), *path_chart(result), headline, lines
    )
