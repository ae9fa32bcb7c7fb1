"""Votes of many images at once: the same as one image after the other, whatever is folded together."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from rsviz.errors import RsvizError
from rsviz.execution import Runner
from rsviz.noise import NOISES, Gaussian
from rsviz.noise.streams import ESTIMATION, SELECTION
from rsviz.smoothing import SmoothedClassifier
from rsviz.voting import Span, count_votes, spans_of
from tests.networks import SHAPE, ShortOfMemory

CLASSES = 5


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, CLASSES)
    )


def counted(f, images, spans, *, noise=None, batch=64, every=0.1):
    counts = list(count_votes(Runner(f, "cpu"), noise or Gaussian(0.5), CLASSES, images, spans, batch, every))
    assert counts[-1].drawn == counts[-1].total == sum(map(len, spans))
    return counts[-1].counts


def pictures(count, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), dtype=np.float32)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("batch", [16, 100, 4096])
def test_many_images_at_once_have_the_votes_of_one_image_alone(noise, batch):
    f, images, seeds = network(), pictures(7), [3, 1, 4, 1, 5, 9, 2]
    spans = [
        span
        for pair in zip(spans_of(seeds, SELECTION, 50), spans_of(seeds, ESTIMATION, 700), strict=True)
        for span in pair
    ]
    counts = counted(f, images, spans, noise=NOISES[noise](0.4), batch=batch)
    g = SmoothedClassifier(f, NOISES[noise](0.4), CLASSES, batch=batch)
    alone = [g.certify(x, n0=50, n=700, seed=seed) for x, seed in zip(images, seeds, strict=True)]
    difference = counts - [votes for each in alone for votes in (each.counts0, each.counts)]
    # Only logits that tie within rounding may fall the other way: at most 1 vote in 10,000, here 1.
    assert np.abs(difference).sum() / 2 <= 1


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 8999), max_size=6, unique=True),
    batch=st.integers(1, 5000),
    order=st.randoms(use_true_random=False),
)
def test_spans_of_one_image_add_up_however_it_is_cut(cuts, batch, order):
    def f(inputs):  # one pixel decides, exactly: counts must agree to the vote
        return torch.nn.functional.one_hot((3 * inputs[:, 0, 4, 4]).floor().long() % CLASSES, CLASSES).float()

    x, ends = pictures(1), [0, *sorted(cuts), 9000]
    spans = [Span(0, 7, 1, start, stop) for start, stop in pairwise(ends)]
    order.shuffle(spans)
    parts = counted(f, x, spans, batch=batch)
    whole = counted(f, x, [Span(0, 7, 1, 0, 9000)], batch=512)
    assert parts.sum(0).tolist() == whole[0].tolist()
    assert parts.sum(1).tolist() == [len(span) for span in spans]


def test_shares_of_votes_are_the_true_probabilities_of_every_image():
    """A half-space whose probability is known at each image; 40 images, 5 standard errors."""
    thresholds, n = np.linspace(0.05, 0.95, 40), 2000

    def f(inputs):
        logits = torch.zeros(len(inputs), CLASSES)
        logits[:, 1] = 0.5 - inputs[:, 0, 0, 0]
        return logits

    images = np.full((40, *SHAPE), 0.5, np.float32)
    images[:, 0, 0, 0] = thresholds
    shares = counted(f, images, spans_of(range(40), ESTIMATION, n))[:, 1] / n
    p = norm.cdf((0.5 - thresholds) / 0.5)
    assert (np.abs(shares - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


def test_batches_are_full_but_for_the_last():
    sizes = []

    def f(inputs):
        sizes.append(len(inputs))
        return torch.zeros(len(inputs), CLASSES)

    counted(f, pictures(30), spans_of(range(30), ESTIMATION, 37), batch=100, every=0.0)
    assert sizes == [100] * 11 + [10]


def test_counts_on_the_way_only_grow_and_fill_the_spans_in_order():
    spans = spans_of(range(20), ESTIMATION, 100)
    way = list(
        count_votes(Runner(network(), "cpu"), Gaussian(0.5), CLASSES, pictures(20), spans, 64, every=0.0)
    )
    assert len(way) > 5
    for before, after in pairwise(way):
        assert (after.counts >= before.counts).all()
    for count in way:
        votes = count.counts.sum(1)
        assert votes.sum() == count.drawn
        assert votes.tolist() == sorted(votes.tolist(), reverse=True)


def test_running_out_of_memory_halves_the_batch_and_takes_the_same_draws():
    f = network()

    spans = spans_of(range(9), ESTIMATION, 111)
    *_, last = count_votes(Runner(ShortOfMemory(f), "cpu"), Gaussian(0.5), CLASSES, pictures(9), spans, 64)
    assert last.batch == 16
    assert np.array_equal(last.counts, counted(f, pictures(9), spans, batch=16))


def test_no_spans_are_no_votes():
    assert list(count_votes(Runner(network(), "cpu"), Gaussian(0.5), CLASSES, pictures(1), [], 64)) == []


def test_a_network_that_gives_nan_or_another_shape_is_refused():
    spans = spans_of([0], ESTIMATION, 10)
    with pytest.raises(RsvizError, match="NaN"):
        counted(lambda inputs: torch.full((len(inputs), CLASSES), torch.nan), pictures(1), spans)
    with pytest.raises(RsvizError, match="must have shape"):
        counted(lambda inputs: torch.zeros(len(inputs), 3), pictures(1), spans)
