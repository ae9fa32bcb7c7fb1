"""python -m rsviz data: list the datasets, download one, show one image."""

import sys
from pathlib import Path

import click

from rsviz import files
from rsviz.cli import print_json
from rsviz.cli.options import request_from, request_options
from rsviz.data import DATASETS, SPLITS, DataError, available, load
from rsviz.data.images import digest, to_png
from rsviz.tasks.download import DownloadRequest, run


@click.group()
def command():
    """Datasets: list, download, show."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def list_datasets(as_json):
    """All datasets, and which of them are on this machine."""
    rows = [
        {
            "key": info.key,
            "title": info.title,
            "classes": list(info.classes),
            "shape": list(info.shape),
            "sizes": dict(info.sizes),
            "available": available(info.key),
            "source": info.source,
            "licence": info.licence,
        }
        for info in DATASETS.values()
    ]
    if as_json:
        print_json({"datasets": rows, "folder": str(files.data_root())})
        return
    for row in rows:
        shape = " x ".join(str(size) for size in row["shape"])
        sizes = ", ".join(f"{count:,} {split}" for split, count in row["sizes"].items())
        state = "here" if row["available"] else f"python -m rsviz data download {row['key']}"
        click.echo(f"{row['key']:<14} {row['title']:<29} {shape:<12} {sizes:<27} {state}")


@command.command("download")
@request_options(DownloadRequest)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def download_dataset(as_json, **options):
    """Download DATASET and prepare it."""
    from tqdm import tqdm

    bars = {}
    try:
        for progress in run(request_from(DownloadRequest, options)):
            for what, (done, total) in progress.files.items():
                if what not in bars:
                    bars[what] = tqdm(total=total, desc=what, unit="B", unit_scale=True, file=sys.stderr)
                bars[what].update(done - bars[what].n)
    finally:
        for bar in bars.values():
            bar.close()
    result = progress.result
    if as_json:
        found = {"key": result.dataset, "sizes": result.sizes, "folder": result.folder}
        print_json(found | {"available": available(result.dataset)})
    else:
        place = f" in {result.folder}" if result.folder else ": it is installed with rsviz"
        click.echo(f"{DATASETS[result.dataset].title} is ready{place}.")


@command.command("show")
@click.argument("name")
@click.argument("index", type=int)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the image, enlarged, as PNG."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def show(name, index, split, out, as_json):
    """Image INDEX of dataset NAME (or folder:PATH): its label, its SHA-256 as input of a model, a preview."""
    dataset = load(name, split)
    image = dataset.image(index)
    label = int(dataset.labels[index])
    if out is not None:
        try:
            files.write_atomically(out, to_png(image, enlarge=max(1, 512 // max(image.shape[1:]))))
        except OSError as error:
            raise DataError(f"{out} cannot be written ({error.strerror}).") from error
    row = {
        "dataset": name,
        "split": split,
        "index": index,
        "label": label,
        "label_name": dataset.classes[label],
        "shape": list(image.shape),
        "sha256": digest(image),
        "out": None if out is None else str(out),
    }
    if as_json:
        print_json(row)
        return
    click.echo(f"{name} {split} {index}: {row['label_name']} (class {label})")
    click.echo(f"SHA-256 {row['sha256']}")
    click.echo(_preview(image, colour=sys.stdout.isatty()))
    if out is not None:
        click.echo(f"Written to {out}.")


_SHADES = " .:-=+*#%@"
_PREVIEW_WIDTH = 64


def _preview(image, colour):
    """The image in characters: half blocks in colours, or shades of ASCII if the output has no colours."""
    step = max(1, -(-image.shape[2] // _PREVIEW_WIDTH))
    small = image[:, ::step, ::step]
    if not colour:
        grey = small.mean(axis=0)
        return "\n".join("".join(_SHADES[int(value * 9.999)] * 2 for value in row) for row in grey)
    rgb = (small if small.shape[0] == 3 else small.repeat(3, axis=0)).transpose(1, 2, 0) * 255
    lines = []
    for top in range(0, rgb.shape[0], 2):
        upper, lower = rgb[top], rgb[min(top + 1, rgb.shape[0] - 1)]
        cells = (
            "\x1b[38;2;{:.0f};{:.0f};{:.0f};48;2;{:.0f};{:.0f};{:.0f}m▀".format(*above, *below)
            for above, below in zip(upper, lower, strict=True)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return "\n".join(lines)
