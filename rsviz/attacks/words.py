"""What the result of an attack means, in sentences; what is proved and what was only found stay apart."""

from rsviz.bounds import BOUNDS, round_down
from rsviz.norms import NORMS

SYMBOLS = {key: norm.symbol for key, norm in NORMS.items()}


def best_radius(result: dict) -> tuple[str, float] | None:
    """(key, radius in the attack's norm) of the bound that certifies most there; None: nothing certified."""
    radii = {key: radius for key, radius in result["radii_in_norm"].items() if radius > 0}
    return max(radii.items(), key=lambda item: item[1]) if radii else None


def distance(result: dict) -> float:
    """Length of the perturbation in the attack's norm, pixel units."""
    return result[f"distance_{result['norm']}"]


def who(result: dict) -> str:
    """The one that was attacked."""
    return "the smoothed classifier g" if result["noise"] else "the base classifier f"


def length(result: dict, symbols: dict | None = None) -> str:
    """The distance with its norm, as words. symbols: of the norms."""
    symbols = symbols or SYMBOLS
    return f"{symbols[result['norm']]} distance {distance(result):.4g}"


def verdict_sentence(result: dict, symbols: dict | None = None) -> str:
    """The verdict, and what it rests on. symbols: of the norms."""
    before, after = (result[f"{when}_name"] or "no class" for when in ("before", "after"))
    votes = f", each judged by {result['votes']:,} fresh votes" if result["noise"] else ""
    at, victim = length(result, symbols), who(result)
    if distance(result) == 0:
        return f"The attack found nothing: {victim} keeps {before}{votes}."
    if result["verdict"] == "changed":
        reached = "" if result["target"] is None else _target(result)
        return f"Changed: at {at} {victim} goes from {before} to {after}{votes}.{reached}"
    if result["verdict"] == "unchanged":
        return f"Unchanged: at {at} {victim} still says {before}{votes}."
    return (
        f"Abstained: {victim} says {before} at the original and {after} at {at}{votes}; no "
        f"class is named where first and second are too close to tell at α = {result['alpha']:g}."
    )


def _target(result) -> str:
    hit = result["after"] == result["target"]
    return " That is the target." if hit else f" The target was class {result['target']}."


def gap_sentence(result: dict, symbols: dict | None = None) -> str:
    """What lies between the certified radius and what was broken, or why nothing can be said."""
    if not result["noise"]:
        return "The base classifier has no certificate: nothing here is proved."
    best = best_radius(result)
    if best is None:
        return "Nothing is certified at the original, so any distance may change the answer."
    key, radius = best
    proved = f"proved up to {round_down(radius)} ({BOUNDS[key].title})"
    found, symbol = distance(result), (symbols or SYMBOLS)[result["norm"]]
    if contradicts(result):
        return (
            f"The answer changed inside the certified radius ({proved}). That may happen with probability "
            f"{result['alpha']:g}; seen again with other seeds, it is an error in rsviz."
        )
    if result["verdict"] == "changed" and found >= radius:
        return f"In {symbol}: {proved}, broken at {found:.4g}; the gap of {found - radius:.3g} is open."
    if found and result["verdict"] == "abstained":
        return f"In {symbol}: {proved}; at {found:.4g} the votes are too close to name a class."
    if found and result["inside"]:
        return (
            f"In {symbol}: {proved}; this attack ended at {found:.4g}, where no attack can change the answer."
        )
    if found:
        return (
            f"In {symbol}: {proved}; this attack went to {found:.4g} and did not change the answer, which "
            "proves nothing beyond the radius."
        )
    return f"In {symbol}: {proved}; this attack found no way beyond it."


def contradicts(result: dict) -> bool:
    """Whether g names another class than the certified one inside a certified ball."""
    certificate = result["certificate"]
    if certificate is None or certificate["abstained"] or not result["inside"]:
        return False
    return result["after"] not in (None, certificate["predicted"])


def promise(result: dict) -> str:
    """What no attack can do, with its confidence."""
    certificate = result["certificate"]
    if certificate is None or certificate["abstained"]:
        return ""
    return (
        f"Inside the certified radius **no** attack can change the answer of g, known or unknown: the "
        f"certificate fails with probability at most {result['alpha']:g}, over its own {certificate['n']:,} "
        f"votes. A verdict names a wrong class of g with probability at most {result['alpha']:g} too."
    )
