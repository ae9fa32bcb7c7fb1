"""Requests that may end early, and every noise: what is claimed, and the command that repeats it."""

import json
import os
import shlex
import signal
from dataclasses import replace

import numpy as np
import pytest

from rsviz.bounds import BOUNDS, certifying
from rsviz.checkpoints import load_card
from rsviz.cli.options import request_from
from rsviz.noise import NOISES
from rsviz.tasks.certify import CertifyProgress, CertifyRequest, run, shipped_example
from rsviz.tasks.certify.run import along
from rsviz.tasks.settings import default_scale
from rsviz.tasks.spellings import command_line
from tests.shell import shell

DIGIT = {"kind": "dataset", "dataset": "digits", "index": 3}
REQUEST = {"checkpoint": "digits-gaussian-0.25", "image": DIGIT, "scale": 0.25, "n": 2000, "seed": 1}


def certify(stop=None, **changes):
    *_, last = run(CertifyRequest.make(**REQUEST | changes), stop=stop)
    return last.result


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({}, "complete"),
        ({"stoppable": True}, "complete"),
        ({"until_radius": 0.1, "n": 20_000}, "proved"),
        ({"until_radius": 2.0, "n": 20_000}, "out of reach"),
        ({"within": 30, "n": 20_000}, "good enough"),
        ({"noise": "laplace", "scale": 0.18}, "complete"),
    ],
)
def test_the_command_says_how_the_run_may_end(changes, ended):
    from rsviz.cli.certify import command  # its parser alone: a shell takes a second each time

    certificate = certify(**changes)
    assert certificate.ended == ended
    repeated = certificate.repeated(CertifyRequest.make(**REQUEST | changes))
    words = shlex.split(command_line(repeated))[4:]
    *_, again = run(request_from(CertifyRequest, command.make_context("certify", words).params))
    same = ("counts", "ended", "radius", "p_b_upper", "alpha_spent", "procedure")
    assert [getattr(again.result, name) for name in same] == [getattr(certificate, name) for name in same]


def test_the_command_of_a_run_stopped_by_hand_draws_its_votes_and_proves_the_same():
    changes = {"n": 100_000, "stoppable": True, "batch": 64}
    kept = certify(lambda snapshot: snapshot.votes.drawn > 1000, **changes)
    assert kept.ended == "by hand"
    command = command_line(kept.repeated(CertifyRequest.make(**REQUEST | changes)), "--json")
    again = json.loads(shell(*shlex.split(command)[3:])[1])
    assert (again["counts"], again["radius"]) == (list(kept.counts), kept.radius)


def test_what_is_claimed_does_not_depend_on_whether_somebody_asked_to_stop():
    asked = certify(lambda snapshot: False, stoppable=True)
    not_asked = certify(stoppable=True)
    assert asked.p_a_lower == not_asked.p_a_lower
    assert asked.alpha_spent < asked.alpha == 0.001
    assert certify(lambda snapshot: True).ended == "complete"  # it was not announced


def test_auto_is_split_for_ten_classes_and_gains_over_cohen_on_the_same_votes():
    certificate, cohen = certify(n=20_000), certify(n=20_000, procedure="cohen")
    assert certificate.procedure == "split"
    assert cohen.counts == certificate.counts
    assert certificate.radius_cohen == cohen.radius
    percent = 100 * (certificate.radius / cohen.radius - 1)
    assert certificate.gain == f"{percent:+.1f} % radius over CERTIFY"
    assert cohen.gain is None


@pytest.mark.parametrize(
    ("changes", "classes", "key"),
    [
        ({}, 10, "split"),
        ({}, 2, "cohen"),
        ({"procedure": None}, 10, "split"),
        ({"procedure": "auto", "within": 5}, 10, "anytime"),
        ({"procedure": "anytime"}, 2, "anytime"),
        ({"procedure": "cohen"}, 10, "cohen"),
    ],
)
def test_the_procedure_that_stands_for_auto(changes, classes, key):
    assert CertifyRequest.make(**REQUEST | changes).procedure_for(classes) == key


