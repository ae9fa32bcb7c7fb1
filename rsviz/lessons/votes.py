"""Lesson 2: g counts votes, and says nothing where they do not decide."""

from rsviz.bounds import round_down
from rsviz.confidence import PROCEDURES
from rsviz.figures.theme import BLUE, QUIET, SERIES, WRONG
from rsviz.lessons.charts import Axes, Bar, bars, is_wide, percent
from rsviz.lessons.counts import ALPHA, sample_url, votes
from rsviz.lessons.records import Chart, Choice, Lesson, Plane, Prediction, Step
from rsviz.noise import NOISES
from rsviz.plane import SCENES, SmoothedPlane, certify_point
from rsviz.plane.geometry import RUNNER_UPS

STRIPS = ("nine-0.25", "nine-0.5", "nine-0.625", "nine-0.75")
FILM = "nine-0.625"
ROCKET = votes()["rocket"]


def _strip(option, frame):
    """x on the left; on the right or below it the noisy copies, in rows of three."""
    one, axes, wide = votes()[option], Axes.blank(frame), is_wide(frame)
    left, top = (0.34 * frame.width, 0) if wide else (0, 0.3 * frame.height)
    cell, row = (frame.width - left) / 3, (frame.height - top) / 2
    names = [one.classes[k] for k in one.answers]
    places = [(left + (at % 3 + 0.5) * cell, top + (at // 3 + 0.42) * row) for at in range(len(names))]
    size = min(cell, row) - 2 * frame.letters
    layers = []
    for (x, y), url, name in zip(places, one.noisy, names, strict=True):
        colour = BLUE if name == "9" else WRONG
        says = axes.words(
            x, y + size / 2, f"f: {name}", colour, align="center", dy=0.8 * frame.letters, fontWeight="bold"
        )
        layers += [axes.picture(x, y, url, size), says]
    x, y, large = (
        (0.16 * frame.width, 0.45 * frame.height, 0.62 * frame.height)
        if wide
        else (frame.width / 2, 0.13 * frame.height, 0.24 * frame.height)
    )
    beside = {"dy": 0.9 * frame.letters, "align": "center"} if wide else {"dx": 8}
    name = axes.words(x if wide else x + large / 2, y + large / 2 if wide else y, "x", **beside)
    return axes.chart(axes.picture(x, y, sample_url(one.sample), large), name, *layers)


def _alt_strip(option):
    one = votes()[option]
    answers = ", ".join(one.classes[k] for k in one.answers)
    return (
        f"A written 9 and {len(one.answers)} copies of it with Gaussian noise, σ = {one.scale:g}. "
        f"f calls them {answers}."
    )


def _film(option, frame):
    one = votes()[FILM]
    n = int(option)
    shares = one.shares(n)
    found = [
        Bar(
            name,
            float(share),
            BLUE if k == one.top else QUIET,
            f"{one.counts[n][k]:,}" if one.counts[n][k] else "",
        )
        for k, (name, share) in enumerate(zip(one.classes, shares, strict=True))
    ]
    return bars(frame, found, "share of the votes", heading=f"{n:,} noisy copies")


def _alt_film(option):
    one = votes()[FILM]
    counts = one.counts[int(option)]
    parts = (f"{counts[k]:,} for {one.classes[k]}" for k in (-counts).argsort(kind="stable") if counts[k])
    return (
        f"Votes after {int(option):,} noisy copies of a written 9 at σ = {one.scale:g}: {', '.join(parts)}."
    )


CHOICE_FILM = Choice(
    "votes", {str(n): f"{n:,}" for n in votes()[FILM].counts}, str(votes()[FILM].n), plays=True
)
QUESTION = 100
"""Votes on the rocket when the hall is asked."""


def order():
    """The classes of the rocket by their votes when the hall is asked, most first."""
    counts = ROCKET.counts[QUESTION]
    return [k for k in (-counts).argsort(kind="stable") if counts[k] > 0.02 * counts.sum()]


def limits(n: int) -> dict[int, tuple[float, float]]:
    """(lower, upper) limit of every class in `order` at ALPHA / 2 a side, from n votes on the rocket."""
    found = {}
    for k in order():
        lower, _ = PROCEDURES["cohen"].limits(ROCKET.counts[n], k, ALPHA / 2)
        others = ROCKET.counts[n].sum() - ROCKET.counts[n][k]
        _, upper = 0, 1 - PROCEDURES["cohen"].limits([others, ROCKET.counts[n][k]], 0, ALPHA / 2)[0]
        found[k] = (float(lower), float(upper))
    return found


def _rocket(with_limits):
    def draw(option, frame):
        n = int(option)
        shares, ends = ROCKET.shares(n), limits(n)
        found = [
            Bar(
                ROCKET.classes[k],
                float(shares[k]),
                colour,
                percent(float(shares[k])),
                *(ends[k] if with_limits else ()),
            )
            for k, colour in zip(order(), SERIES, strict=False)
        ]
        says = f"{n:,} votes"
        if with_limits:
            proved = ROCKET.proved(n)
            says += (
                ": g abstains" if proved.predicted is None else f": g says {ROCKET.classes[proved.predicted]}"
            )
        photo = sample_url("rocket", 96)
        return bars(frame, found, "share of the votes", high=0.6, heading=says, picture=photo)

    return draw


def _alt_rocket(option):
    shares = ROCKET.shares(int(option))
    parts = (f"{ROCKET.classes[k]} {percent(float(shares[k]))}" for k in order())
    proved = ROCKET.proved(int(option))
    says = "g abstains" if proved.predicted is None else f"g says {ROCKET.classes[proved.predicted]}"
    return f"{int(option):,} votes on a photograph of a rocket: {', '.join(parts)}. {says}."


def _sectors():
    scene = SCENES["sectors"]
    g = SmoothedPlane(scene.class_map(), NOISES["gaussian"](scene.settings.scale))
    at = (scene.settings.x, scene.settings.y)
    return {way: certify_point(g, at, way) for way in RUNNER_UPS}


SECTORS = _sectors()
RADII = {way: f"{round_down(found.radius, 2):.2g}" for way, found in SECTORS.items()}
_SHARES = [percent(float(ROCKET.shares(QUESTION)[k])) for k in order()]
_NAMES = [ROCKET.classes[k] for k in order()]

LESSON = Lesson(
    key="votes",
    title="Votes",
    question=f"{QUESTION} votes: {_NAMES[0]} {_SHARES[0]}, {_NAMES[1]} {_SHARES[1]}. What should g say?",
    predictions=(
        Prediction(
            f"{_NAMES[0].capitalize()}, it has most votes",
            False,
            "With other noise another class may lead. g must not depend on luck.",
        ),
        Prediction(
            "Nothing: it abstains", True, "The votes do not show which class is the most probable one."
        ),
        Prediction(
            f"{_NAMES[1].capitalize()}, to be safe",
            False,
            "A class that is not shown to lead is no answer of g either.",
        ),
    ),
    steps=(
        Step(
            "Noisy copies, and what f says",
            "The same 9 with fresh noise. Each copy gets one answer of f: one vote.",
            Chart(
                _strip,
                _alt_strip,
                Choice("noise σ", {key: f"σ = {votes()[key].scale:g}" for key in STRIPS}, FILM, plays=True),
            ),
            "The noise is Gaussian and independent in every pixel. The network has been trained under "
            "noise, so it reads most of the copies. With more noise it begins to see other digits.",
            link="certify",
        ),
        Step(
            "The votes arrive",
            "A few votes wobble. Many votes show the probabilities.",
            Chart(_film, _alt_film, CHOICE_FILM),
            "Press R to play. The bars are the shares of the classes among the votes so far; the numbers "
            "are votes. g is the class with the largest probability, and the votes estimate these "
            "probabilities.",
            link="certify",
        ),
        Step(
            "A rocket among animals and ships",
            "",
            Chart(_rocket(False), _alt_rocket).at(str(QUESTION)),
            "A photograph of a rocket, for a network that knows ten classes; none of them is rocket. Let "
            "the hall vote.",
            asks=True,
        ),
        Step(
            "g may abstain",
            "The intervals overlap: nobody knows which class leads. So g gives no answer.",
            Chart(
                _rocket(True),
                _alt_rocket,
                Choice(
                    "votes",
                    {str(n): f"{n:,}" for n in ROCKET.counts if n >= QUESTION},
                    str(QUESTION),
                    plays=True,
                ),
            ),
            "The black lines are limits on the probabilities. g answers only where the lower limit of one "
            "class is above the upper limits of all others. Otherwise it would sometimes answer at random, "
            "and no certificate could hold. Abstaining is no fault of g: it is an honest answer. More "
            "votes may decide, or may not.",
            link="certify",
        ),
        Step(
            "The runner-up matters",
            "Measure p_B, and the radius grows.",
            Plane("scene=sectors", ("runner_up", "act")),
            "p_B is the probability of the second class. With two classes it is 1 − p_A. With more it is "
            "smaller, often much smaller, and the radius grows with the gap between p_A and p_B. Press the "
            f"button to measure p_B: at this x the radius grows from {RADII['rest']} to {RADII['measured']}.",
            link="playground?scene=sectors",
        ),
    ),
    removes=(
        "g should always answer with the class that has most votes.",
        "p_B is 1 - p_A.",
    ),
)
