"""Pictures of a certificate are read by many threads at once: every page that watches a job polls them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rsviz.tasks.certify import CertifyPictures, shipped_example


def test_many_threads_may_read_pictures_at_once():
    content = shipped_example().pictures.to_bytes()
    with ThreadPoolExecutor(50) as pool:
        read = list(pool.map(lambda _: CertifyPictures.from_bytes(content), range(5000)))
    assert all((pictures.votes == read[0].votes).all() for pictures in read)


def test_pictures_keep_the_input_exactly():
    x = np.random.default_rng(0).random((3, 5, 7), np.float32)
    pictures = CertifyPictures(x, np.zeros((2, 3, 5, 7), np.float32), np.array([1, 2]))
    again = CertifyPictures.from_bytes(pictures.to_bytes())
    assert (again.x == x).all()
    assert again.votes.tolist() == [1, 2]
