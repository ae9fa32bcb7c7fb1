"""Lesson 6: an attack that fails proves nothing; a certificate holds against every attack."""

from dataclasses import replace

from rsviz.bounds import BOUNDS, round_down
from rsviz.figures.theme import BLUE, FOUND, QUIET, WRONG
from rsviz.lessons.charts import INK, Axes, Bar, bars, is_wide, percent
from rsviz.lessons.counts import attacks, png_url, sample_url, votes
from rsviz.lessons.records import Chart, Choice, Lesson, Prediction, Step

BOUND = BOUNDS["cohen-l2"]
TRIED = ("transfer", "weak", "strong", "best")
NAMES = {
    "transfer": "from another network",
    "weak": "gradient, small",
    "strong": "gradient, large",
    "best": "nearest found",
}
F, BEST = attacks()["f"], attacks()["best"]
CERTIFIED = float(BEST["radii"]["cohen-l2"])
"""Proved l2 radius of the image under attack, in pixel units."""
CAT = votes()["cat"]


def changed(key: str) -> bool:
    """Whether an attack changed the answer of g."""
    return attacks()[key]["verdict"] == "changed"


def _on_f(option, frame):
    wide = is_wide(frame)
    axes = Axes.blank(frame)
    parts = (
        (F["x"], f"f: {F['before_name']}", BLUE),
        (F["difference"], "change", INK),
        (F["adversarial"], f"f: {F['after_name']}", WRONG),
    )
    size = frame.height * 0.72 if wide else frame.width * 0.3
    layers = []
    for at, (png, says, colour) in enumerate(parts):
        x, y = (at + 0.5) * frame.width / 3, frame.height * 0.44
        layers += [
            axes.picture(x, y, png_url(png), size),
            axes.words(x, y + size / 2, says, colour, align="center", dy=frame.letters, fontWeight="bold"),
        ]
    for at, sign in ((1, "+"), (2, "=")):
        layers.append(
            axes.words(
                at * frame.width / 3, frame.height * 0.44, sign, align="center", size=2 * frame.letters
            )
        )
    return axes.chart(*layers)


def _alt_on_f(option):
    return (
        f"A written {F['before_name']}, a change of ℓ₂ length {F['distance_l2']:.2f}, and their sum, which "
        f"a network without noise calls {F['after_name']}."
    )


def _one_try(option, frame):
    one = attacks()["weak"]
    classes = range(10)
    total = sum(one["counts_after"])
    found = [
        Bar(
            str(k),
            one["counts_after"][k] / total,
            BLUE if str(k) == one["before_name"] else WRONG,
            percent(one["counts_after"][k] / total) if one["counts_after"][k] else "",
        )
        for k in classes
    ]
    return bars(
        frame,
        found,
        "share of the votes after the attack",
        heading=f"moved by {one['distance_l2']:.2f}",
        picture=png_url(one["adversarial"]),
    )


def _alt_one_try(option):
    one = attacks()["weak"]
    share = max(one["counts_after"]) / sum(one["counts_after"])
    return (
        f"After an attack that moved the image by {one['distance_l2']:.2f}, {percent(share)} of the votes "
        f"are still for {one['before_name']}."
    )


def _ruler(option, frame):
    wide = is_wide(frame)
    shown = TRIED[: int(option)]
    axes = Axes.of(frame, (0, 2.4), (-0.6, len(TRIED)), "ℓ₂ distance from the image, in pixel units")
    axes = replace(axes, y=axes.y | {"axis": None})
    layers = [
        axes.box((0, -0.45), (CERTIFIED, len(TRIED) - 0.1), BOUND.colour, opacity=0.15),
        axes.upright(CERTIFIED, BOUND.colour, dash=(1, 0)),
        axes.words(0.03, -0.25, f"proved: {round_down(CERTIFIED, 3):g}", BOUND.colour, fontWeight="bold"),
    ]
    for at, key in enumerate(shown):
        distance = attacks()[key]["distance_l2"]
        y = len(TRIED) - 0.55 - at
        colour = FOUND if changed(key) else QUIET
        says = f"{NAMES[key]}: {'g changes' if changed(key) else 'fails'}"
        layers += [
            axes.dots(
                [distance],
                [y],
                colour,
                size=600 if wide else 250,
                shape="cross" if changed(key) else "circle",
            ),
            axes.words(distance, y, says, colour, align="right", dx=-16)
            if wide
            else axes.words(2.4, y, says, colour, align="right", dy=-1.3 * frame.letters),
        ]
    return axes.chart(*layers)


def _alt_ruler(option):
    parts = (
        f"{NAMES[key]} at {attacks()[key]['distance_l2']:.2f} {'changes g' if changed(key) else 'fails'}"
        for key in TRIED[: int(option)]
    )
    return f"Proved up to {round_down(CERTIFIED, 3):g}. Attacks on one ruler: {'; '.join(parts)}."


