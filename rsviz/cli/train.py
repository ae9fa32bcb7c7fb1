"""python -m rsviz train: train a checkpoint, or make the shipped ones again.

Under torchrun the same command shares each step among its processes:
torchrun --nproc-per-node 2 -m rsviz train --dataset mnist --method gaussian --sigma 0.25
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from rsviz import files
from rsviz.cli import print_json
from rsviz.cli.options import request_options, take_request_values
from rsviz.tasks import estimate as estimate_task
from rsviz.tasks import train as train_task
from rsviz.tasks.train import TrainRequest, TrainResult
from rsviz.training import TrainingError
from rsviz.training.records import StepProgress, read_run


@click.command(short_help="train a checkpoint")
@request_options(TrainRequest)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder, or file NAME.safetensors, for the checkpoint; one with the same name is replaced.",
)
@click.option(
    "--record",  # not --run: torchrun takes every argument that begins one of its own for that one
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the record of the run, from which a killed run resumes. Default: one for each request.",
)
@click.option(
    "--save-run",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the record of the finished run, as one JSON.",
)
@click.option("--estimate", is_flag=True, help="Only measure how long it would take.")
@click.option(
    "--zoo",
    metavar="all|missing|NAME",
    help="Make shipped checkpoints again, as rsviz.tasks.train.zoo declares them; missing: not shipped yet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(out, record, save_run, estimate, zoo, as_json, **settings):
    """Train a base classifier, measure it and save it as a checkpoint.

    A run that was killed resumes when the same command is given again.
    """

    values = take_request_values(TrainRequest, settings)
    if zoo is not None:
        if values or record:
            raise TrainingError("--zoo takes no settings but --out: what it trains is declared in one place.")
        requests, folder = _from_zoo(zoo), out or files.SHIPPED_CHECKPOINTS
    else:
        folder = out
        if out is not None and out.suffix == ".safetensors":  # the file names the checkpoint too
            folder, values = out.parent, {"name": out.stem} | values
        requests = [TrainRequest.make(**values)]
    if estimate:
        _print_estimates(requests, as_json)
        return
    if save_run and len(requests) != 1:
        raise TrainingError("--save-run writes the record of one run; name one checkpoint of the zoo.")
    results = {}
    for request in requests:
        place = record or _run_folder(request, folder)
        results[place] = _train(request, folder, place, replace=out is not None or zoo is not None)
    if None in results.values():  # not the main process
        from rsviz.training.distributed import exit_process

        exit_process()
    if save_run:
        _save_run(save_run, *results)
    if as_json:
        found = [result.to_json() | {"run": str(place)} for place, result in results.items()]
        print_json({"checkpoints": found} if zoo else found[0])
        return
    for result in results.values():
        click.echo(f"{result.name} saved in {result.folder}")
        for name, metric in result.card.metrics.items():
            click.echo(f"  {name.replace('_', ' ')}: {_shown(metric.value)}")


def _from_zoo(name):
    from rsviz.tasks.train.zoo import ZOO, missing

    if name == "all":
        return list(ZOO.values())
    if name == "missing":
        return [ZOO[name] for name in missing()]
    if name not in ZOO:
        raise TrainingError(f"--zoo is {name!r}; it must be all, missing or one of {', '.join(ZOO)}.")
    return [ZOO[name]]


def _run_folder(request, folder):
    """The same for the same request and destination, so that the same command finds what it began."""
    key = json.dumps([request.model_dump(mode="json"), str(folder and Path(folder).absolute())])
    digest = hashlib.sha256(key.encode()).hexdigest()
    return files.home() / "runs" / f"{request.chosen_name}-{digest[:8]}"


def _train(request, folder, place, replace) -> TrainResult | None:
    """Train with a bar on standard error; None in processes that are not the main one."""
    from rsviz.training.distributed import init_distributed
    from rsviz.training.run_folder import clear_ended

    processes = init_distributed()
    if processes.is_main_process and clear_ended(place):
        click.echo(f"{request.chosen_name}: resuming the run in {place}", err=True)
    processes.broadcast(None)  # no process reads the folder before it is cleared
    run = train_task.run(request, folder, record=place, replace=replace, processes=processes)
    return _result(request, run, shown=processes.is_main_process)


def _result(request, run: Iterable, shown=True):
    """The result of a task's run; a bar on standard error shows its progress."""
    bar, result = _Bar(request.chosen_name), None
    try:
        for progress in run:
            result = progress.result
            if shown and result is None:
                bar.show(progress.now)
    finally:
        bar.close()
    return result


class _Bar:
    """One bar for each stage of the run."""

    def __init__(self, name):
        self.name, self.what, self.bar = name, None, None

    def show(self, now):
        from tqdm import tqdm

        training = isinstance(now, StepProgress)
        what, done, total = ("training", now.step, now.steps) if training else (now.what, now.done, now.total)
        if what != self.what:
            self.close()
            self.what = what
            self.bar = tqdm(total=total, desc=f"{self.name}: {what}", file=sys.stderr, mininterval=0.5)
        self.bar.update(done - self.bar.n)
        if training and now.loss is not None:
            self.bar.set_postfix(
                epoch=f"{now.epoch}/{now.epochs}",
                loss=f"{now.loss:.3f}",
                accuracy=f"{now.accuracy:.3f}",
                left=_duration(now.remaining),
                refresh=False,
            )

    def close(self):
        if self.bar is not None:
            self.bar.close()


def _print_estimates(requests, as_json):
    rows = []
    for request in requests:
        result = _result(request, estimate_task.run(request))
        rows.append({"name": request.chosen_name, "seconds": round(result.seconds, 1)})
    total = sum(row["seconds"] for row in rows)
    if as_json:
        print_json({"estimates": rows, "seconds": total})
        return
    for row in rows:
        click.echo(f"{row['name']}: about {_duration(row['seconds'])}")
    if len(rows) > 1:
        click.echo(f"together: about {_duration(total)}")


def _duration(seconds) -> str:
    if seconds is None:
        return "?"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _save_run(path, folder):
    try:
        files.write_atomically(path, read_run(folder).to_json().encode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written ({error.strerror}).") from error


def _shown(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{share:.3f} at {radius}" for radius, share in value.items())
    return f"{value:.4f}"
