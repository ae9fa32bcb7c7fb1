"""A request of every task, and values of fields that only go together with others."""

DIGIT = {"kind": "dataset", "dataset": "digits", "index": 3}

SAMPLES: dict[str, dict] = {
    "certify": {"checkpoint": "digits-gaussian-0.25", "image": DIGIT, "scale": 0.25},
    "download": {"dataset": "mnist"},
    "import": {"file": "some weights.pt"},
}
"""Required values by the key of the task."""

TOGETHER: dict[tuple[str, str], list[dict]] = {
    ("certify", "image"): [{"image": {"kind": "upload", "sha256": "0" * 64}}],
    ("certify", "fit"): [{"image": {"kind": "upload", "sha256": "0" * 64, "how": "pad"}}],
    ("certify", "invert"): [{"image": {"kind": "upload", "sha256": "0" * 64, "invert": True}}],
    ("certify", "file"): [{"image": {"kind": "file", "path": "a photo, no: two.png"}}],
    ("import", "upload"): [{"file": None, "upload": "0" * 64}],
}
"""Changes of the sample, by task and key of the field in links, where one value alone makes no request."""
