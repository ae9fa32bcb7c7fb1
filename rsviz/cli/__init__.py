"""The command line: python -m rsviz ... One file a command; each is imported only when it is asked for."""

import importlib
import json
import sys

import click

from rsviz import __version__
from rsviz.errors import RsvizError
from rsviz.programs import keep_memory

COMMANDS = {
    "bounds": "closed-form certificates: list, radius, grid",
    "data": "datasets: list, download, show",
    "checkpoints": "weights and their cards: list, show, import, measure, verify",
    "certify": "certify one image",
    "evaluate": "certify a test set",
    "distribution": "certify the mean loss over a population that moves",
    "attack": "attack one image, and judge it beside its certificate",
    "robustness": "robust accuracy against attack size, over many test images",
    "train": "train a checkpoint",
    "papers": "claims and errata of the papers, with verdicts",
    "lessons": "the lessons: list, show, hand-out as PDF or PNG",
    "jobs": "jobs of the app: list, show, cancel",
}

EXIT_BAD_INPUT = 2
EXIT_ABSTAINED = 3


class Commands(click.Group):
    """Loads rsviz.cli.NAME and takes its `command` when NAME is called."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"rsviz.cli.{name}").command

    def format_commands(self, context, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rsviz")
def cli():
    """See, compare and compute the certificates of randomized smoothing."""


def print_json(value) -> None:
    """Print one JSON object on standard output. Infinity and NaN are written as null-free strings.

    JSON knows neither; a radius without limit is "inf".
    """
    click.echo(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False))


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


def main(arguments=None) -> None:
    """Run the command line: exit 0 done, 2 bad input with one sentence, 3 abstained."""
    keep_memory()
    try:
        status = cli.main(arguments, prog_name="python -m rsviz", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"rsviz: {error.format_message()}", err=True)
        sys.exit(EXIT_BAD_INPUT)
    except RsvizError as error:
        click.echo(f"rsviz: {error}", err=True)
        sys.exit(EXIT_BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("rsviz: stopped by the user", err=True)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)
