"""Projected gradient descent with gradients averaged over the noise.

x_{k+1} = clip(P(x_k + a * s(1/n0 sum_i grad L(f(x_k + r_i), y)))), r_i the noise: Li et al. 2019, section
6.2; with L = -log of the mean softmax it is SmoothAdv's attack, Salman et al. 2019. P projects to the ball
around x, s is the direction of steepest ascent in the attack's norm, clip keeps pixels in [0, 1].
"""

from rsviz.attacks.base import BallAttack, BallParameters


class EotPgdParameters(BallParameters):
    """See BallParameters."""


class EotPgd(BallAttack):
    key = "eot-pgd"
    title = "EOT-PGD"
    source = "Madry et al. 2018; averaged over noise: Athalye et al. 2018, Li et al. 2019"
    parameters = EotPgdParameters

    def move(self, delta, gradient):
        return delta + self.norm.step(gradient, self.step_size)
