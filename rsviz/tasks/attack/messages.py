"""What the result of an attack means, in sentences; what is proved and what was only found stay apart."""

from collections.abc import Mapping

from rsviz.bounds import BOUNDS, round_down
from rsviz.norms import NORMS
from rsviz.tasks.attack.result import AttackResult

SYMBOLS = {key: norm.symbol for key, norm in NORMS.items()}


def victim_words(result: AttackResult) -> str:
    """The classifier that was attacked."""
    return "the smoothed classifier g" if result.noise else "the base classifier f"


def distance_words(result: AttackResult, symbols: Mapping[str, str] = SYMBOLS) -> str:
    """The distance with its norm. symbols: of the norms."""
    return f"{symbols[result.norm]} distance {result.distance:.4g}"


def verdict_sentence(result: AttackResult, symbols: Mapping[str, str] = SYMBOLS) -> str:
    """The verdict, and what it rests on. symbols: of the norms."""
    before, after = (name or "no class" for name in (result.before_name, result.after_name))
    votes = f", each judged by {result.votes:,} fresh votes" if result.noise else ""
    at, victim = distance_words(result, symbols), victim_words(result)
    if result.distance == 0:
        return f"The attack found nothing: {victim} keeps {before}{votes}."
    if result.verdict == "changed":
        reached = "" if result.target is None else _target(result)
        return f"Changed: at {at} {victim} goes from {before} to {after}{votes}.{reached}"
    if result.verdict == "unchanged":
        return f"Unchanged: at {at} {victim} still says {before}{votes}."
    return (
        f"Abstained: {victim} says {before} at the original and {after} at {at}{votes}; no "
        f"class is named where first and second are too close to tell at α = {result.alpha:g}."
    )


def _target(result: AttackResult) -> str:
    hit = result.after == result.target
    return " That is the target." if hit else f" The target was class {result.target}."


def gap_sentence(result: AttackResult, symbols: Mapping[str, str] = SYMBOLS) -> str:
    """What lies between the certified radius and what was broken, or why nothing can be said."""
    if not result.noise:
        return "The base classifier has no certificate: nothing here is proved."
    best = result.best_radius
    if best is None:
        return "Nothing is certified at the original, so any distance may change the answer."
    key, radius = best
    proved = f"proved up to {round_down(radius)} ({BOUNDS[key].title})"
    found, symbol = result.distance, symbols[result.norm]
    if result.contradicts:
        return (
            f"The answer changed inside the certified radius ({proved}). That may happen with probability "
            f"{result.alpha:g}; seen again with other seeds, it is an error in rsviz."
        )
    if result.verdict == "changed" and found >= radius:
        return f"In {symbol}: {proved}, broken at {found:.4g}; the gap of {found - radius:.3g} is open."
    if found and result.verdict == "abstained":
        return f"In {symbol}: {proved}; at {found:.4g} the votes are too close to name a class."
    if found and result.inside:
        return (
            f"In {symbol}: {proved}; this attack ended at {found:.4g}, where no attack can change the answer."
        )
    if found:
        return (
            f"In {symbol}: {proved}; this attack went to {found:.4g} and did not change the answer, which "
            "proves nothing beyond the radius."
        )
    return f"In {symbol}: {proved}; this attack found no way beyond it."


def promise(result: AttackResult) -> str:
    """What no attack can do, with its confidence."""
    if result.certified_class is None:
        return ""
    votes = f"{result.certificate.n:,} votes"
    return (
        f"Inside the certified radius **no** attack can change the answer of g, known or unknown: the "
        f"certificate fails with probability at most {result.alpha:g}, over its own {votes}. A "
        f"verdict names a wrong class of g with probability at most {result.alpha:g} too."
    )
