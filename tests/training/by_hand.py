"""The objectives once more, by hand: NumPy, one image and one copy at a time, derivatives on paper.

Everything is float64. An objective is written as `search`, which finds the images that the loss is taken at,
and `loss`, a function of the network with those images held fixed: that is what is differentiated by the
weights. Images are flat rows; noise comes as the list of what the objective draws, in its order.
"""

import copy

import numpy as np
import torch


class Tiny:
    """logits = W2 tanh(W1 x + b1) + b2, and its derivative by x."""

    def __init__(self, inputs=6, hidden=5, classes=4, seed=0):
        random = np.random.default_rng(seed)
        self.weights = [
            random.normal(size=(hidden, inputs)),
            random.normal(size=hidden) / 3,
            random.normal(size=(classes, hidden)),
            random.normal(size=classes) / 3,
        ]

    def logits(self, x):
        w1, b1, w2, b2 = self.weights
        return w2 @ np.tanh(w1 @ x + b1) + b2

    def softmax(self, x):
        exponentials = [np.exp(value) for value in self.logits(x)]
        return np.array(exponentials) / sum(exponentials)

    def pull_back(self, x, by_logits):
        """The gradient by x of a function whose gradient by the logits is given."""
        w1, b1, w2, _ = self.weights
        return w1.T @ ((1 - np.tanh(w1 @ x + b1) ** 2) * (w2.T @ by_logits))

    def module(self):
        """The same network in torch, float64."""
        w1, _, w2, _ = self.weights
        layers = torch.nn.Linear(*w1.shape[::-1]), torch.nn.Tanh(), torch.nn.Linear(*w2.shape[::-1])
        network = torch.nn.Sequential(torch.nn.Flatten(), *layers).double()
        with torch.no_grad():
            for parameter, weight in zip(network.parameters(), self.weights, strict=True):
                parameter.copy_(torch.from_numpy(weight))
        return network

    def gradient(self, loss, step=1e-5):
        """d loss(network) / d weights by central differences, in the order of the module's parameters."""
        gradients = []
        for number, weight in enumerate(self.weights):
            gradients.append(np.empty_like(weight))
            for index in np.ndindex(weight.shape):
                losses = []
                for sign in (1, -1):
                    other = copy.deepcopy(self)
                    other.weights[number][index] += sign * step
                    losses.append(loss(other))
                gradients[-1][index] = (losses[0] - losses[1]) / (2 * step)
        return gradients


def one_hot(label, classes=4):
    return np.eye(classes)[label]


def cross_entropy(f, x, label):
    return -np.log(f.softmax(x)[label])


def cross_entropy_gradient(f, x, label):
    return f.pull_back(x, f.softmax(x) - one_hot(label))


def mean_softmax(f, x, copies):
    return sum(f.softmax(x + z) for z in copies) / len(copies)


def log_mean_gradient(f, x, copies, label):
    """The gradient by x of log(1/k sum_j softmax f(x + z_j)_label)."""
    total = np.zeros_like(x)
    for z in copies:
        p = f.softmax(x + z)
        total += f.pull_back(x + z, p[label] * (one_hot(label) - p))
    return total / len(copies) / mean_softmax(f, x, copies)[label]


def strongest_wrong(scores, label):
    return max((c for c in range(len(scores)) if c != label), key=lambda c: scores[c])


def into_l2_ball(delta, epsilon):
    length = np.sqrt(sum(delta**2))
    return delta if length <= epsilon else delta * (epsilon / length)


def l2_climb(x, gradient_at, epsilon, steps, step_size, delta=0.0):
    delta = into_l2_ball(np.zeros_like(x) + delta, epsilon)
    for _ in range(steps):
        g = gradient_at(x + delta)
        delta = into_l2_ball(delta + step_size * g / np.sqrt(sum(g**2)), epsilon)
    return x + delta


def linf_climb(x, gradient_at, epsilon, steps, step_size, delta=0.0):
    delta = np.clip(np.zeros_like(x) + delta, -epsilon, epsilon)
    for _ in range(steps):
        delta = np.clip(delta + step_size * np.sign(gradient_at(x + delta)), -epsilon, epsilon)
    return x + delta


CLIMBS = {"l2": l2_climb, "linf": linf_climb}


class Objective:
    """xs: rows of images; ys: their classes; p: the parameters; drawn: arrays of noise, in order."""

    def __init__(self, xs, ys, p, drawn):
        self.xs, self.ys, self.p, self.drawn = xs, ys, p, drawn

    def search(self, f):
        return self.xs

    def loss(self, f, images):
        return sum(self.image_loss(f, i, x) for i, x in enumerate(images)) / len(images)


