"""python -m rsviz train: train a checkpoint, or make the shipped ones again.

Under torchrun the same command shares each step among its processes:
torchrun --nproc-per-node 2 -m rsviz train --dataset mnist --method gaussian --sigma 0.25
"""

import hashlib
import json
import sys
from pathlib import Path

import click

from rsviz import files
from rsviz.checkpoints import storage
from rsviz.cli import print_json
from rsviz.training import METHODS, TrainingError, TrainRequest
from rsviz.training.records import StepProgress

DEFAULTS = {name: field.default for name, field in TrainRequest.model_fields.items()}


def _setting(name, *flags, **attributes):
    """An option that fills a field of TrainRequest; what is left out keeps the field's default."""
    attributes.setdefault("help", "")
    default, flag = DEFAULTS[name], name.replace("_", "-")
    if isinstance(default, bool):
        flags, attributes["default"] = (f"--{flag}/--no-{flag}",), None
        default = f"--{'' if default else 'no-'}{flag}"
    if default is not None:
        attributes["help"] = f"{attributes['help']}  [default: {default}]".strip()
    return click.option(*(flags or (f"--{flag}",)), name, **attributes)


@click.command()
@_setting("dataset", help="Key of a dataset, or folder:PATH.")
@_setting("method", help=f"Objective: {', '.join(METHODS)}.")
@_setting("architecture", help="Key of a network; by default one made for the dataset's images.")
@_setting("sigma", type=float, help="Standard deviation of the noise, in pixel units.")
@_setting("epochs", type=int, help="Passes over the training images.")
@_setting("batch_size", "--batch-size", "--batch", type=int, help="Images a step.")
@_setting("optimizer", help="adamw, adam or sgd.")
@_setting("learning_rate", "--learning-rate", "--lr", type=float, help="Largest learning rate.")
@_setting("momentum", type=float, help="Of sgd.")
@_setting("nesterov", help="Nesterov's momentum for sgd.")
@_setting("weight_decay", type=float, help="Weight decay.")
@_setting("schedule", help="one-cycle, cosine, step or constant.")
@_setting("clip", type=float, help="Largest l2 norm of the gradient; 0 leaves it alone.")
@_setting("shift", type=int, help="Move images by up to so many pixels.")
@_setting("flip", help="Mirror half of the images left to right.")
@_setting("held_out", type=int, help="Training images kept apart, to choose the best epoch by.")
@_setting("validate_every", type=int, help="Epochs between two validations.")
@_setting("seed", type=int, help="Decides every random number.")
@_setting("precision", help="auto, float32 or bfloat16.")
@_setting("device", help="cpu, cuda, cuda:1, ...; by default RSVIZ_DEVICE or the fastest.")
@_setting("stored", help="Precision of the saved weights: float16 or float32.")
@_setting("name", help="Name of the checkpoint; by default DATASET-METHOD-SIGMA, numbered where taken.")
@click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the method; may be given more than once.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder, or file NAME.safetensors, to save to; what stands there is replaced.",
)
@click.option(
    "--record",  # not --run: torchrun takes every argument that begins one of its own for that one
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to record the run in; a run that was killed there goes on. By default one of the request.",
)
@click.option(
    "--save-run",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the record of the finished run as one JSON file.",
)
@click.option("--estimate", is_flag=True, help="Only measure how long it would take.")
@click.option(
    "--zoo",
    metavar="all|missing|NAME",
    help="Make shipped checkpoints again, as rsviz.training.zoo has them; missing: those not shipped yet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(parameters, out, record, save_run, estimate, zoo, as_json, **settings):
    """Train a base classifier, measure it and save it as a checkpoint.

    A run that was killed goes on where it was when the same command is given again.
    """
    settings = {name: value for name, value in settings.items() if value is not None}
    if zoo is not None:
        if settings or parameters or record:
            raise TrainingError("--zoo stands alone, or with --out: what it trains is declared in one place.")
        requests, folder = _from_zoo(zoo), out or files.SHIPPED_CHECKPOINTS
    else:
        folder, settings = _destination(out, settings)
        requests = [TrainRequest.checked(parameters=_parsed(parameters), **settings)]
    from rsviz.execution import keep_memory

    keep_memory()
    if estimate:
        _print_estimates(requests, as_json)
        return
    if save_run and len(requests) != 1:
        raise TrainingError("--save-run writes the record of one run; name one checkpoint of the zoo.")
    replace = out is not None or zoo is not None
    results = [
        _train(request, folder, record or _run_folder(request, folder), replace) for request in requests
    ]
    if not all(results):  # not the main process
        from rsviz.training.distributed import exit_process

        exit_process()
    if save_run:
        _save_run(save_run, Path(results[0]["run"]))
    if as_json:
        print_json({"checkpoints": results} if zoo else results[0])
        return
    for result in results:
        click.echo(f"{result['name']} saved in {result['folder']}")
        for name, metric in result["card"]["metrics"].items():
            click.echo(f"  {name.replace('_', ' ')}: {_shown(metric['value'])}")


def _from_zoo(name):
    from rsviz.training.zoo import ZOO, missing

    if name == "all":
        return list(ZOO.values())
    if name == "missing":
        return [ZOO[name] for name in missing()]
    if name not in ZOO:
        raise TrainingError(f"--zoo is {name!r}; it must be all, missing or one of {', '.join(ZOO)}.")
    return [ZOO[name]]


def _destination(out, settings):
    """(folder or None, settings): a file NAME.safetensors names the checkpoint too."""
    if out is None or out.suffix != ".safetensors":
        return out, settings
    return out.parent, {**settings, "name": settings.get("name", out.stem)}


def _run_folder(request, folder):
    """The same for the same request and destination, so that the same command finds what it began."""
    key = json.dumps([request.model_dump(mode="json"), str(folder and Path(folder).absolute())])
    digest = hashlib.sha256(key.encode()).hexdigest()
    return files.home() / "runs" / f"{request.chosen_name}-{digest[:8]}"


def _parsed(parameters) -> dict:
    """{"name": value} of the NAME=VALUE pairs; numbers, true, false and null become what they mean."""
    values = {}
    for pair in parameters:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise TrainingError(f"--set is {pair!r}; it must be NAME=VALUE.")
        values[name] = _value(text)
    return values


def _value(text):
    words = {"true": True, "false": False, "null": None, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _train(request, folder, run, replace) -> dict | None:
    """Train with a bar on standard error; the last report with the run's folder, None without the lead."""
    from rsviz.training.distributed import init_distributed
    from rsviz.training.loop import train
    from rsviz.training.run_folder import clear_ended

    processes = init_distributed()
    if processes.is_main_process and clear_ended(run):
        click.echo(f"{request.chosen_name}: going on with the run in {run}", err=True)
    processes.broadcast(None)  # no process reads the folder before it is cleared
    training = train(request, folder, run=run, replace=replace, processes=processes)
    card = _followed(request, training, shown=processes.is_main_process)
    if card is None:
        return None
    place = str(folder or storage.own_folder())
    return {"name": card.name, "folder": place, "card": card.model_dump(mode="json"), "run": str(run)}


def _followed(request, reports, shown=True):
    """What the generator returns; a bar on standard error shows its progress."""
    bar = _Bar(request.chosen_name) if shown else None
    try:
        while True:
            progress = next(reports)
            if bar:
                bar.show(progress)
    except StopIteration as end:
        return end.value
    finally:
        if bar:
            bar.close()


class _Bar:
    """One bar a phase of the run."""

    def __init__(self, name):
        self.name, self.what, self.bar = name, None, None

    def show(self, progress):
        from tqdm import tqdm

        training = isinstance(progress, StepProgress)
        what = "training" if training else progress.what
        total, done = (progress.steps, progress.step) if training else (progress.total, progress.done)
        if what != self.what:
            self.close()
            self.what = what
            self.bar = tqdm(total=total, desc=f"{self.name}: {what}", file=sys.stderr, mininterval=0.5)
        self.bar.update(done - self.bar.n)
        if training and progress.loss is not None:
            self.bar.set_postfix(
                epoch=f"{progress.epoch}/{progress.epochs}",
                loss=f"{progress.loss:.3f}",
                accuracy=f"{progress.accuracy:.3f}",
                left=_duration(progress.remaining),
                refresh=False,
            )

    def close(self):
        if self.bar is not None:
            self.bar.close()


def _print_estimates(requests, as_json):
    from rsviz.training.estimate import estimate

    rows = []
    for request in requests:
        seconds = _followed(request, estimate(request))
        rows.append({"name": request.chosen_name, "seconds": round(seconds, 1)})
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
    from rsviz.training.records import read_run

    try:
        files.write_atomically(path, read_run(folder).to_json().encode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written ({error.strerror}).") from error


def _shown(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{share:.3f} at {radius}" for radius, share in value.items())
    return f"{value:.4f}"
