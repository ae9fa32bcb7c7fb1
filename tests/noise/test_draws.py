"""The block scheme: a draw's noise is a pure function of seed and number."""

import numpy as np
import pytest
import torch
from scipy import stats

from rsviz.noise import NOISES, Draws, Gaussian, block_seed, block_size

CPU = torch.device("cpu")
BLOCK = block_size((1, 8, 8))


def noise_of(start, stop, batch, shape=(1, 8, 8), seed=7, stream=1, noise=None):
    draws = Draws(noise or Gaussian(0.5), shape, seed, stream, CPU)
    out = torch.empty((stop - start, *shape))
    for first in range(0, stop - start, batch):
        draws.fill(out[first : first + batch], start + first)
    return out


@pytest.mark.parametrize("key", NOISES)
@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 3), (1, 1, 1), (3, 32, 32)])
def test_noise_does_not_depend_on_the_batch(batch, shape, key):
    stop, noise = min(block_size(shape) + 100, 4500), NOISES[key](0.5)
    one, other = (noise_of(0, stop, size, shape, noise=noise) for size in (batch, stop))
    assert torch.equal(one, other)


@pytest.mark.parametrize("key", NOISES)
def test_a_draw_of_another_scale_is_the_same_draw_larger(key):
    one, other = (noise_of(0, 300, 300, noise=NOISES[key](scale)) for scale in (1.0, 0.25))
    assert torch.allclose(other, one / 4, rtol=1e-5)


def test_noise_does_not_depend_on_where_one_begins():
    assert torch.equal(noise_of(0, BLOCK + 900, 64)[700:], noise_of(700, BLOCK + 900, 33))


@pytest.mark.parametrize(("shape", "size"), [((1, 8, 8), 4096), ((1, 28, 28), 256), ((3, 224, 224), 16)])
def test_a_block_is_a_power_of_two_that_fits_into_memory(shape, size):
    assert block_size(shape) == size


def test_seeds_streams_and_blocks_differ():
    one = noise_of(0, BLOCK, BLOCK)
    for other in (noise_of(0, BLOCK, BLOCK, seed=8), noise_of(0, BLOCK, BLOCK, stream=0)):
        assert not torch.isclose(one, other).any(dim=(1, 2, 3)).all()
    assert not torch.equal(one, noise_of(BLOCK, 2 * BLOCK, BLOCK))


def test_no_two_blocks_of_a_stream_share_the_bits_that_torch_reads():
    low = {block_seed(3, 1, block) & 0xFFFFFFFF for block in range(100_000)}
    assert len(low) == 100_000


def test_gaussian_samples_are_gaussian_and_uncorrelated_between_blocks():
    noise = noise_of(0, 64 * BLOCK, 1000).flatten(1).numpy()[:, :8]
    assert stats.kstest(noise[::7, :].ravel() / 0.5, "norm").pvalue > 1e-3
    blocks = noise.reshape(64, -1)
    correlation = np.corrcoef(blocks)[np.triu_indices(64, 1)]
    # 2,016 correlations: the largest is about 3.5 standard errors.
    assert np.abs(correlation).max() < 5 / np.sqrt(blocks.shape[1])


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 3), (1, 1, 1)])
@pytest.mark.parametrize("stop", [1, 5, 16, 100, 1000, 4095])
def test_a_run_that_ends_within_a_block_draws_what_a_longer_one_does(noise, shape, stop):
    stop += block_size(shape)
    whole, cut = (Draws(NOISES[noise](0.5), shape, 7, 1, CPU, stop=until) for until in (None, stop))
    expected, found = torch.empty((stop, *shape)), torch.empty((stop, *shape))
    whole.fill(expected, 0)
    for first in range(0, stop, 700):
        cut.fill(found[first : first + 700], first)
    assert torch.equal(expected, found)
