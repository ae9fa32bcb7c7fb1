"""python -m rsviz papers list"""

import click

from rsviz.cli import print_json
from rsviz.reference.papers import Verdict, find, papers


@click.group()
def command():
    """What the papers claim, what holds, and where they are wrong."""


@command.command("list")
@click.option("--paper", type=click.Choice([paper.key for paper in papers()]), help="Of one paper.")
@click.option("--verdict", type=click.Choice(list(map(str, Verdict))), help="With one verdict.")
@click.option("--search", default="", help="Words that each row has, in any of its columns.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def list_rows(paper, verdict, search, as_json):
    """Claims and errata with their verdicts, and the numbers that show the errors."""
    found = find(paper, verdict, search)
    if as_json:
        print_json({"rows": [row.record() for row in found]})
        return
    for row in found:
        click.echo(f"{row.paper.short:20} {row.id:22} {row.verdict:15} {row.found.says}")
