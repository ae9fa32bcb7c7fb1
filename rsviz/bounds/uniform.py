"""The bound for uniform noise on [-lambda, lambda] in each coordinate; lambda is the scale."""

from rsviz.bounds.record import Bound, Floats

YANG = "Yang, Duan, Hu, Salman, Razenshteyn and Li 2020, Randomized Smoothing of All Shapes and Sizes"


def uniform_l1(p_a: Floats, p_b: Floats, scale: Floats) -> Floats:
    """R = lambda (p_A - p_B), tight.

    Total variation is at most |delta|_1 / (2 lambda), attained in one coordinate.

    p_a, p_b: probabilities of the top and the runner-up class, float64 arrays of one shape, in [0, 1].
    scale: lambda, in pixel units.
    Source: Yang et al. 2020.
    """
    return scale * (p_a - p_b)


UNIFORM_L1 = Bound(
    key="uniform-l1",
    title="Uniform, tight",
    colour="#7F8894",
    noise="uniform",
    norm="l1",
    paper=YANG,
    theorem="uniform noise on the cube, ℓ₁",
    statement=(
        "A shift by δ moves at most ‖δ‖₁ / (2 λ) of the cube out of itself, so no "
        "vote's probability changes by more; a step along one coordinate attains it."
    ),
    latex=r"\lambda\,(p_A - p_B)",
    scale_symbol=r"\lambda",
    formula=uniform_l1,
    text="{scale} × ({p_a} − {p_b})",
    tight=True,
)
