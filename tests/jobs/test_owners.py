"""Owners of jobs: a browser is known again by its token, and nobody can make that of somebody else."""

import threading

import pytest

from rsviz.jobs import owners


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_token_names_its_owner_also_after_a_restart(home):
    owner = owners.new_owner()
    assert owners.owner_of(owners.token(owner)) == owner
    assert owners.new_owner() != owner


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "",
        "somebody",
        "somebody.",
        "somebody." + "0" * 64,
        "some body." + "0" * 64,
        "é." + "0" * 64,
        "x" * 300 + "." + "0" * 64,
        "somebody." + "０" * 64,
    ],
)
def test_what_this_home_did_not_sign_names_nobody(home, forged):
    assert owners.owner_of(forged) is None


def test_a_signature_is_good_for_its_owner_and_its_home_only(home, tmp_path, monkeypatch):
    token = owners.token("mine")
    assert owners.owner_of(token.replace("mine", "yours")) is None
    assert owners.owner_of(token[:-1] + ("0" if token[-1] != "0" else "1")) is None
    name = owners.cookie_name()
    monkeypatch.setenv("RSVIZ_HOME", str(tmp_path / "another"))
    assert owners.owner_of(token) is None
    assert owners.cookie_name() != name


def test_only_the_user_of_this_machine_can_read_the_key(home):
    owners.token("mine")
    (path,) = home.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_many_that_begin_at_once_get_one_key(home):
    gate, tokens = threading.Barrier(8), []

    def begin():
        gate.wait()
        tokens.append(owners.token("mine"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 1
    assert [path.name for path in home.iterdir()] == ["owner.key"]


def test_a_damaged_key_is_made_anew(home):
    token = owners.token("mine")
    (home / "owner.key").write_bytes(b"short")
    assert owners.owner_of(token) is None
    assert owners.owner_of(owners.token("mine")) == "mine"


def test_a_home_without_a_place_for_the_key_is_one_sentence(home):
    home.write_text("a file where the folder should be")
    with pytest.raises(owners.KeyUnavailable, match="set RSVIZ_HOME to a folder that you may write to"):
        owners.token("mine")


def test_a_mark_tells_owners_apart_without_their_ids():
    marks = {owners.mark(owner) for owner in ("a", "b", "mine", "yours")}
    assert len(marks) == 4
    assert all(len(mark) == 6 for mark in marks)
