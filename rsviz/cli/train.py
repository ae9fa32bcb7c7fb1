"""python -m rsviz train: train a checkpoint, or make the shipped ones again."""

import sys
from pathlib import Path

import click

from rsviz.cli import print_json
from rsviz.files import SHIPPED_CHECKPOINTS
from rsviz.training import METHODS, TrainingError, TrainRequest

DEFAULTS = {name: field.default for name, field in TrainRequest.model_fields.items()}


def _setting(name, *flags, **attributes):
    """An option that fills a field of TrainRequest; what is left out keeps the field's default."""
    attributes.setdefault("help", "")
    if DEFAULTS[name] is not None:
        attributes["help"] = f"{attributes['help']}  [default: {DEFAULTS[name]}]".strip()
    return click.option(*(flags or (f"--{name.replace('_', '-')}",)), name, **attributes)


@click.command()
@_setting("dataset", help="Key of a dataset, or folder:PATH.")
@_setting("method", help=f"Objective: {', '.join(METHODS)}.")
@_setting("architecture", help="Key of a network; by default one made for the dataset's images.")
@_setting("sigma", type=float, help="Standard deviation of the noise, in pixel units.")
@_setting("epochs", type=int, help="Passes over the training images.")
@_setting("batch_size", "--batch-size", "--batch", type=int, help="Images a step.")
@_setting("optimizer", help="adamw or sgd.")
@_setting("learning_rate", "--learning-rate", "--lr", type=float, help="Largest learning rate.")
@_setting("momentum", type=float, help="Of sgd.")
@_setting("weight_decay", type=float, help="Weight decay.")
@_setting("schedule", help="one-cycle, cosine or constant.")
@_setting("shift", type=int, help="Move images by up to so many pixels.")
@_setting("flip", is_flag=True, default=None, help="Mirror half of the images left to right.")
@_setting("seed", type=int, help="Decides every random number.")
@_setting("precision", help="auto, float32 or bfloat16.")
@_setting("device", help="cpu, cuda, cuda:1, ...; by default RSVIZ_DEVICE or the fastest.")
@_setting("stored", help="Precision of the saved weights: float16 or float32.")
@_setting("name", help="Name of the checkpoint; by default DATASET-METHOD-SIGMA.")
@click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the method; may be given more than once.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder, or file NAME.safetensors, to save to.")
@click.option(
    "--zoo", metavar="all|NAME", help="Make shipped checkpoints again, as rsviz.training.zoo has them."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(parameters, out, zoo, as_json, **settings):
    """Train a base classifier, measure it and save it as a checkpoint."""
    settings = {name: value for name, value in settings.items() if value is not None}
    if zoo is not None:
        if settings or parameters:
            raise TrainingError("--zoo stands alone or with --out: what it trains is declared in one place.")
        requests, folder = _from_zoo(zoo), out or SHIPPED_CHECKPOINTS
    else:
        folder, settings = _destination(out, settings)
        requests = [TrainRequest.checked(parameters=_parsed(parameters), **settings)]
    results = [_run(request, folder) for request in requests]
    if as_json:
        print_json({"checkpoints": results} if zoo else results[0])
        return
    for result in results:
        click.echo(f"{result['name']} saved in {result['folder']}")
        for name, metric in result["card"]["metrics"].items():
            click.echo(f"  {name.replace('_', ' ')}: {_shown(metric['value'])}")


def _from_zoo(name):
    from rsviz.training.zoo import ZOO

    if name == "all":
        return list(ZOO.values())
    if name not in ZOO:
        raise TrainingError(f"--zoo is {name!r}; it must be all or one of {', '.join(ZOO)}.")
    return [ZOO[name]]


def _destination(out, settings):
    """(folder or None, settings): a file NAME.safetensors names the checkpoint too."""
    if out is None or out.suffix != ".safetensors":
        return out, settings
    return out.parent, {**settings, "name": settings.get("name", out.stem)}


def _parsed(parameters) -> dict:
    """{"name": value} of the NAME=VALUE pairs; numbers become numbers."""
    values = {}
    for pair in parameters:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise TrainingError(f"--set is {pair!r}; it must be NAME=VALUE.")
        values[name] = _number(text)
    return values


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _run(request, folder) -> dict:
    """Train with a bar on standard error; the last report."""
    from tqdm import tqdm

    from rsviz.training.loop import train

    bar, shown = None, None
    try:
        for progress in train(request, folder):
            if progress["phase"] == "done":
                return progress
            training = progress["phase"] == "train"
            what = "training" if training else progress["what"]
            total = progress["steps"] if training else progress["total"]
            if what != shown:
                shown = what
                if bar is not None:
                    bar.close()
                bar = tqdm(
                    total=total, desc=f"{request.chosen_name}: {what}", file=sys.stderr, mininterval=0.5
                )
            bar.update(progress.get("step", progress.get("done", 0)) - bar.n)
            if training:
                bar.set_postfix(
                    epoch=f"{progress['epoch']}/{progress['epochs']}",
                    loss=f"{progress['loss']:.3f}",
                    accuracy=f"{progress['accuracy']:.3f}",
                    refresh=False,
                )
    finally:
        if bar is not None:
            bar.close()
    raise AssertionError("a training run ends with a report of what was saved")


def _shown(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{share:.3f} at {radius}" for radius, share in value.items())
    return f"{value:.4f}"
