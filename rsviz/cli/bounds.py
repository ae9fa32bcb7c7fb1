"""python -m rsviz bounds list | radius | grid"""

import csv
import io
import sys
from pathlib import Path

import click
import numpy as np

from rsviz.bounds import BOUNDS, Bound, triangle
from rsviz.cli import print_json
from rsviz.errors import RsvizError
from rsviz.files import write_atomically
from rsviz.norms import NORMS

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
scale_option = click.option("--scale", type=float, required=True, help="Of the noise, in pixel units.")
dim_option = click.option("--dim", type=int, help="Number of input values, for bounds that need it.")
norm_option = click.option("--norm", type=click.Choice(list(NORMS)), help="Read the radius in this norm.")
set_option = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Parameter of the bound."
)


@click.group()
def command():
    """Closed-form certificates: probabilities of the two top classes -> radius."""


@command.command("list")
@as_json
def list_bounds(as_json):
    """Every bound: key, noise, norm, whether it is a certificate, source."""
    if as_json:
        print_json({"bounds": [_record(bound) for bound in BOUNDS.values()]})
        return
    for bound in BOUNDS.values():
        kind = "tight" if bound.tight else "rigorous" if bound.rigorous else "NOT A CERTIFICATE"
        click.echo(f"{bound.key:18}{bound.noise:18}{bound.norm:6}{kind:19}{bound.theorem}")


@command.command("radius")
@click.argument("key")
@click.option("--p-a", type=float, required=True, help="Probability of the top class.")
@click.option("--p-b", type=float, required=True, help="Probability of the runner-up class.")
@scale_option
@dim_option
@norm_option
@set_option
@as_json
def radius(key, p_a, p_b, scale, dim, norm, settings, as_json):
    """The radius of one bound at one point."""
    bound = _bound(key)
    value = float(bound.radius_in(norm or bound.norm, p_a, p_b, scale, dim, **_parse(settings)))
    if not bound.rigorous:
        click.echo(f"rsviz: {key} is not a certificate: {bound.statement}", err=True)
    if as_json:
        print_json(
            {
                "key": key,
                "radius": value,
                "norm": norm or bound.norm,
                "converted": norm not in (None, bound.norm),
                "rigorous": bound.rigorous,
                "p_a": p_a,
                "p_b": p_b,
                "scale": scale,
                "dim": dim,
            }
        )
    else:
        click.echo(repr(value))


@command.command("grid")
@click.argument("keys", nargs=-1, required=True)
@scale_option
@dim_option
@norm_option
@set_option
@click.option(
    "--steps", type=int, default=201, show_default=True, help="Values of p_a and of p_b from 0 to 1."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="FILE.csv or FILE.npz.")
@as_json
def grid(keys, scale, dim, norm, settings, steps, out, as_json):
    """Radii of one or several bounds on every point (p_a, p_b) of the triangle, as CSV or npz.

    Without --out the CSV goes to standard output.
    """
    if out is not None and out.suffix not in (".csv", ".npz"):
        raise RsvizError(f"--out is {out}; its name must end in .csv or .npz.")
    if out is None and as_json:
        raise RsvizError("--json needs --out; the grid itself is CSV or npz.")
    p_a, p_b = triangle(steps)
    columns = {"p_a": p_a, "p_b": p_b}
    parameters = _parse(settings)
    for key in keys:
        bound = _bound(key)
        own = {
            name: value for name, value in parameters.items() if name in bound.parameters or len(keys) == 1
        }
        columns[key] = bound.radius_in(norm or bound.norm, p_a, p_b, scale, dim, **own)
    unused = set(parameters) - {name for key in keys for name in _bound(key).parameters}
    if unused:
        raise RsvizError(f"{min(unused)} is not a parameter of {', '.join(keys)}.")
    content = _npz(columns) if out is not None and out.suffix == ".npz" else _csv(columns)
    if out is None:
        sys.stdout.write(content.decode())
        return
    try:
        write_atomically(out, content)
    except OSError as error:
        raise RsvizError(f"--out is {out}; it cannot be written: {error.strerror}.") from None
    if as_json:
        print_json({"out": str(out), "points": len(p_a), "keys": list(keys), "scale": scale, "dim": dim})
    else:
        click.echo(f"{len(p_a)} points in {out}", err=True)


def _bound(key) -> Bound:
    if key not in BOUNDS:
        raise RsvizError(f"{key} is not a bound; the bounds are: {', '.join(BOUNDS)}.")
    return BOUNDS[key]


def _parse(settings) -> dict[str, float]:
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        try:
            parsed[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise RsvizError(f"--set is {setting}; it must read name=number, for example c=3.")
    return parsed


def _record(bound) -> dict:
    return {
        "key": bound.key,
        "title": bound.title,
        "noise": bound.noise,
        "norm": bound.norm,
        "paper": bound.paper,
        "theorem": bound.theorem,
        "statement": bound.statement,
        "latex": bound.latex,
        "domain": bound.domain,
        "rigorous": bound.rigorous,
        "tight": bound.tight,
        "needs_dim": bound.needs_dim,
        "parameters": {
            name: {"title": item.title, "default": item.default, "low": item.low, "high": item.high}
            for name, item in bound.parameters.items()
        },
    }


def _csv(columns) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(map(repr, column.tolist()) for column in columns.values()), strict=True))
    return text.getvalue().encode()


def _npz(columns) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **columns)
    return content.getvalue()
