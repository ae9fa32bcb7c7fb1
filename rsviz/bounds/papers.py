"""The papers that several bounds come from."""

COHEN = "Cohen, Rosenfeld and Kolter 2019, Certified Adversarial Robustness via Randomized Smoothing"
LI = "Li, Chen, Wang and Carin 2019, Certified Adversarial Robustness with Additive Noise"
LECUYER = (
    "Lecuyer et al. 2019, Certified Robustness to Adversarial Examples with Differential Privacy (PixelDP)"
)
UNIFIED = "A Unified Framework for Randomized Smoothing Based Certified Defenses (ICLR 2020 submission)"
