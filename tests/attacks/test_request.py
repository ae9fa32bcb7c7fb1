"""The request of an attack: what is refused, in one sentence, and that its command asks for the same."""

import shlex

import click
import pytest

from rsviz.attacks import AttackError
from rsviz.cli.options import request_from, request_options
from rsviz.errors import RsvizError
from rsviz.tasks.attack import AttackRequest
from rsviz.tasks.spellings import command_line

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
        ({"noise": "pink"}, "noise is 'pink': must be one of"),
        ({"scale": -0.1}, "scale is -0.1"),
        ({"label": 3, "target": 3}, "the label itself"),
        ({"attack": "transfer"}, "transfer needs a surrogate"),
        ({"surrogate": "digits-plain"}, "no other attack takes one"),
        ({"votes": 0}, "votes is 0"),
    ],
)
def test_what_cannot_be_attacked_is_refused_in_one_sentence(changes, words):
    with pytest.raises(AttackError) as error:
        AttackRequest.make(**BASE | changes)
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
        AttackRequest.make(**BASE | changes).check_fit()


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
        AttackRequest.for_job(BASE | changes)


def from_shell(words):
    """The request that the words of a command line make."""

    @click.command()
    @request_options(AttackRequest)
    def command(**options):
        return request_from(AttackRequest, options)

    return command.main(words, standalone_mode=False)


SHELL = ["--checkpoint", "digits-gaussian-0.25", "--dataset", "digits", "--index", "3"]


def parameters_from(*words):
    return from_shell([*SHELL, *words]).parameters


def test_parameters_come_from_options_and_texts():
    words = ("--norm", "linf", "--epsilon", "0.1", "--set", "restarts=3", "--set", "common_draws=true")
    assert parameters_from(*words) == {"norm": "linf", "epsilon": 0.1, "restarts": 3, "common_draws": True}
    transfer = ("--attack", "transfer", "--surrogate", "digits-plain", "--steps", "7")
    inner = parameters_from(*transfer, "--set", "attack=cw", "--set", "kappa=0.5")
    assert inner == {"attack": "cw", "parameters": {"steps": 7, "kappa": 0.5}}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("--attack boundary --eot 16", r"\(--eot\) is no setting of boundary"),
        ("--steps 5 --set steps=6", "given twice"),
        ("--set restarts", "NAME=VALUE"),
        ("--set restarts=many", "restarts is 'many'"),
        ("--attack transfer --surrogate digits-plain --set attack=magic", "attack is 'magic'"),
        ("--attack transfer --surrogate digits-plain --set attack=transfer", "attack is 'transfer'"),
    ],
)
def test_settings_that_an_attack_does_not_have_are_named(given, sentence):
    with pytest.raises(RsvizError, match=sentence):
        parameters_from(*given.split())


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
    request = AttackRequest.make(**BASE | {"seed": 7, "votes": 200} | changes)
    words = shlex.split(command_line(request))
    assert words[:4] == ["python", "-m", "rsviz", "attack"]
    again = from_shell(words[4:])
    assert again == request
    assert again.chosen == request.chosen
    assert type(again.chosen) is type(request.chosen)
