"""The strip on Certify: every step has the numbers of this certificate, for every noise and every bound."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from rsviz.bounds import BOUNDS, certifying, round_down
from rsviz.confidence import PROCEDURES
from rsviz.noise import NOISES
from rsviz.tasks.certify import shipped_example
from rsviz.ui.certify.strip import axis


def strip(noise, procedure, counts):
    import dataclasses
    import math

    from rsviz.checkpoints import load_card
    from rsviz.noise import NOISES
    from rsviz.smoothing.certify import certificates
    from rsviz.tasks.certify import shipped_example
    from rsviz.ui.certify.strip import show

    example = shipped_example()
    card = load_card(example.request.checkpoint)
    mechanism, dim = NOISES[noise](0.25), math.prod(card.input_shape)
    top = example.top
    counts[5], counts[top] = counts[top], counts[5]
    proved = certificates(counts, top, procedure=procedure, alpha=0.001, noise=mechanism, dim=dim)
    abstained = bool(proved.abstained)
    result = dataclasses.replace(
        example.result,
        counts=tuple(counts),
        n=sum(counts),
        noise=noise,
        scale=0.25,
        norm=mechanism.norm,
        procedure=procedure,
        predicted=int(proved.predicted),
        predicted_name=None if abstained else card.classes[top],
        abstained=abstained,
        p_a_lower=float(proved.p_a_lower),
        p_b_upper=float(proved.p_b_upper),
        radius=float(proved.radius),
        radii={key: float(radius) for key, radius in proved.radii.items()},
    )
    request = example.request.model_copy(update={"noise": noise})
    show(dataclasses.replace(example, result=result, request=request), card, lambda: None)


SURE = [10, 5, 0, 0, 20, 9_800, 0, 15, 100, 50]
TORN = [10, 5, 0, 0, 4_900, 4_950, 0, 15, 70, 50]
VALID = [key for key, procedure in PROCEDURES.items() if procedure.valid]


def drawn(noise, procedure, counts, bound=None):
    """All words of the strip, and its help marks."""
    app = AppTest.from_function(strip, args=(noise, procedure, list(counts)))
    if bound:
        app.session_state["certify_bound"] = bound
    app.run()
    assert not app.exception
    helps = [text.proto.help for text in app.markdown if text.proto.help]
    helps += [box.help for box in app.selectbox]
    return " ".join(text.value for text in app.markdown), " ".join(helps)


def test_the_example_is_explained_on_the_page(open_page):
    app = open_page("certify")
    result = shipped_example().result
    words = " ".join(text.value for text in app.markdown)
    assert f"**p_A ≥ {int(1e4 * result.p_a_lower) / 1e4:.4f}**" in words
    assert f"**{max(result.counts):,}**" in words
    assert f"**= {round_down(result.radius):.4g}**" in words
    assert "An attack found" in words  # the shipped attack is on the same image


@pytest.mark.parametrize("bound", [bound.key for bound in BOUNDS.values() if bound.rigorous])
def test_every_bound_is_filled_in_and_gives_its_radius(bound):
    record = BOUNDS[bound]
    words, helps = drawn(record.noise, "split", SURE, bound)
    radius = re.search(r"\*\*= ([\d.]+)\*\*", words)
    assert radius and float(radius[1]) > 0
    assert "0.25" in words and record.statement[:40] in helps
    assert record.text.partition("(")[0].replace("{scale}", "0.25").split("{")[0] in words
    assert ("Solved numerically" in words) == (record.optimum is not None)


@pytest.mark.parametrize("procedure", VALID)
@pytest.mark.parametrize("counts", [SURE, TORN], ids=["sure", "torn"])
def test_every_procedure_is_named_in_the_help_of_its_limits(procedure, counts):
    noise = list(NOISES)[VALID.index(procedure) % len(NOISES)]
    words, helps = drawn(noise, procedure, counts)
    assert PROCEDURES[procedure].statement[:40] in helps
    ends = "The chain ends here" in words
    assert ends == (counts is TORN)
    assert ends == ("Nothing is promised: any change" in words)
    assert certifying(noise)[0].norm in ("l1", "l2", "linf")


def test_the_axis_begins_where_it_matters_and_holds_the_limit_and_the_votes():
    html = axis(0.9764, 0.0192, 0.978)
    begin = float(re.search(r'left:0">([\d.]+)<', html)[1])
    assert 0.95 < begin < 0.9764
    limit, votes = (float(found) for found in re.findall(r"left:([\d.]+)%", html))
    assert 0 < limit < votes < 100
    assert "rival" not in html
    assert "rival" in axis(0.43, 0.48, 0.45)


@pytest.mark.parametrize("limit", [0.5001, 0.9, 0.999, 0.999931, 1 - 1e-9])
def test_the_limit_has_room_on_the_axis_however_near_to_one_it_is(limit):
    html = axis(limit, (1 - limit) / 2, min(1.0, limit + (1 - limit) / 3))
    place = float(re.search(r'sure" style="left:([\d.]+)%', html)[1])
    assert 20 < place < 70
