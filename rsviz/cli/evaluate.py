"""python -m rsviz evaluate: a test set, its certified accuracy, and tables of several of them."""

import sys
from pathlib import Path

import click

from rsviz.cli import print_json

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
@click.option("--checkpoint", required=True, help="Name of a checkpoint, or path of its .safetensors file.")
@click.option("--dataset", required=True, help="Key of a dataset, or folder:PATH; its test part.")
@click.option("--skip", type=int, default=1, show_default=True, help="Certify every SKIP-th image.")
@click.option("--limit", type=int, help="Certify at most so many images.")
@click.option("--noise", default="gaussian", show_default=True)
@click.option("--scale", type=float, help="Noise scale in pixel units; default: the checkpoint's own.")
@click.option("--n0", type=int, default=100, show_default=True, help="Draws that select the class.")
@click.option("--n", type=int, default=100_000, show_default=True, help="Fresh draws that estimate p_A.")
@click.option("--alpha", type=float, default=0.001, show_default=True, help="Probability of error an image.")
@click.option("--procedure", default="auto", show_default=True, help="From votes to limits.")
@click.option("--seed", type=int, default=0, show_default=True, help="Image i draws with SEED + i.")
@click.option("--device", help="cpu, cuda, cuda:1, mps; default: RSVIZ_DEVICE, or all of the fastest kind.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="Default: measured.")
@click.option("--batch", type=int, help="Images in one pass; default: measured.")
@click.option("--out", type=click.Path(path_type=Path), help="File for the votes; default: below RSVIZ_HOME.")
@click.option("--resume", is_flag=True, help="Go on with the file --out.")
@click.option("--engine", type=click.Choice(["local", "ray"]), help="Default: RSVIZ_ENGINE, or local.")
@click.option("--workers", type=int, help="Processes; default: one for each device.")
@click.option("--bound", help="Bound of the radii; default: the tight one.")
@click.option("--radii", type=_Radii(), default=RADII, show_default=True, help="Where accuracy is reported.")
@click.option(
    "--log", "log_path", type=click.Path(path_type=Path), help="File for a log as Cohen et al. have."
)
@click.option("--table", type=click.Choice(["markdown", "latex", "csv"]), help="Print a table instead.")
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Another file of votes, or a log, for a row of its own in the table; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(out, resume, engine, workers, bound, radii, log_path, table, beside, as_json, **settings):
    """Certify every image of a test set and report certified accuracy, with a file that a kill cannot spoil.

    With --resume and the same settings it goes on where it was; alpha, procedure and bound may be others, for
    they need no new votes. --table sets it beside others: the best of each column is in bold.
    """
    if beside and not table:
        raise click.UsageError("--beside adds rows to a table; please say which with --table.")
    from rsviz.evaluation import certificates, evaluate, make_request, read_votes, summary, write_log
    from rsviz.evaluation.series import table as table_of

    request = make_request(**settings)
    out = out or _default_out(request)
    _count(evaluate(request, out, resume=resume, engine=engine, workers=workers), as_json)
    votes = read_votes(out)
    proved = certificates(votes, request.alpha, request.procedure)
    result = {"out": str(out), **summary(votes, proved, bound, radii)}
    if log_path:
        write_log(proved.log(bound), log_path)
    if as_json:
        print_json(result)
    elif table:
        rows = _rows(votes, proved, bound, beside)
        click.echo(getattr(table_of(rows, radii), table)(), nl=False)
    else:
        _print(result)


def _count(progress, as_json) -> None:
    from tqdm import tqdm

    with tqdm(unit=" votes", unit_scale=True, disable=True if as_json else None, file=sys.stderr) as bar:
        for step in progress:
            if bar.total is None and step.phase == "voting":
                bar.reset(step.total)
                bar.initial = step.votes - step.fresh
            bar.set_description("measuring the network" if step.phase == "measuring" else None, refresh=False)
            bar.update(step.votes - bar.n)


def _default_out(request) -> Path:
    import hashlib

    from rsviz import files

    digest = hashlib.sha256(request.model_dump_json(exclude={"alpha", "procedure"}).encode()).hexdigest()[:12]
    name = f"{Path(request.checkpoint).stem}-{request.dataset.rpartition('/')[2]}-{digest}.jsonl"
    return files.home() / "evaluations" / name


def _rows(votes, proved, bound, beside) -> dict:
    """The series of this evaluation and of the files beside it, by a name of its own."""
    from rsviz.evaluation import certificates, read_log, read_votes
    from rsviz.evaluation.series import distinct_names, series_of_log, series_of_votes

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
            series.append(series_of_log(path.stem, read_log(path)))
        if series[-1].norm != series[0].norm:
            raise click.UsageError(
                f"{path} is certified in {series[-1].norm} and this evaluation in {series[0].norm}; a table "
                "has one norm."
            )
    return dict(zip(distinct_names(series, headers), series, strict=True))


def _print(result) -> None:
    norm = result["norm"]
    click.echo(
        f"{result['checkpoint']} on {result['images']:,} images of {result['dataset']}: {result['noise']} "
        f"noise of scale {result['scale']:g}, n = {result['n']:,}, {result['procedure']} at alpha = "
        f"{result['alpha']:g}, bound {result['bound']}"
    )
    for entry in result["certified_accuracy"]:
        low, high = entry["band"]
        share = f"{entry['accuracy']:.3f}  ({low:.3f} to {high:.3f})"
        click.echo(f"  {norm} radius {entry['radius']:<5g} certified accuracy {share}")
    click.echo(
        f"  average certified radius {result['acr']:.3f}; {result['abstained']} abstained, "
        f"{result['wrong']} wrong"
    )
    click.echo(f"votes: {result['out']}")
