"""Files stand there whole or not at all, and uploads go when nobody wants them any more."""

import os
import time

import pytest

from rsviz import files


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "it.bin"
    files.write_atomically(path, b"old")

    def broken(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "replace", broken)
    with pytest.raises(OSError, match="disk is full"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["it.bin"]


def test_an_upload_is_kept_once_and_forgotten_when_old(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path))
    files.forget_uploads(30)  # nothing there yet
    name, other = files.keep_upload(b"one"), files.keep_upload(b"two", ".weights")
    long_ago = time.time() - 31 * 86_400
    for upload in (name, other):
        os.utime(files.upload(upload), (long_ago, long_ago))
    assert files.keep_upload(b"one") == name
    files.forget_uploads(30)
    assert os.listdir(tmp_path / "uploads") == [name]
