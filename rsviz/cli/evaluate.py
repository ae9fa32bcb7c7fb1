"""python -m rsviz evaluate: certify a test set; its certified accuracy, and tables of several test sets."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from rsviz.cli import print_json
from rsviz.cli.options import request_from, request_options
from rsviz.tasks.evaluate import (
    EvaluateProgress,
    EvaluateRequest,
    EvaluateResult,
    EvaluationSeries,
    certificates,
    default_path,
    log_name,
    read_votes,
    run,
    series_of_log,
    series_of_votes,
    summary,
)

RADII = "0,0.25,0.5,0.75,1,1.25,1.5"


class _Radii(click.ParamType):
    name = "R,R,..."

    def convert(self, value, parameter, context):
        try:
            radii = [float(part) for part in value.split(",")]
        except ValueError:
            radii = []
        if not radii or not all(0 <= radius < float("inf") for radius in radii):
            self.fail(f"{value!r} is no list of radii; they are numbers of at least 0, with commas between.")
        return radii


@click.command(short_help="certify a test set")
@request_options(EvaluateRequest)
@click.option("--out", type=click.Path(path_type=Path), help="File for the votes; default: below RSVIZ_HOME.")
@click.option("--resume", is_flag=True, help="Continue the file --out.")
@click.option("--engine", type=click.Choice(["local", "ray"]), help="Default: RSVIZ_ENGINE, or local.")
@click.option("--workers", type=int, help="Number of processes; default: one for each device.")
@click.option("--bound", help="Bound of the radii; default: the tight one.")
@click.option("--radii", type=_Radii(), default=RADII, show_default=True, help="Where accuracy is reported.")
@click.option("--log", "log_path", type=click.Path(path_type=Path), help="File for a log of the field.")
@click.option("--table", type=click.Choice(["markdown", "latex", "csv"]), help="Print a table instead.")
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Another file of votes, or a log, as one more row of the table; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(out, resume, engine, workers, bound, radii, log_path, table, beside, as_json, **settings):
    """Certify every image of a test set and report certified accuracy.

    The votes are in a file that survives a kill. With --resume and the same settings the run continues;
    alpha, procedure and bound may differ, since they need no new votes. --table compares several test sets
    and prints the best number of each column in bold.
    """
    if beside and not table:
        raise click.UsageError("--beside adds rows to a table; please say which with --table.")
    from rsviz.evaluation import write_log
    from rsviz.tasks.evaluate.series import table as table_of

    request = request_from(EvaluateRequest, settings)
    out = out or default_path(request)
    _draw_progress(run(request, out, resume=resume, engine=engine, workers=workers), as_json)
    votes = read_votes(out)
    proved = certificates(votes, request.alpha, request.procedure)
    result = summary(votes, proved, bound, radii)
    if log_path:
        write_log(proved.log(bound), log_path)
    if as_json:
        print_json({"out": str(out), **result.to_json()})
    elif table:
        rows = _rows(votes, proved, bound, beside)
        click.echo(getattr(table_of(rows, radii), table)(), nl=False)
    else:
        _print(result, out)


def _draw_progress(steps: Iterable[EvaluateProgress], as_json: bool) -> None:
    from tqdm import tqdm

    with tqdm(unit=" votes", unit_scale=True, disable=True if as_json else None, file=sys.stderr) as bar:
        for step in steps:
            if bar.total is None and step.phase == "voting":
                bar.reset(step.total)
                bar.initial = step.votes - step.fresh
            bar.set_description("measuring the network" if step.phase == "measuring" else None, refresh=False)
            bar.update(step.votes - bar.n)


def _rows(votes, proved, bound, beside) -> Mapping[str, EvaluationSeries]:
    """This evaluation and the files beside it, each by a name of its own."""
    from rsviz.evaluation import read_log
    from rsviz.tasks.evaluate.series import distinct_names

    headers, series = [votes.header], [series_of_votes(votes.header, proved, bound)]
    for path in beside:
        with path.open("rb") as file:
            is_votes = file.read(1) == b"{"
        if is_votes:
            others = read_votes(path)
            read = certificates(others, proved.alpha, proved.procedure)
            headers.append(others.header)
            series.append(series_of_votes(others.header, read, bound))
        else:
            headers.append(None)
            series.append(series_of_log(log_name(path.name), read_log(path)))
            if series[-1].note:
                click.echo(series[-1].note, err=True)
        if series[-1].norm != series[0].norm:
            raise click.UsageError(
                f"{path} is certified in {series[-1].norm} and this evaluation in {series[0].norm}; a table "
                "has one norm."
            )
    return dict(zip(distinct_names(series, headers), series, strict=True))


def _print(result: EvaluateResult, out: Path) -> None:
    click.echo(
        f"{result.checkpoint} on {result.images:,} images of {result.dataset}: {result.noise} noise of scale "
        f"{result.scale:g}, n = {result.n:,}, {result.procedure} at alpha = {result.alpha:g}, bound "
        f"{result.bound}"
    )
    for one in result.certified_accuracy:
        low, high = one.band
        share = f"{one.accuracy:.3f}  ({low:.3f} to {high:.3f})"
        click.echo(f"  {result.norm} radius {one.radius:<5g} certified accuracy {share}")
    click.echo(
        f"  average certified radius {result.acr:.3f}; {result.abstained} abstained, {result.wrong} wrong"
    )
    click.echo(f"votes: {out}")
