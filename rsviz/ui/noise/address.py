"""What the URL of the Noise page holds, and its pictures with a name."""

from rsviz import data
from rsviz.data.samples import SAMPLES
from rsviz.noise_size import HOLDS
from rsviz.norms import NORMS
from rsviz.ui.address import Address, choice, flag, number, text
from rsviz.ui.noise.controls import RULES, SHAPES, SOURCES
from rsviz.ui.noise.view import VIEWS
from rsviz.ui.presets import Preset, Presets

FIELDS = {
    "n_rule": choice(RULES, "deviation"),
    "n_dev": number(0.01, 1.0, 0.25),
    "n_scale": number(0.01, 1.0, 0.25),
    "n_norm": choice(NORMS, "linf"),
    "n_r1": number(0.05, 4.0, 0.5),
    "n_r2": number(0.05, 4.0, 0.5),
    "n_rinf": number(0.25, 16.0, 1.0),
    "n_pa": number(0.51, 0.999, 0.99),
    "n_share": number(0.05, 1.0, 1.0),
    "n_view": choice(VIEWS, "density"),
    "n_hold": choice(HOLDS, "linf"),
    "n_size": number(0.05, 2.0, 1.0),
    "n_read": choice(("linf", "l2"), "linf"),
    "n_from": choice(SOURCES, "sample"),
    "n_sample": choice(SAMPLES, "5-a"),
    "n_data": choice(data.DATASETS, "digits"),
    "n_index": number(0, 59_999, None, int),
    "n_image": text(pattern="[0-9a-f]{64}"),
    "n_fit": choice(("crop", "pad"), "crop"),
    "n_invert": flag(False),
    "n_shape": choice(SHAPES, "own"),
    "n_seed": number(0, 2**31 - 1, 0),
}
# Links from before there were samples name no source: they mean an image of a data set.
ADDRESS = Address(
    "noise", FIELDS, implied=dict.fromkeys(FIELDS.keys() - {"n_from", "n_sample"}, ("n_from", "dataset"))
)


PRESETS = Presets(
    ADDRESS,
    {
        "alike": Preset(
            "Equal to the eye",
            "Pixels vary equally under each mechanism. The pictures look alike; what they prove does not.",
            {},
        ),
        "mnist": Preset(
            "One grey level in ℓ∞, at MNIST's size",
            "To certify 1/255, Gaussian noise varies a pixel by 0.047; ℓ∞-exponential, made for ℓ∞, by 0.45.",
            {"n_rule": "radius", "n_shape": "mnist", "n_view": "growth"},
        ),
        "imagenet": Preset(
            "… and at ImageNet's size",
            "Now it takes 0.65 and 87: deviations grow as √d and as d.",
            {"n_rule": "radius", "n_shape": "imagenet", "n_view": "growth"},
        ),
        "scale": Preset(
            "Equal scale is not equal noise",
            "σ of ℓ∞-exponential noise is no deviation: a pixel varies by about σ d / √3.",
            {"n_rule": "scale", "n_scale": 0.05, "n_view": "numbers"},
        ),
        "radius": Preset(
            "Radius against dimension",
            "Noise of one size certifies ever less in ℓ∞ as images grow: Table 1 of the Unified paper.",
            {"n_view": "radius"},
        ),
    },
    kept=("n_from", "n_sample", "n_data", "n_index", "n_image", "n_fit", "n_invert", "n_seed"),
)
