"""python -m rsviz checkpoints: list, show, import, measure and verify weights and their cards."""

import click

from rsviz.checkpoints import CheckpointError, list_cards, load_card, storage, verify
from rsviz.cli import EXIT_BAD_INPUT, print_json
from rsviz.cli.options import request_from, request_options
from rsviz.generators import mapped, returned
from rsviz.tasks.import_weights import ImportRequest, run

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def command():
    """Weights and their cards: the shipped ones, and those you trained or imported."""


@command.command("list")
@_json
def list_(as_json):
    """Every checkpoint with its dataset, method, noise and clean accuracy."""
    cards = list_cards()
    if as_json:
        print_json({"checkpoints": [_as_json(card) for card in cards.values()]})
        return
    width = max((len(name) for name in cards), default=4)
    click.echo(
        f"{'name':{width}}  {'architecture':19}  {'dataset':13}  {'method':9}  noise          clean accuracy"
    )
    for name, card in cards.items():
        noise = f"{card.noise} {card.scale:g}" if card.noise else "none" if card.noise_known else "unknown"
        clean = card.metrics.get("clean_accuracy")
        click.echo(
            f"{name:{width}}  {card.architecture:19}  {card.dataset:13}  {card.method:9}  {noise:13}  "
            f"{f'{clean.value:.4f}' if clean else '-'}"
        )


@command.command()
@click.argument("name")
@_json
def show(name, as_json):
    """The card of the checkpoint NAME (a name, or a file)."""
    card = load_card(name)
    if as_json:
        print_json(_as_json(card))
    else:
        click.echo(card.to_json(), nl=False)


@command.command("import")
@request_options(ImportRequest)
@_json
def import_(as_json, **options):
    """Check the weights in FILE (.safetensors, .pt, .pth, .pth.tar) and save them as a checkpoint."""
    *_, last = run(request_from(ImportRequest, options))
    result = last.result
    if as_json:
        print_json(_as_json(result.card))
    else:
        click.echo(f"{result.card.name} saved in {storage.own_folder()}")
        for sentence in result.sentences():
            click.echo(sentence)
    if warning := result.warning():
        click.echo(warning, err=True)


@command.command()
@click.argument("name")
@click.option("--device", help="cpu, cuda, cuda:1, mps; default: RSVIZ_DEVICE, or the fastest.")
@_json
def measure(name, device, as_json):
    """Measure the checkpoint NAME on the test images of its dataset, and write that into its card."""
    from tqdm import tqdm

    from rsviz.training.measure import remeasure

    with tqdm(desc=name, disable=True if as_json else None) as bar:

        def show(report):
            bar.set_description(f"{name}: {report.what}", refresh=False)
            bar.total, bar.n = report.total, report.done
            bar.refresh()

        card = returned(mapped(show, remeasure(name, device)))
    if as_json:
        print_json(_as_json(card))
        return
    for key, metric in card.metrics.items():
        click.echo(f"{key.replace('_', ' ')}: {metric.value}")


@command.command("verify")
@click.argument("names", nargs=-1)
@_json
def verify_(names, as_json):
    """Read and check every checkpoint (or NAMES): SHA-256, names, shapes, numbers. Exit 2 if one fails."""
    names = names or sorted({name for folder in storage.folders() for name in storage.names_in(folder)})
    results = {}
    for name in names:
        try:
            verify(name)
            results[name] = None
        except CheckpointError as error:
            results[name] = str(error)
    failed = any(results.values())
    if as_json:
        print_json(
            {
                "ok": not failed,
                "checkpoints": [
                    {"name": name, "ok": fault is None, "fault": fault} for name, fault in results.items()
                ],
            }
        )
    else:
        for name, fault in results.items():
            click.echo(f"{name}: {fault or 'as its card says'}")
    return EXIT_BAD_INPUT if failed else 0


def _as_json(card) -> dict:
    return card.model_dump(mode="json")
