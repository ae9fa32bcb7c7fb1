"""The sentences of the Noise page, with their numbers."""

from rsviz.bounds import BOUNDS, round_down
from rsviz.noise_size import (
    DIMENSIONS,
    Comparison,
    EqualDeviation,
    EqualRadius,
    EqualScale,
    Rule,
    largest_dimension_won,
    radius_against_dimension,
)
from rsviz.norms import NORMS, norm_symbol

GAUSSIAN, EXPONENTIAL, PUBLISHED = BOUNDS["cohen-l2"], BOUNDS["exponential-linf"], BOUNDS["dinf-linf"]
SLOPES_AS_WORDS = {0.0: "0", 0.5: "−1/2", 1.0: "−1"}


def number(value, digits=3) -> str:
    """A value with `digits` significant digits; thousands are written out."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.{digits}g}"


def pictures_show(compared: Comparison) -> str:
    """What the row of pictures shows."""
    return _needed(compared) if isinstance(compared.rule, EqualRadius) else _proved(compared)


def pictures_notes(compared: Comparison) -> str:
    """What else is to be known of the row of pictures."""
    if isinstance(compared.rule, EqualRadius):
        bounds = [compared.certified(key, compared.rule.norm) for key in compared.noises]
        reached = " Whether the network reaches p_A in such noise is another question."
    else:
        bounds, reached = _tight_in_linf(compared).values(), ""
    names = ", ".join(item.bound.key for item in bounds)
    return (
        f"Bounds: {names}, with p_A and p_B taken as known.{reached} Values outside [0, 1] are cut off on "
        "the screen only."
    )


def _tight_in_linf(compared: Comparison) -> dict:
    """Certificates in l_inf of the mechanisms with a tight bound there."""
    found = {key: compared.certified(key, "linf") for key in compared.noises}
    return {key: item for key, item in found.items() if item.tight}


def _proved(compared: Comparison) -> str:
    """What is proved in l_inf by mechanisms with a tight bound there."""
    radii = [
        f"{compared.noises[key].title} **{round_down(item.radius * 255, 3):.3g}/255**"
        for key, item in _tight_in_linf(compared).items()
    ]
    alike = (
        "Each pixel varies equally"
        if isinstance(compared.rule, EqualDeviation)
        else "σ and λ are the same number, pixels do not vary equally"
    )
    return (
        f"**{alike}; what is proved differs.** In ℓ∞, at p_A = {compared.p_a:.3g} and "
        f"p_B = {compared.p_b:.3g}, by tight bounds: {', '.join(radii)}."
    )


def _needed(compared: Comparison) -> str:
    """How much a pixel must vary for the radius of the rule."""
    rule = compared.rule
    found = {key: compared.certified(key, rule.norm) for key in compared.noises}
    tight, loose = [], []
    for key, noise in compared.noises.items():
        needed = f"{noise.title} **{number(noise.deviation(compared.dim))}**"
        (tight if found[key].tight else loose).append(needed)
    radius = f"{rule.radius * 255:.3g}/255" if rule.norm == "linf" else f"{rule.radius:.3g}"
    text = (
        f"What a pixel varies by when {radius} in {norm_symbol(rule.norm)} is proved at "
        f"p_A = {rule.p_a:.3g}, p_B = {rule.p_b:.3g}. By tight bounds, so that no less will do: "
        f"{', '.join(tight)}."
    )
    if loose:
        text += f" Through another norm, so that a better bound may ask for less: {', '.join(loose)}."
    return text


def growth_says(rule: Rule) -> str:
    """What the two pictures of growth show under this rule."""
    if isinstance(rule, EqualDeviation):
        return "‖z‖₂ is close to the deviation times √d for all mechanisms; ‖z‖∞ tells them apart."
    if isinstance(rule, EqualScale):
        return "At one σ each coordinate of ℓ∞-exponential noise grows as d, those of the others not at all."
    if rule.norm == "linf":
        return (
            "To certify the same ℓ∞ radius, ‖z‖∞ of ℓ∞-exponential noise grows as d (its mean is σ d), that "
            "of Gaussian noise as √(d log d). A better bound shifts a line; it does not turn it."
        )
    return (
        f"For a radius in {norm_symbol(rule.norm)}, σ of Gaussian noise does not depend on d; ‖z‖∞ grows as "
        "√(log d)."
    )


def radius_says(norm: str, p_a: float, p_b: float, hold: str, size: float) -> str:
    """The radii at the dimensions of the datasets, and where the lines cross."""
    dims = list(DIMENSIONS.values())
    one, other = (
        radius_against_dimension(bound, norm, p_a, p_b, dims, size, hold) for bound in (GAUSSIAN, EXPONENTIAL)
    )
    unit, factor = ("/255", 255) if norm == "linf" else ("", 1)
    places = " · ".join(
        f"{name} **{round_down(a * factor, 3):.3g}{unit}** and **{round_down(b * factor, 3):.3g}{unit}**"
        for name, a, b in zip(DIMENSIONS, one, other, strict=True)
    )
    won = largest_dimension_won(EXPONENTIAL, GAUSSIAN, norm, p_a, p_b, hold)
    if won is None:
        where = "In every dimension from 2 the bounds give Gaussian noise at least as much."
    else:
        where = (
            f"Up to d = {won} the bounds give ℓ∞-exponential noise more, from d = {won + 1} on Gaussian "
            "noise."
        )
    return f"{where}  \nGaussian and ℓ∞-exponential: {places}"


def radius_notes(norm: str, hold: str) -> str:
    """What the lines of the radius picture are."""
    notes = [
        "Thick: tight for its noise in its own norm (cohen-l2, exponential-linf). D_∞: the published bound "
        "for ℓ∞-exponential noise (dinf-linf). p_A and p_B are taken as known."
    ]
    if norm == "l2":
        notes.append("In ℓ₂ the radius of that noise is that of the ℓ∞ ball; a better bound may exist.")
    if hold == "linf":
        notes.append(
            "Dashed: slopes only. The theorems of the Unified paper say how fast a radius must fall at fixed "
            "E‖z‖∞, for its own notions of robustness (D_∞: Theorem 16; D_MR: 12 and 17) and up to unknown "
            "constants: the height of these lines says nothing. They hold for noise that does not depend on "
            "the image."
        )
    return " ".join(notes)


def numbers_table(compared: Comparison) -> dict[str, list[str]]:
    """Lines of the table, by their words: one text for each mechanism, tight radii in bold."""
    rows = compared.numbers()
    fields = {"scale, σ or λ": "scale", "deviation of a pixel": "deviation"}
    for key, norm in NORMS.items():
        fields |= {f"E‖z‖ in {norm.symbol}": f"expected_{key}"}
        fields |= {f"‖z‖ in {norm.symbol} of this draw": f"drawn_{key}"}
    fields["median of ‖z‖∞"] = "median_linf"
    lines = {words: [number(row[field], 4) for row in rows] for words, field in fields.items()}
    for key, norm in NORMS.items():
        found = [compared.certified(noise, key) for noise in compared.noises]
        texts = [(number(round_down(item.radius), 4), item.tight) for item in found]
        lines[f"radius in {norm.symbol}"] = [f"**{text}**" if tight else text for text, tight in texts]
    return lines
