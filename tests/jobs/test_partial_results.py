"""The file of finished parts: kept line by line, whole after any kill."""

from types import SimpleNamespace

import pytest

from rsviz.jobs.partial_results import finished, keep


def run(parts):
    """What a run of numbered parts would reach: twice for each, the second time with it."""

    def reach(done):
        done = {"plans": {"one": 1}} | done
        for number in range(parts):
            if str(number) in done:
                continue
            yield SimpleNamespace(done=done, new=False, parts=parts)
            done = done | {str(number): [number] * 100}
            yield SimpleNamespace(done=done, new=True, parts=parts)

    return reach


def test_every_part_is_written_once(tmp_path):
    path = tmp_path / "parts"
    assert finished(path) == {}
    *_, last = keep(path, run(50))
    assert last.progress == {"finished": 50, "parts": 50}
    assert finished(path) == {"plans": {"one": 1}} | {str(n): [n] * 100 for n in range(50)}
    assert path.read_bytes().count(b'"7":') == 1


@pytest.mark.parametrize("lost", [1, 10, 300])
def test_a_line_that_a_kill_cut_off_is_made_again(tmp_path, lost):
    path = tmp_path / "parts"
    list(keep(path, run(5)))
    whole = finished(path)
    path.write_bytes(path.read_bytes()[:-lost])
    assert {name: whole[name] for name in finished(path)} == finished(path)
    list(keep(path, run(6)))
    assert finished(path) == whole | {"5": [5] * 100}


def test_a_file_of_one_dictionary_is_read_too(tmp_path):
    path = tmp_path / "parts"
    path.write_text('{"plans": {}, "0": [0]}')
    assert finished(path) == {"plans": {}, "0": [0]}
