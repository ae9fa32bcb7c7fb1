"""Words of the field in one plain sentence each: the help mark beside a word where a page first uses it."""

WORDS = {
    "base classifier": "The network f itself: it takes an image and names a class.",
    "smoothed classifier": "The classifier g: the class that f names most often when noise is added.",
    "checkpoint": "A trained network with its card: what it was trained on, how, and how well it does.",
    "certificate": "Proved: with the confidence given, no image within the radius gets another class from g.",
    "radius": "How far an image may be moved, in whatever direction, while g is sure to keep its class.",
    "pixel units": "Pixels run from 0 (black) to 1 (white); one grey level of an 8-bit image is 1/255.",
    "norm": (
        "How a distance is measured: ℓ₁ adds the changes of all pixels, ℓ₂ is the straight line, ℓ∞ is the "
        "largest change of a pixel."
    ),
    "noise": "Added to the image before each vote; each mechanism proves a radius in a norm of its own.",
    "scale": (
        "How strong the noise is. More noise reaches larger radii and blurs the class; networks do best at "
        "the noise they were trained with."
    ),
    "deviation": "Standard deviation: the typical size of the noise on one pixel.",
    "dimension": "d, the number of values of an image: its pixels times its colour channels.",
    "votes": "Noisy copies of the image that f classifies; more votes give a tighter limit on p_A.",
    "selecting votes": "The first votes only choose the class; the n votes that count are drawn afresh.",
    "p_A": "The probability that f names the top class under noise; votes limit it from below.",
    "p_B": "The probability of the runner-up class under noise; votes limit it from above.",
    "alpha": "The largest probability, over the draws of the votes, that the certificate is false.",
    "limits": (
        "The procedure that turns votes into limits on p_A and p_B. With more than two classes a limit of "
        "p_B's own proves more."
    ),
    "bound": "A theorem that turns the limits on p_A and p_B into a radius.",
    "Phi": "Φ⁻¹(p): where a standard normal number is below with probability p; Φ⁻¹(0.5) = 0.",
    "G": "G⁻¹(p): the same of the unit Laplace law; log(2p) below p = 1/2, −log(2(1 − p)) above.",
    "tight": "No theorem that knows only p_A and p_B can prove a larger radius.",
    "abstain": "The votes prove no class, so none is named: that is no error, but no certificate either.",
    "seed": "Decides every random number: the same seed gives the same votes.",
    "certified accuracy": "The share of test images with the right class, certified at that radius.",
    "ACR": "Average certified radius: the mean over the test images, with 0 for wrong or abstained ones.",
    "attack": "A search for a small change of the image that makes a classifier name another class.",
    "epsilon": "The largest change that the attack may make, measured in its norm.",
    "EOT": "Expectation over transformation: each step averages the gradient over several draws of noise.",
    "kappa": "By how much the other class has to win before the attack of Carlini and Wagner is content.",
    "surrogate": "Another network, which the attacker knows, attacked in place of the unknown one.",
    "population": "All images, of which the test images are a sample; an adversary may move each of them.",
    "gamma": "The price of distance: what a move of an image costs the adversary.",
    "rho": "The budget: the mean squared distance by which the adversary may move the population.",
}


def explain(*words: str) -> str:
    """The sentences of these words, as the text of a help mark."""
    if len(words) == 1:
        return WORDS[words[0]]
    return "  \n".join(f"**{word}**: {WORDS[word]}" for word in words)
