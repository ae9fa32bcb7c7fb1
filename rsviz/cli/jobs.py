"""python -m rsviz jobs: the jobs of this RSVIZ_HOME from a shell."""

import dataclasses
import datetime

import click

from rsviz import jobs
from rsviz.cli import print_json
from rsviz.jobs import listing


@click.group()
def command():
    """List, show and cancel the jobs of the app."""


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@command.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 5_000), default=50, show_default=True, help="How many at most."
)
@click.option("--owner", metavar="MARK", help="Only those of one owner; Runs in the app shows its mark.")
@as_json
def list_jobs(limit, owner, as_json):
    """List the newest jobs first: as Runs does in the app, of all owners."""
    found = [listing.run_of(job) for job in jobs.list_jobs(limit if owner is None else 5_000)]
    if owner is not None:
        found = [run for run in found if run.owner == owner][:limit]
    if as_json:
        print_json({"worker_alive": jobs.worker_alive(), "jobs": [_as_json(run) for run in found]})
        return
    for run in found:
        words = " · ".join(filter(None, (run.title, run.what, run.says)))
        click.echo(f"{run.job.id}  {run.owner}  {run.state:9}  {run.age():12}  {words}")
    if not found:
        click.echo("no jobs", err=True)


def _as_json(run):
    words = {name: getattr(run, name) for name in ("title", "network", "images", "share", "says", "owner")}
    return dataclasses.asdict(run.job) | words


@command.command()
@click.argument("job_id", metavar="ID")
@as_json
def show(job_id, as_json):
    """Show a job: its request, how far it is, its result."""
    _show(jobs.get(job_id), as_json)


@command.command()
@click.argument("job_id", metavar="ID")
@as_json
def cancel(job_id, as_json):
    """Cancel a job unless it is finished, and show it."""
    _show(jobs.cancel(job_id), as_json)


def _show(job, as_json):
    fields = dataclasses.asdict(job)
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        if value is not None:
            shown = _time(value) if name in ("created", "started", "updated", "finished") else value
            click.echo(f"{name:10} {shown}")


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
