"""python -m rsviz distribution: how bad the mean loss gets over a population that moves."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from rsviz.cli import print_json
from rsviz.cli.options import request_from, request_options
from rsviz.distributional import BudgetReading, at_budget, epsilon
from rsviz.tasks.population import (
    PopulationCurve,
    PopulationProgress,
    PopulationRequest,
    PopulationResult,
    run,
)


class _Budgets(click.ParamType):
    name = "NUMBER,..."

    def convert(self, value, parameter, context):
        try:
            return [float(part) for part in value.split(",")]
        except ValueError:
            self.fail(f"{value!r} is no list of numbers with commas between.")


@click.command(short_help="certify a population, and show the worst case that was reached")
@request_options(PopulationRequest)
@click.option("--need-proof", is_flag=True, help="Refuse a loss for which nothing can be proved concave.")
@click.option("--rho", "budgets", type=_Budgets(), help="Budgets at which the certificate is printed.")
@click.option("--save", type=click.Path(path_type=Path), help="File for the request and the curves.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(need_proof, budgets, save, as_json, **options):
    """Certify the mean loss over all populations that moved by at most rho from the test images.

    rho is a mean squared l2 distance in pixel units, before the noise. The output also has the attained worst
    case, the claim of the paper's Theorem 1, and the certified radii of the images themselves.
    """
    request = request_from(PopulationRequest, options)
    if need_proof:
        request.check_provable()
    for rho in budgets or ():
        epsilon(rho)  # refuses a bad budget before the run
    result = _finished(run(request), as_json)
    if save:
        from rsviz.files import write_atomically

        stored = {"request": request.model_dump(mode="json", exclude_defaults=True)} | result.to_json()
        write_atomically(save, json.dumps(stored).encode())
    read = [(curve, at_budget(curve, budgets or ())) for curve in result.curves]
    if as_json:
        curves = [_with_budgets(curve, entries) for curve, entries in read]
        print_json({"request": request.model_dump(mode="json"), "curves": curves})
        return
    for curve, entries in read:
        for line in _sentences(curve, entries):
            click.echo(line)


def _finished(steps: Iterable[PopulationProgress], as_json: bool) -> PopulationResult:
    from tqdm import tqdm

    with tqdm(unit=" parts", disable=True if as_json else None) as bar:
        for progress in steps:
            bar.total, bar.n = progress.parts, len(progress.done) - 1
            bar.set_description(progress.what, refresh=False)
            bar.refresh()
    return progress.result


def _with_budgets(curve: PopulationCurve, entries: list[BudgetReading]) -> dict:
    return curve.to_json() | ({"at": [asdict(entry) for entry in entries]} if entries else {})


def _sentences(curve: PopulationCurve, entries: list[BudgetReading]) -> Iterator[str]:
    noise = f"noise of scale {curve.scale:g}" if curve.scale else "no noise (WRM's certificate)"
    yield f"{curve.checkpoint}, {noise}, {curve.images} images, K = {curve.K}, r = {curve.r}"
    yield f"  {curve.loss}, {curve.clean_loss:.4f} where nothing moves"
    yield "  gamma    phi       reached: rho  loss     certificate there  concave"
    for point in curve.points:
        there = point.intercept + point.gamma * point.rho
        yield (
            f"  {point.gamma:<8g} {point.phi:<9.4f} {point.rho:<13.4f} {point.loss:<8.4f} "
            f"{there:<18.4f} {point.concave}"
        )
    for entry in entries:
        yield (
            f"  rho {entry.rho:g} (attacks of size {entry.epsilon:.4g}): certificate {entry.certificate:.4f} "
            f"({entry.low:.4f} to {entry.high:.4f}), {entry.concave}; Theorem 1 prints {entry.printed:.4f}"
        )
    for start, end in curve.printed_false:
        yield f"  Theorem 1 as printed is below a loss that was reached for rho from {start:.4g} to {end:.4g}"
    if curve.radii:
        held = [radius for radius in curve.radii if radius >= 0]
        middle = f", median radius {sorted(held)[len(held) // 2]:.3f}" if held else ""
        yield f"  per image: {len(held)} of {curve.images} certified for the right class{middle}"
