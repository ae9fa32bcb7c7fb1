"""The request of an attack: what is refused, in one sentence, and that its command asks for the same."""

import shlex

import pytest

from rsviz.attacks import AttackError
from rsviz.attacks.request import check_fit, check_job, command_line, make_request, parameters_from
from rsviz.cli.attack import command

DIGIT = {"kind": "dataset", "dataset": "digits", "index": 3}
BASE = {"checkpoint": "digits-gaussian-0.25", "image": DIGIT, "scale": 0.25}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": {"epsilon": 0}}, "epsilon is 0"),
        ({"parameters": {"epsilon": -1.0}}, "epsilon is -1.0"),
        ({"parameters": {"epsilon": float("nan")}}, "epsilon is nan"),
        ({"parameters": {"speed": 1}}, "speed"),
        ({"attack": "magic"}, "attack is 'magic'"),
        ({"attack": "cw", "parameters": {"norm": "linf"}}, "norm is 'linf'; cw works in l2"),
        ({"noise": "pink"}, "noise must be one of"),
        ({"scale": -0.1}, "scale is -0.1"),
        ({"label": 3, "target": 3}, "the label itself"),
        ({"attack": "transfer"}, "transfer needs a surrogate"),
        ({"surrogate": "digits-plain"}, "no other attack takes one"),
        ({"votes": 0}, "votes is 0"),
    ],
)
def test_what_cannot_be_attacked_is_refused_in_one_sentence(changes, words):
    with pytest.raises(AttackError) as error:
        make_request(**BASE | changes)
    text = str(error.value)
    assert words in text
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": 10}, "label is 10; digits-gaussian-0.25 knows classes 0 to 9"),
        ({"target": 10}, "target is 10"),
        ({"image": {"kind": "dataset", "dataset": "mnist", "index": 0}}, "was trained on digits"),
        ({"attack": "transfer", "surrogate": "mnist-gaussian-0.70"}, "they must be the same"),
        ({"checkpoint": "nobody"}, "nobody"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        check_fit(make_request(**BASE | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"image": {"kind": "file", "path": "/etc/passwd"}},
        {"checkpoint": "../somewhere"},
        {"attack": "transfer", "surrogate": "../somewhere"},
    ],
)
def test_a_job_reads_no_path(changes):
    with pytest.raises(AttackError):
        check_job(BASE | changes)


def test_parameters_come_from_options_and_texts():
    given = {"norm": "linf", "epsilon": 0.1, "draws": None, "steps": None}
    assert parameters_from("eot-pgd", given, ["restarts=3", "common_draws=true"]) == {
        "norm": "linf",
        "epsilon": 0.1,
        "restarts": 3,
        "common_draws": True,
    }
    inner = parameters_from("transfer", {"steps": 7}, ["attack=cw", "kappa=0.5"])
    assert inner == {"attack": "cw", "parameters": {"steps": 7, "kappa": 0.5}}


@pytest.mark.parametrize(
    ("attack", "given", "own", "words"),
    [
        ("boundary", {"draws": 16}, [], "--eot is no setting of boundary"),
        ("eot-pgd", {"steps": 5}, ["steps=6"], "given twice"),
        ("eot-pgd", {}, ["restarts"], "NAME=VALUE"),
        ("eot-pgd", {}, ["restarts=many"], "restarts is 'many'"),
        ("transfer", {}, ["attack=magic"], "attack is 'magic'"),
        ("transfer", {}, ["attack=transfer"], "attack is 'transfer'"),
    ],
)
def test_settings_that_an_attack_does_not_have_are_named(attack, given, own, words):
    with pytest.raises(AttackError, match=words):
        parameters_from(attack, given, own)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"epsilon": 0.5, "restarts": 2, "common_draws": True}},
        {"attack": "cw", "parameters": {"searches": 3}, "target": 5, "label": 2},
        {"attack": "boundary", "parameters": {"steps": 40}, "scale": 0.0},
        {
            "attack": "transfer",
            "surrogate": "digits-plain",
            "parameters": {"attack": "eot-pgd", "parameters": {"norm": "linf", "epsilon": 0.25}},
        },
    ],
)
def test_the_command_asks_for_the_same(changes):
    """Read back by the command line's own parser, it gives the request it was written from."""
    request = make_request(**BASE | {"seed": 7, "votes": 200} | changes)
    text = command_line(request, {"label": request.label, "target": request.target})
    words = shlex.split(text)
    assert words[:4] == ["python", "-m", "rsviz", "attack"]
    asked = command.make_context("attack", words[4:]).params
    given = {"norm": asked["norm"], "epsilon": asked["epsilon"]}
    given |= {"draws": asked["eot"], "steps": asked["steps"]}
    names = ("checkpoint", "noise", "scale", "attack", "surrogate", "label", "target")
    names += ("votes", "path_votes", "n0", "n", "alpha", "seed")
    again = make_request(
        image=DIGIT,
        parameters=parameters_from(asked["attack"], given, asked["own"]),
        **{name: asked[name] for name in names},
    )
    one, other = (getattr(asked.chosen, "inner", asked.chosen) for asked in (again, request))
    assert one == other
    assert type(again.chosen) is type(request.chosen)
    assert again.model_copy(update={"parameters": {}}) == request.model_copy(update={"parameters": {}})