class Plain(Objective):
    def image_loss(self, f, i, x):
        return cross_entropy(f, x, self.ys[i])


class Gaussian(Objective):
    def image_loss(self, f, i, x):
        return cross_entropy(f, x + self.drawn[0][i], self.ys[i])


class Stn(Objective):
    def image_loss(self, f, i, x):
        p, noisy = f.softmax(x), f.softmax(x + self.drawn[0][i])
        stability = -sum(p[j] * np.log(noisy[j]) for j in range(len(p)))
        return -np.log(p[self.ys[i]]) + self.p.gamma * stability


class Copies(Objective):
    """Cross-entropy of noisy copies, the last that were drawn."""

    def image_loss(self, f, i, x):
        copies = self.drawn[-1][i]
        return sum(cross_entropy(f, x + z, self.ys[i]) for z in copies) / len(copies)


class Adre(Copies):
    def image_loss(self, f, i, x):
        scores = mean_softmax(f, x, self.drawn[-1][i])
        wrong = strongest_wrong(scores, self.ys[i])
        return super().image_loss(f, i, x) - self.p.lam * -np.log(scores[wrong])


class SmoothAdv(Copies):
    def gradient_at(self, f, x, i):
        return -log_mean_gradient(f, x, self.drawn[0][i], self.ys[i])

    def search(self, f):
        p = self.p
        return [
            l2_climb(x, lambda v, i=i: self.gradient_at(f, v, i), p.epsilon, p.steps, 2 * p.epsilon / p.steps)
            for i, x in enumerate(self.xs)
        ]


class AdreAdv(SmoothAdv, Adre):
    def gradient_at(self, f, x, i):
        copies = self.drawn[0][i]
        wrong = strongest_wrong(mean_softmax(f, x, copies), self.ys[i])
        push = -self.p.lam * -log_mean_gradient(f, x, copies, wrong)
        return -log_mean_gradient(f, x, copies, self.ys[i]) + push


class Nal(Copies):
    def search(self, f):
        p, found = self.p, []
        step_size = 0.5 / p.gamma if p.eta1 is None else p.eta1
        for i, x0 in enumerate(self.xs):
            x = x0
            for k in range(p.K):
                move = np.zeros_like(x)
                for z in self.drawn[k][i]:
                    cost_gradient = 2 * (x + z * p.noise_in_cost - x0)
                    move += cross_entropy_gradient(f, x + z, self.ys[i]) - p.gamma * cost_gradient
                x = x + step_size * move / p.r
            found.append(x)
        return found


class Wrm(Plain):
    def search(self, f):
        p, found = self.p, []
        for i, x0 in enumerate(self.xs):
            x = x0
            for _ in range(p.K):
                x = x + p.eta1 * (cross_entropy_gradient(f, x, self.ys[i]) - p.gamma * 2 * (x - x0))
            found.append(x)
        return found


class Trades(Objective):
    def search(self, f):
        p, found = self.p, []
        for i, x in enumerate(self.xs):
            clean = f.softmax(x)
            found.append(
                CLIMBS[p.norm](
                    x,
                    lambda v, clean=clean: f.pull_back(v, f.softmax(v) - clean),
                    p.epsilon,
                    p.steps,
                    4 / 3 * p.epsilon / p.steps,
                    0.001 * self.drawn[0][i],
                )
            )
        return found

    def image_loss(self, f, i, x):
        p, q = f.softmax(self.xs[i]), f.softmax(x)
        divergence = sum(p[j] * np.log(p[j] / q[j]) for j in range(len(p)))
        return -np.log(p[self.ys[i]]) + self.p.beta * divergence


class PgdAt(Plain):
    def search(self, f):
        p = self.p
        return [
            CLIMBS[p.norm](
                x,
                lambda v, i=i: cross_entropy_gradient(f, v, self.ys[i]),
                p.epsilon,
                p.steps,
                p.step_size,
                self.drawn[0][i] if p.random_start else 0.0,
            )
            for i, x in enumerate(self.xs)
        ]


BY_HAND = {
    "plain": Plain,
    "gaussian": Gaussian,
    "stn": Stn,
    "adre": Adre,
    "smoothadv": SmoothAdv,
    "adre-adv": AdreAdv,
    "nal": Nal,
    "wrm": Wrm,
    "trades": Trades,
    "pgd-at": PgdAt,
}
