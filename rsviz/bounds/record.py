"""One record for each bound: its statement, its source, and the function that computes it."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsviz.errors import RsvizError, short
from rsviz.norms import check_dim, conversion

Floats = NDArray[np.float64]

SUM_TOLERANCE = 1e-12
"""p_a + p_b may exceed 1 by this much, because two limits are rounded separately."""

DOMAIN = r"0 \le p_B \le p_A \le 1,\quad p_A + p_B \le 1"


@dataclass(frozen=True)
class Parameter:
    """A free constant of a bound: allowed values are [low, high]."""

    name: str
    symbol: str
    title: str
    default: float
    low: float
    high: float

    def check(self, value: ArrayLike) -> float:
        """`value` as a float, or RsvizError unless it is one number in [low, high]."""
        number = _numbers(self.name, value)
        if number.ndim or not self.low <= number <= self.high:
            raise RsvizError(
                f"{self.name} is {short(value)}; it must be one number from {self.low:g} to {self.high:g}."
            )
        return float(number)


@dataclass(frozen=True)
class Bound:
    """A closed-form certificate: probabilities of the two top classes -> radius.

    key: its name in every table, link and command.
    colour: of its lines and areas everywhere.
    noise: a key of rsviz.noise.NOISES. norm: a key of rsviz.norms.NORMS.
    rigorous: no perturbation inside the radius can change the class.
    tight: no larger radius holds for this noise and norm.
    latex: the formula. scale_symbol: the LaTeX of the noise's scale in it.
    latex_optimum: where the formula is a supremum, its value at the optimum, with the symbols that `optimum`
    gives.
    formula: the function that computes the radius.
    text: the formula in one line of plain text, "{scale}/2 × (Φ⁻¹({p_a}) − Φ⁻¹({p_b}))". Between braces are
    p_a, p_b, scale, d, parameters by name, and what `optimum` gives, by the LaTeX of its symbol.
    """

    key: str
    title: str
    colour: str
    noise: str
    norm: str
    paper: str
    theorem: str
    statement: str
    latex: str
    scale_symbol: str
    formula: Callable[..., Floats]
    rigorous: bool = True
    tight: bool = False
    needs_dim: bool = False
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    domain: str = DOMAIN
    latex_optimum: str = ""
    optimum: Callable[..., dict[str, float]] | None = None
    text: str = ""

    def radius(
        self,
        p_a: ArrayLike,
        p_b: ArrayLike,
        scale: ArrayLike = 1.0,
        dim: int | None = None,
        **parameters: float,
    ) -> Floats:
        """Certified radius in pixel units, float64; 0 where nothing is certified, inf where the limit is.

        p_a, p_b: probabilities of the top and the runner-up class, arrays that broadcast; p_b <= p_a and
        p_a + p_b <= 1 (to within 1e-12).
        scale: of the noise, in pixel units, > 0; broadcasts with them.
        dim: number of input values, needed where `needs_dim`.
        parameters: by name, see `parameters`.
        Raises RsvizError, a ValueError that names the argument.
        """
        p_a, p_b, scale = check_probabilities(p_a, p_b, scale)
        arguments = self._arguments(dim, parameters)
        with np.errstate(all="ignore"):
            radius = self.formula(p_a, p_b, scale, **arguments)
        return np.where(p_a > p_b, np.maximum(radius, 0.0), 0.0)

    def certified_radius(
        self,
        p_a_lower: ArrayLike,
        p_b_upper: ArrayLike,
        scale: ArrayLike = 1.0,
        dim: int | None = None,
        **parameters: float,
    ) -> Floats:
        """Radius proved by confidence limits: 0 where p_a_lower <= p_b_upper.

        A bound never decreases in p_a and never increases in p_b, so with p_A >= p_a_lower and
        p_B <= p_b_upper the result is at most the radius of the true probabilities. Where
        p_a_lower <= p_b_upper nothing is proved; they are replaced by p_a = p_b = 1/2, which has radius 0.

        p_a_lower, p_b_upper: limits in [0, 1], arrays that broadcast, in any order and with any sum.
        scale, dim, parameters, errors: as for `radius`.
        """
        proves = np.asarray(p_a_lower) > np.asarray(p_b_upper)
        p_a, p_b = np.where(proves, p_a_lower, 0.5), np.where(proves, p_b_upper, 0.5)
        return self.radius(p_a, p_b, scale, dim, **parameters)

    def radius_in(
        self,
        norm: str,
        p_a: ArrayLike,
        p_b: ArrayLike,
        scale: ArrayLike = 1.0,
        dim: int | None = None,
        **parameters: float,
    ) -> Floats:
        """Radius of the largest ball of the norm `norm` inside the certified ball; see `radius`."""
        return self.radius(p_a, p_b, scale, dim, **parameters) * conversion(self.norm, norm, dim)

    def filled(
        self, p_a: float, p_b: float, scale: float = 1.0, dim: int | None = None, **parameters: float
    ) -> str:
        """The formula as LaTeX with the numbers of one point, and its value; see `radius`."""
        values = self._arguments(dim, parameters)
        radius = float(self.radius(p_a, p_b, scale, dim, **parameters))
        symbols = {"p_A": p_a, "p_B": p_b, self.scale_symbol: scale}
        if self.needs_dim:
            symbols["d"] = values.pop("dim")
        symbols |= {self.parameters[name].symbol: value for name, value in values.items()}
        text = self.latex
        if self.optimum is not None and 0 < radius < math.inf:
            text = self.latex_optimum
            with np.errstate(all="ignore"):
                symbols |= self.optimum(*check_probabilities(p_a, p_b, scale), **values)
        shown = round_down(radius) if self.rigorous else float(f"{radius:.4g}")
        sign = "=" if shown == radius else r"\ge" if self.rigorous else r"\approx"
        return f"{_substitute(text, symbols)} {sign} {_latex_number(shown)}"

    def filled_text(
        self, p_a: float, p_b: float, scale: float = 1.0, dim: int | None = None, **parameters: float
    ) -> str:
        """The formula as plain text with the numbers of one point, without its value; see `radius`.

        "" where the bound has no `text`. p_a, p_b: as for `radius`, p_a > p_b.
        """
        values = self._arguments(dim, parameters)
        numbers = {"p_a": p_a, "p_b": p_b, "scale": scale, "d": float(dim or 0), **values}
        if self.optimum is not None:
            with np.errstate(all="ignore"):
                best = self.optimum(*check_probabilities(p_a, p_b, scale), **values)
            numbers |= {symbol.strip("\\"): value for symbol, value in best.items()}
        return self.text.format(**{name: _plain_number(value) for name, value in numbers.items()})

    def _arguments(self, dim: int | None, parameters: Mapping[str, float]) -> dict[str, float]:
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise RsvizError(f"{unknown[0]} is not a parameter of {self.key}; its parameters are: {known}.")
        arguments = {
            name: item.check(parameters.get(name, item.default)) for name, item in self.parameters.items()
        }
        dim = check_dim(dim)
        if self.needs_dim:
            if dim is None:
                raise RsvizError(
                    f"dim is missing; {self.key} needs the number of input values, an integer >= 1."
                )
            arguments["dim"] = dim
        return arguments


def check_probabilities(p_a: ArrayLike, p_b: ArrayLike, scale: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """float64 arrays (p_a, p_b, scale) of one shape, or a RsvizError that names what is wrong."""
    p_a, p_b, scale = _numbers("p_a", p_a), _numbers("p_b", p_b), _numbers("scale", scale)
    for name, value in (("p_a", p_a), ("p_b", p_b)):
        _refuse(name, value, ~((value >= 0) & (value <= 1)), "it must lie between 0 and 1")
    _refuse("scale", scale, ~((scale > 0) & np.isfinite(scale)), "it must be a positive, finite number")
    try:
        p_a, p_b, scale = np.broadcast_arrays(p_a, p_b, scale)
    except ValueError:
        raise RsvizError(
            f"p_a, p_b and scale have shapes {p_a.shape}, {p_b.shape} and {scale.shape}; they must broadcast."
        ) from None
    _refuse("p_b", p_b, p_b > p_a, "it must not exceed p_a", "p_a", p_a)
    _refuse("p_b", p_b, p_a + p_b > 1 + SUM_TOLERANCE, "p_a + p_b must not exceed 1", "p_a", p_a)
    return p_a, p_b, scale


def _numbers(name: str, value: ArrayLike) -> Floats:
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise RsvizError(
            f"{name} is {str(value)[:60]!r}; it must be a number or an array of numbers."
        ) from None


def _refuse(
    name: str,
    value: Floats,
    wrong: NDArray[np.bool_],
    allowed: str,
    other: str = "",
    other_value: Floats | None = None,
) -> None:
    if not np.any(wrong):
        return
    position = np.unravel_index(np.argmax(wrong), np.shape(wrong))
    where = f" at index {tuple(map(int, position))}" if position else ""
    beside = "" if other_value is None else f" where {other} is {other_value[position]!s}"
    raise RsvizError(f"{name} is {value[position]!s}{where}{beside}; {allowed}.")


def round_down(value: float, digits: int = 4) -> float:
    """The largest number with `digits` significant digits that does not exceed `value`."""
    if not math.isfinite(value) or value <= 0:
        return value
    rounded = float(f"{value:.{digits - 1}e}")
    unit = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return rounded if rounded <= value else float(f"{rounded - unit:.{digits - 1}e}")


def _substitute(latex: str, symbols: Mapping[str, float]) -> str:
    """Replace symbols by numbers, only whole tokens: d is not the d of \\delta."""
    pattern = "|".join(
        (re.escape(name) if name.startswith("\\") else rf"(?<![A-Za-z\\]){re.escape(name)}") + r"(?![A-Za-z])"
        for name in sorted(symbols, key=len, reverse=True)
    )
    return re.sub(pattern, lambda match: _latex_number(float(symbols[match.group()])), latex)


def _plain_number(value: float) -> str:
    """Six digits; of a probability next to 1 six digits of the rest."""
    if 0.99 < value < 1:
        return f"{value:.{5 - math.floor(math.log10(1 - value))}f}".rstrip("0")
    return f"{value:.6g}"


def _latex_number(value: float) -> str:
    """Six digits; a probability next to 1 as 1 minus the rest."""
    if math.isinf(value):
        return r"\infty"
    if 0.9999 < value < 1:
        return rf"(1 - {_latex_number(1 - value)})"
    text = f"{value:.6g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"
    return text
