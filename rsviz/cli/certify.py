"""python -m rsviz certify: one image, one certificate."""

import contextlib
import signal
from pathlib import Path

import click
from tqdm import tqdm

from rsviz.cli import EXIT_ABSTAINED, print_json
from rsviz.cli.options import request_options, take_request_values
from rsviz.tasks.certify import CertifyRequest


@click.command(short_help="certify one image")
@request_options(CertifyRequest)
@click.option("--save", type=click.Path(), help="File for the certificate with votes and pictures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(save, as_json, **options):
    """Certify one image: the class that the smoothed classifier returns, and a radius in which it stays.

    The certificate lists what every bound that fits the noise proves. A run with --until-radius or --within
    uses the confidence sequence `anytime`, which holds after every number of votes. Ctrl+C ends a run with
    --stoppable with what is proved by then.
    """
    from rsviz.files import write_atomically
    from rsviz.tasks.certify import run

    request = request_with_own_noise(CertifyRequest, take_request_values(CertifyRequest, options))
    with (
        tqdm(total=request.n, unit=" votes", disable=True if as_json else None) as bar,
        _first_interrupt(request.stoppable) as interrupted,
    ):
        for progress in run(request, stop=lambda _: bool(interrupted), pictures=save is not None):
            bar.update(progress.drawn - bar.n)
    result = progress.result
    if save:
        write_atomically(Path(save), progress.to_json().encode())
    if as_json:
        print_json(result.to_json())
    else:
        for line in _sentences(result):
            click.echo(line)
    return EXIT_ABSTAINED if result.abstained else 0


def request_with_own_noise(model, values):
    """The request; says on standard error which scale it has where the scale was chosen for another noise."""
    from rsviz.checkpoints import load_card

    request = model.make(**values)
    if values.get("scale") is None:
        card = load_card(request.checkpoint)
        if card.noise and request.noise != card.noise:
            click.echo(
                f"{card.name} was trained with {card.noise} noise of scale {card.scale:g}; {request.noise} "
                f"noise of scale {request.scale:.4g} has the same deviation per pixel.",
                err=True,
            )
    return request


@contextlib.contextmanager
def _first_interrupt(stoppable):
    """A list that the first Ctrl+C fills where the run may be stopped; the second one ends the program."""
    seen = []

    def stop(number, frame):
        seen.append(number)
        signal.signal(signal.SIGINT, before)

    if not stoppable:
        yield seen
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _sentences(result):
    """The certificate in words: the claim, how the run ended, and what every bound proves."""
    from rsviz.bounds import BOUNDS, round_down
    from rsviz.confidence import PROCEDURES
    from rsviz.tasks.certify import NOT_CORRECT, limits_in_words

    p_a_lower, p_b_upper = limits_in_words(result.p_a_lower, result.p_b_upper)
    if result.abstained:
        yield f"abstains: p_A >= {p_a_lower} is not above p_B <= {p_b_upper}"
    else:
        yield (
            f"{result.predicted_name}: no change of the image with {result.norm} norm below "
            f"{round_down(result.radius)} changes this class, with confidence {1 - result.alpha:.10g} "
            f"(p_A >= {p_a_lower}, p_B <= {p_b_upper}, {result.n} votes, "
            f"{PROCEDURES[result.procedure].title})"
        )
        yield NOT_CORRECT
    if result.ended != "complete":
        saved = result.n_planned - result.n
        yield f"ended: {result.ended}, after {result.n} of {result.n_planned} votes ({saved} saved)"
    if words := result.gain:
        yield f"split against cohen on these votes: {words}"
    if not result.abstained:
        yield "what every bound proves from these votes:"
        for key, radius in result.radii.items():
            yield f"  {key:<18} {BOUNDS[key].norm:<4} {round_down(radius)}"
