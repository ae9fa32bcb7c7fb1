"""python -m rsviz distribution: how bad the mean loss gets over a population that moves."""

import json
from pathlib import Path

import click

from rsviz.cli import print_json
from rsviz.distributional.losses import LOSSES


class _Numbers(click.ParamType):
    name = "NUMBER,..."

    def __init__(self, kind: type = float):
        self.kind = kind

    def convert(self, value, parameter, context):
        try:
            return [self.kind(part) for part in value.split(",")]
        except ValueError:
            words = "whole numbers" if self.kind is int else "numbers"
            self.fail(f"{value!r} is no list of {words} with commas between.")


@click.command(short_help="certify a population, and show the worst case that was reached")
@click.option("--checkpoint", "checkpoints", multiple=True, required=True, help="Repeatable: a curve each.")
@click.option("--images", type=int, default=100, show_default=True, help="Images of the test part.")
@click.option("--skip", type=int, default=1, show_default=True, help="Take every SKIP-th image.")
@click.option("--scales", type=_Numbers(), help="Noise scales; 0 is f itself. Default: that of training.")
@click.option("--gammas", type=_Numbers(), default="0.5,1,1.5,3,5,10", show_default=True)
@click.option("--k", "K", type=_Numbers(int), default="15", show_default=True, help="Steps of the ascent.")
@click.option("--r", type=_Numbers(int), default="4", show_default=True, help="Draws at every step.")
@click.option("--eta1", type=float, help="Step size; default: 0.5 / gamma.")
@click.option("--measured", type=int, default=16, show_default=True, help="Draws that measure a loss.")
@click.option("--loss", default="cross-entropy", show_default=True, help=", ".join(LOSSES))
@click.option("--bound", type=float, help="M of generalised-cross-entropy.")
@click.option("--no-noise-in-cost", is_flag=True, help="phi does not pay for the noise.")
@click.option("--need-proof", is_flag=True, help="Refuse a loss for which nothing can be proved concave.")
@click.option(
    "--n", type=int, default=1000, show_default=True, help="Draws of per-image certificates; 0: none."
)
@click.option("--n0", type=int, default=100, show_default=True, help="Draws that select the class.")
@click.option("--radius-alpha", type=float, default=0.001, show_default=True, help="Error of a radius.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Probability of error, band.")
@click.option("--rho", "rhos", type=_Numbers(), help="Budgets at which the certificate is printed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Image i draws with SEED + i.")
@click.option("--device", help="cpu, cuda, cuda:1, mps; default: RSVIZ_DEVICE, or the fastest.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="Default: measured.")
@click.option("--batch", type=int, help="Noisy images in one pass; default: measured.")
@click.option("--save", type=click.Path(path_type=Path), help="File for the request and the curves.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(scales, no_noise_in_cost, need_proof, rhos, save, as_json, **settings):
    """Certify the mean loss over all populations that moved by at most rho from the test images.

    rho is a mean squared l2 distance in pixel units, before the noise. Beside the certificate stand the worst
    case that was reached, what the paper's Theorem 1 claims, and the images' own certified radii.
    """
    from rsviz.checkpoints import load_card
    from rsviz.distributional import at_budget, curves, distribution, epsilon, make_request, needs_bound

    if scales is None:
        scales = sorted({load_card(name).scale or 0.0 for name in settings["checkpoints"]})
    request = make_request(scales=scales, noise_in_cost=not no_noise_in_cost, **settings)
    if need_proof:
        needs_bound(request)
    for rho in rhos or ():
        epsilon(rho)  # says now what is wrong with it
    found = curves(request, _made(distribution(request), as_json))
    if save:
        from rsviz.files import write_atomically

        stored = {"request": request.model_dump(mode="json", exclude_defaults=True), "curves": found}
        write_atomically(save, json.dumps(stored).encode())
    for one in found if rhos else ():
        one["at"] = at_budget(one, rhos)
    if as_json:
        print_json({"request": request.model_dump(mode="json"), "curves": found})
        return
    for one in found:
        for line in _sentences(one):
            click.echo(line)


def _made(run, as_json) -> dict:
    from tqdm import tqdm

    with tqdm(unit=" parts", disable=True if as_json else None) as bar:
        for reached in run:
            bar.total, bar.n = reached.parts, len(reached.done) - 1
            bar.set_description(reached.what, refresh=False)
            bar.refresh()
    return reached.done


def _sentences(one):
    noise = f"noise of scale {one['scale']:g}" if one["scale"] else "no noise (WRM's certificate)"
    yield f"{one['checkpoint']}, {noise}, {one['images']} images, K = {one['K']}, r = {one['r']}"
    yield f"  {one['loss']}, {one['clean_loss']:.4f} where nothing moves"
    yield "  gamma    phi       reached: rho  loss     certificate there  concave"
    for point in one["points"]:
        there = point["intercept"] + point["gamma"] * point["rho"]
        yield (
            f"  {point['gamma']:<8g} {point['phi']:<9.4f} {point['rho']:<13.4f} {point['loss']:<8.4f} "
            f"{there:<18.4f} {point['concave']}"
        )
    for entry in one.get("at", ()):
        yield (
            f"  rho {entry['rho']:g} (attacks of size {entry['epsilon']:.4g}): certificate "
            f"{entry['certificate']:.4f} ({entry['low']:.4f} to {entry['high']:.4f}), {entry['concave']}; "
            f"Theorem 1 prints {entry['printed']:.4f}"
        )
    for start, end in one["printed_false"]:
        yield f"  Theorem 1 as printed is below a loss that was reached for rho from {start:.4g} to {end:.4g}"
    if one["radii"]:
        held = [radius for radius in one["radii"] if radius >= 0]
        middle = f", median radius {sorted(held)[len(held) // 2]:.3f}" if held else ""
        yield f"  per image: {len(held)} of {one['images']} certified for the right class{middle}"
