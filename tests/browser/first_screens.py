"""What each page shows at 1280 x 720 without scrolling: its picture with its legend, and its main control."""

BUTTON = ".st-key-settings button >> nth=0"
FIRST_CHART = '[data-testid="stVegaLiteChart"] >> nth=0'


def chart(words: str) -> str:
    """Selector of a chart, legend included. words: with which its alternative text begins."""
    return f'.vega-embed[aria-label^="{words}"]'


FIRST_SCREENS = {
    "start": (
        ".st-key-start-picture canvas.picture",
        *(f".st-key-door-{name}" for name in ("tour", "lessons", "use")),
    ),
    "lesson": ("h1", *(f".st-key-lesson-{number}" for number in range(1, 5))),
    "playground": (".play canvas >> nth=0", "[data-name=tab-island]", "[data-name=scale]"),
    "noise": (".st-key-n_dev", ".st-key-noise-images img", ".st-key-noise-says"),
    "statistics": (".st-key-s_view", ".st-key-s_n", chart("Probability of a false limit")),
    "bounds": (
        ".st-key-b_view",
        ".st-key-b_scale",
        *(f".st-key-bounds-map-{key} canvas" for key in ("cohen-l2", "li-l2", "pixeldp-l2")),
    ),
    "certify": (BUTTON, chart("Votes per class"), '[data-testid="stImage"] img >> nth=0', "h2"),
    "attack": (BUTTON, chart("Certified radius in"), '[data-testid="stImage"] img >> nth=0', "h2"),
    "evaluate": (BUTTON, FIRST_CHART, "h2"),
    "train": (BUTTON, FIRST_CHART, "h2"),
    "population": (BUTTON, chart("Certificate of the mean loss"), "h2"),
    "papers": ("h1", ".st-key-q", ".st-key-verdict", ".papers", ".st-key-detail"),
    "quiz": ("h1", ".st-key-quiz button >> nth=2"),
    "words": ("h1", '[data-testid="stTextInput"] input'),
}
"""By page: selectors of what lies inside the first screen, each with all that it selects."""

NOT_YET: tuple[str, ...] = ()
"""Pages of which something is still below the first screen; to be emptied."""
