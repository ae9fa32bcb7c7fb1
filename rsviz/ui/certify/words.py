"""What one certificate says, in sentences."""

from rsviz.bounds import round_down
from rsviz.noise import NOISES
from rsviz.norms import NORMS
from rsviz.tasks.certify import NOT_CORRECT, CertifyProgress, CertifyResult, limits_in_words
from rsviz.tasks.settings import noise_words

ENDED = {
    "proved": "the radius asked for, {until_radius:g}, is proved",
    "out of reach": "the radius asked for, {until_radius:g}, is out of reach",
    "good enough": "it is within {within:g} % of the most that all votes could be expected to prove",
    "by hand": "somebody stopped it",
}
"""Why a run ended before all its votes were drawn."""


def promise(progress: CertifyProgress) -> str:
    """What is guaranteed and with which confidence, and how the run ended."""
    certificate = progress.result
    sure = confidence(certificate.alpha)
    if certificate.abstained:
        at_least, at_most = limits_in_words(certificate.p_a_lower, certificate.p_b_upper)
        return (
            f"After {certificate.n:,} votes nothing is proved: p_A is at least {at_least}, and another "
            f"class may have up to {at_most} (with confidence {sure}).{_ending(progress)}"
        )
    radius, symbol = round_down(certificate.radius), NORMS[certificate.norm].symbol
    return (
        f"With confidence {sure}, **every** image whose {symbol} distance from this one is below "
        f"**{radius}** gets the class **{certificate.predicted_name}** from the smoothed classifier "
        f"({noise_words(certificate.noise, certificate.scale)}). "
        f"In grey levels of 1/255 that is {round_down(255 * certificate.radius)}. {NOT_CORRECT}"
        f"{_ending(progress)}{_gained(certificate)}"
    )


def headline(certificate: CertifyResult, norm: str) -> str:
    """Class and radius in a few words. norm: as it is to be written."""
    return f"{certificate.predicted_name}, certified within {norm} radius {round_down(certificate.radius)}"


def confidence(alpha: float) -> str:
    """1 - alpha in per cent."""
    return f"{100 * (1 - alpha):.10g} %"


def _ending(progress) -> str:
    """Why there are fewer votes than were announced, and how many were saved."""
    certificate, request = progress.result, progress.request
    if certificate.ended == "complete":
        if request.until_radius is None:
            return ""
        decided = "is proved" if certificate.radius >= request.until_radius else "is not proved"
        return f"\n\nAfter all votes the radius asked for, {request.until_radius:g}, {decided}."
    why = ENDED[certificate.ended].format(within=request.within or 0, until_radius=request.until_radius or 0)
    n, planned = certificate.n, certificate.n_planned
    return (
        f"\n\nIt ended after {n:,} of {planned:,} votes, **{planned - n:,} saved**: {why}. "
        "Its limits are those that hold at every moment."
    )


def _gained(certificate) -> str:
    """What a separate limit for p_B gained over CERTIFY, which takes 1 - p_A for p_B."""
    words = certificate.gain
    return f"\n\nBounding p_B by its own votes (split): **{words}** on the same votes." if words else ""


def if_stopped_now(progress: CertifyProgress) -> str:
    """What would be proved if the run ended at this moment."""
    request, (p_a_lower, p_b_upper) = progress.request, progress.limits
    if not p_a_lower > p_b_upper:
        at_least, at_most = limits_in_words(p_a_lower, p_b_upper)
        return (
            f"If you stop now nothing is proved: p_A is at least {at_least}, and another class may have "
            f"up to {at_most}."
        )
    radius, symbol = round_down(progress.radius_now()), NORMS[NOISES[request.noise].norm].symbol
    return (
        f"**Proved if you stop now: {symbol} radius {radius}**, with confidence "
        f"{confidence(request.alpha)}. These limits hold at every moment, so you may watch and stop."
    )