def _path(option, frame):
    path = BEST["path"]
    distance, share, envelope = path["distance"], path["share"], path["envelope"]
    axes = Axes.of(frame, (0, max(distance)), (0, 1), "ℓ₂ distance from the image", percent=True)
    return axes.chart(
        axes.box((0, 0), (CERTIFIED, 1), BOUND.colour, opacity=0.15),
        axes.across(0.5, QUIET),
        axes.line(distance, envelope, BOUND.colour, dash=(10, 6)),
        axes.line(distance, share, FOUND),
        axes.words(0.02, 0.2, f"proved: {round_down(CERTIFIED, 3):g}", BOUND.colour, fontWeight="bold"),
        axes.words(0.02, 0.1, "and at least this share", BOUND.colour),
        axes.words(max(distance), 0.93, "votes", FOUND, align="right", dx=-8, fontWeight="bold"),
        heading=f"share of the votes for {BEST['before_name']}",
    )


def _alt_path(option):
    path = BEST["path"]
    return (
        f"Along the line from the image to the attacked one, {max(path['distance']):.2f} away, the votes "
        f"for {BEST['before_name']} fall from {percent(path['share'][0])} to {percent(path['share'][-1])}. "
        "They stay above the proved curve everywhere."
    )


def _cat(option, frame):
    shares, proved = CAT.shares(), CAT.proved()
    kept = [k for k in (-shares).argsort(kind="stable") if shares[k] > 0.01]
    found = [
        Bar(CAT.classes[k], float(shares[k]), WRONG if k == CAT.top else QUIET, percent(float(shares[k])))
        for k in kept
    ]
    return bars(
        frame,
        found,
        "share of the votes",
        heading=f"{CAT.classes[proved.predicted]}, proved within {round_down(proved.radius, 2):g}",
        picture=sample_url("cat", 96),
    )


def _alt_cat(option):
    proved = CAT.proved()
    return (
        f"{percent(float(CAT.shares()[CAT.top]))} of {CAT.n:,} votes on a photograph of a cat say "
        f"{CAT.classes[CAT.top]}; the certificate proves {CAT.classes[proved.predicted]} within "
        f"{round_down(proved.radius, 2):g}."
    )


LESSON = Lesson(
    key="attack",
    title="Attack",
    question="A strong attack on g fails. What is proved?",
    predictions=(
        Prediction("x is safe", False, "Another attack may succeed at the same distance, or nearer."),
        Prediction("Nothing", True, "Only the certificate speaks of all attacks; one failure speaks of one."),
        Prediction(
            "x is safe from weaker attacks", False, "Weaker on average: on this x one of them may do better."
        ),
    ),
    steps=(
        Step(
            "f breaks easily",
            f"A change that hardly shows turns the {F['before_name']} into a {F['after_name']}.",
            Chart(_on_f, _alt_on_f),
            "A network that was trained without noise, attacked by the method of Carlini and Wagner. The "
            f"change has an ℓ₂ length of {F['distance_l2']:.2f} in pixel units. Nothing is proved "
            "for this f: there is no certificate without smoothing.",
            link="attack",
        ),
        Step(
            "An attack on g",
            "",
            Chart(_one_try, _alt_one_try),
            "Now g, a network trained under noise, smoothed with the same noise. The attack follows the "
            "averaged gradient under noise; fresh votes judge it. Ask the hall what its failure proves.",
            asks=True,
        ),
        Step(
            "Proof and attacks on one ruler",
            "No attack reaches into the blue part. Beyond it, it is a question of effort.",
            Chart(
                _ruler,
                _alt_ruler,
                Choice(
                    "attacks", {str(n): f"{n}" for n in range(1, len(TRIED) + 1)}, str(len(TRIED)), plays=True
                ),
            ),
            "Attacks give upper limits on the true radius, the certificate gives a lower one, and the "
            "truth is between them. A failed attack moves neither. A better attack can only shrink the gap "
            "from the right.",
            link="attack",
        ),
        Step(
            "On the way to the break",
            "The votes fall, but nowhere below what the certificate promises.",
            Chart(_path, _alt_path),
            "The line goes straight from the image to the nearest break that was found. The broken line is "
            "the least probability that any f with this p_A can have at that distance; at the proved "
            "radius it reaches one half. The votes lie above it, since f is not the worst case.",
            link="attack",
        ),
        Step(
            "Certified is not correct",
            f"A cat. {percent(float(CAT.shares()[CAT.top]))} of the votes say {CAT.classes[CAT.top]}, and "
            "that is certified.",
            Chart(_cat, _alt_cat),
            "The certificate says that the class stays, not that it is right. No attack was needed: the "
            "network is simply wrong, and provably stable. Certified accuracy counts an image only if its "
            "class is right as well.",
            link="certify",
        ),
    ),
    removes=("An attack that fails proves that x is safe.", "Certified means correct."),
)
