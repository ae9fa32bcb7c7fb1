"""python -m rsviz robustness: robust accuracy against attack size, over many test images."""

from pathlib import Path

import click
from tqdm import tqdm

from rsviz.cli import print_json
from rsviz.cli.options import request_from, request_options
from rsviz.tasks.robustness import RobustnessRequest


@click.command(short_help="robust accuracy against attack size, over many test images")
@request_options(RobustnessRequest)
@click.option("--out", type=click.Path(), help="File for the curves: NAME.csv or NAME.json.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(out, as_json, **options):
    """Attack test images at several sizes: shares that stay right, abstain, become wrong, and are certified.

    Fresh votes that no attack has seen decide each outcome. --checkpoint may be given up to four times;
    --scale and --sizes take lists: --scale 0,0.25 --sizes 0.25,0.5,1. A scale of 0 is the base classifier f.
    """
    from rsviz.files import write_atomically
    from rsviz.tasks.robustness import run
    from rsviz.tasks.robustness.result import described, to_csv

    request = request_from(RobustnessRequest, options)
    request.check_fit()
    if out and Path(out).suffix not in (".csv", ".json"):
        raise click.UsageError(f"--out is {out!r}; it must end in .csv or .json.")
    with tqdm(unit=" parts", disable=True if as_json else None) as bar:
        for progress in run(request):
            bar.set_description(progress.what, refresh=False)
            bar.total, bar.n = progress.parts, len(progress.done) - 1
            bar.refresh()
    result = progress.result
    if out:
        write = to_csv if Path(out).suffix == ".csv" else described
        write_atomically(Path(out), write(request, result).encode())
    if as_json:
        print_json({"request": request.model_dump(mode="json"), **result.to_json()})
    else:
        for line in _table(request, result):
            click.echo(line)


def _table(request, result):
    """A block of lines for each curve: a row for each size."""
    for series, curve in zip(request.series, result.curves, strict=True):
        yield f"{series.words}: {request.attack}, {request.norm}, {request.images} images"
        yield f"  {'size':>8} {'right':>7} {'abstained':>9} {'wrong':>7} {'certified':>9}"
        certified = curve.certified_at() or [None] * len(curve.size)
        rows = zip(curve.size, curve.right, curve.abstained, curve.wrong, certified, strict=True)
        for size, right, abstained, wrong, proved in rows:
            last = "-" if proved is None else f"{100 * proved:.1f} %"
            shares = f"{100 * right:5.1f} % {100 * abstained:7.1f} % {100 * wrong:5.1f} %"
            yield f"  {size:8g} {shares} {last:>9}"