def gain(radii):
    return replace(shipped_example().result, **radii).gain


def test_gain_says_so_where_only_one_of_them_certifies_and_hides_no_loss():
    assert gain({"radius": 0.2, "radius_cohen": 0.0}) == "it certifies, where CERTIFY abstains"
    assert gain({"radius": 0.0, "radius_cohen": 0.0}) is None
    assert gain({"radius": 0.0, "radius_cohen": 0.1}).startswith("-100.0 %")
    assert gain({"radius": 0.998, "radius_cohen": 1.0}).startswith("-0.2 %")


@pytest.mark.parametrize("noise", NOISES)
def test_every_noise_certifies_in_its_norm_with_every_bound_that_fits_it(noise):
    card = load_card(REQUEST["checkpoint"])
    scale, dim = default_scale(card, noise), int(np.prod(card.input_shape))
    assert NOISES[noise](scale).deviation(dim) == pytest.approx(0.25)
    certificate = certify(noise=noise, scale=scale)
    keys = list(certificate.radii)
    assert keys == [bound.key for bound in certifying(noise)]
    assert BOUNDS[keys[0]].tight
    assert certificate.norm == NOISES[noise].norm == BOUNDS[keys[0]].norm
    assert certificate.radius == certificate.radii[keys[0]] > 0
    assert certificate.predicted == certificate.label


def test_a_checkpoint_without_noise_has_no_scale_of_its_own():
    assert default_scale(load_card("digits-plain"), "laplace") is None


def test_the_path_of_the_votes_ends_with_what_the_certificate_claims():
    *_, progress = run(CertifyRequest.make(**REQUEST))
    certificate = progress.result
    drawn, top, other, *limits = progress.history[-1]
    assert (drawn, top, other) == (2000, *sorted(progress.counts)[:-3:-1])
    assert tuple(limits) == progress.limits == (certificate.p_a_lower, certificate.p_b_upper)
    seen = [row[0] for row in progress.history]
    assert seen == sorted(set(seen))


def test_the_first_interrupt_of_a_stoppable_run_in_the_shell_keeps_what_is_proved(monkeypatch, tmp_path):
    from rsviz.cli import certify as shell

    class Bar(shell.tqdm):
        def update(self, n=1):
            super().update(n)
            if n and not interrupted:  # where there is no terminal, a bar counts nothing itself
                interrupted.append(n)
                os.kill(os.getpid(), signal.SIGINT)

    interrupted, before = [], signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(shell, "tqdm", Bar)
    command = "--checkpoint digits-gaussian-0.25 --dataset digits --index 3 --n 1000000 --stoppable"
    options = [*command.split(), "--save", str(tmp_path / "it.json")]
    assert shell.command.main(options, standalone_mode=False) == 0
    kept = CertifyProgress.from_json((tmp_path / "it.json").read_text()).result
    assert kept.ended == "by hand"
    assert kept.n < 1_000_000
    assert kept.radius > 0
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_ends_the_program():
    from rsviz.cli.certify import _first_interrupt

    with pytest.raises(KeyboardInterrupt), _first_interrupt(True) as interrupted:
        os.kill(os.getpid(), signal.SIGINT)
        assert len(interrupted) == 1
        os.kill(os.getpid(), signal.SIGINT)


def test_the_path_of_ten_million_votes_stays_short_even_on_a_logarithmic_axis_and_ends_now():
    history = []
    for drawn in range(1000, 10_000_001, 1000):
        history = along(history, [drawn, 0, 0, 0.0, 1.0])
        assert history[-1][0] == drawn
    drawn = np.array([row[0] for row in history])
    assert len(drawn) < 400
    assert np.diff(np.log(drawn))[10:].max() < 0.05 + np.log1p(1000 / drawn[10])
    assert along(history, history[-1]) == history
