"""Charts and images as one file, for slides and notebooks."""

import json
from collections.abc import Mapping, Sequence

from rsviz.data.images import data_uri, to_png
from rsviz.figures import theme


def rows(columns: Mapping[str, Sequence]) -> list[dict]:
    """Columns of a chart as the rows that Vega-Lite reads."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def filled(spec: dict, columns: Mapping[str, Sequence], width: int) -> dict:
    """A chart with its data, as a part of a sheet. width: in pixels."""
    return part(spec) | {"data": {"values": rows(columns)}, "width": width}


def part(spec: dict) -> dict:
    """A chart without what a sheet has once, and without selections and what appears under the pointer.

    On a page words end where the chart ends; a sheet grows until they fit.
    """
    once = ("$schema", "config", "params", "datasets", "usermeta")
    kept = {key: value for key, value in spec.items() if key not in once}
    if isinstance(kept.get("mark"), dict) and kept["mark"]["type"] == "text":
        kept["mark"] = {key: value for key, value in kept["mark"].items() if key != "clip"}
    if "layer" in kept:
        kept["layer"] = [part(layer) for layer in kept["layer"] if not _follows_the_pointer(layer)]
    return kept


def _follows_the_pointer(layer: dict) -> bool:
    return any(param["select"].get("on") == "pointermove" for param in layer.get("params", ()))


def png_uri(image, pixels: int) -> str:
    """An image float (C, H, W) in [0, 1] as a data: URI of a PNG, about `pixels` wide."""
    enlarge = max(1, round(pixels / max(image.shape[-2:])))
    return data_uri(to_png(image, enlarge))


def image(x, title: str | None = None, size: int = 230) -> dict:
    """An image float (C, H, W) in [0, 1] as a part of a sheet, `size` pixels wide."""
    found = theme.layer(
        {"type": "image", "width": size, "height": size, "smooth": False},
        [{"url": png_uri(x, size)}],
        url={"field": "url"},
        x={"value": size / 2},
        y={"value": size / 2},
    )
    return found | {"width": size, "height": size} | ({"title": title} if title else {})


def slide(headline: str, lines: Sequence[str], **parts) -> bytes:
    """A slide as PNG: a headline, lines below it, and the parts (`hconcat`, `vconcat`, `spacing`)."""
    title = {
        "text": headline,
        "subtitle": list(lines),
        "anchor": "start",
        "fontSize": 26,
        "fontWeight": "bold",
    }
    title |= {"subtitleFontSize": 15, "subtitlePadding": 8, "offset": 18}
    return _drawn({"title": title, "padding": 24, **parts})


def side_by_side(charts: Mapping[str, dict], form="png", columns: int = 2, width: int = 420) -> bytes:
    """Charts that hold their data, by title, as one file. form: "png" or "svg".

    width: in pixels, of charts that name none; a single chart is half as wide again.
    """
    width = width if len(charts) > 1 else 1.5 * width
    parts = [{"width": width} | part(_inlined(spec)) | {"title": title} for title, spec in charts.items()]
    sheet = {"columns": columns, "concat": parts, "padding": 16}
    return _drawn(sheet | {"resolve": {"scale": {"color": "independent", "fill": "independent"}}}, form)


def _inlined(spec: dict) -> dict:
    """A chart whose data is a data frame by name, with the rows of the frame in its place."""
    if "datasets" not in spec:
        return spec
    frame = spec["datasets"][spec["data"]["name"]]
    return spec | {"data": {"values": json.loads(frame.to_json(orient="records", double_precision=15))}}


def chart_png(chart: dict, scale: float = 2) -> bytes:
    """A chart that holds its data as PNG. scale: pixels of the file for a pixel of the chart."""
    import vl_convert  # a whole JavaScript engine, for those who save a picture

    # Its fonts know no subscripts
    text = json.dumps(chart, ensure_ascii=False).replace("ℓ₁", "ℓ1").replace("ℓ₂", "ℓ2")
    return vl_convert.vegalite_to_png(text, scale=scale)


def chart_svg(chart: dict) -> str:
    """A chart that holds its data as SVG."""
    import vl_convert  # as above

    return vl_convert.vegalite_to_svg(json.dumps(chart, ensure_ascii=False))


def _drawn(sheet: dict, form="png") -> bytes:
    chart = {"$schema": theme.SCHEMA, "config": theme.config(), "background": "white"} | sheet
    return chart_svg(chart).encode() if form == "svg" else chart_png(chart)
