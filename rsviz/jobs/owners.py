"""Who owns a job: a browser, which is known again by a signed token.

A token is OWNER.SIGNATURE, where the signature is an HMAC with the key of this RSVIZ_HOME. So nobody can make
the token of somebody else, and a token of another home says nothing here.
"""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from pathlib import Path

from rsviz import files
from rsviz.errors import RsvizError

KEY_BYTES = 32
_OWNER = r"[\w-]{1,200}"
_TOKEN = re.compile(rf"({_OWNER})\.([0-9a-f]{{64}})", re.ASCII)


class KeyUnavailable(RsvizError):
    """The key of this home can be neither read nor written."""


def new_owner() -> str:
    """The id of an owner whom nobody knows yet."""
    return secrets.token_urlsafe(12)


def token(owner: str) -> str:
    """What a browser keeps to be known again; KeyUnavailable where this home has no key."""
    return f"{owner}.{_signature(owner)}"


def owner_of(token: str | None) -> str | None:
    """The owner to whom this home gave the token; None if it is missing, forged or of another home.

    Raises KeyUnavailable.
    """
    found = _TOKEN.fullmatch(token or "")
    if found is None:
        return None
    owner, signature = found.groups()
    return owner if hmac.compare_digest(signature, _signature(owner)) else None


def mark(owner: str) -> str:
    """Six hexadecimal digits that tell owners apart in a list, and give nobody's id away."""
    return hashlib.sha256(owner.encode()).hexdigest()[:6]


def cookie_name() -> str:
    """Of the cookie of this home: a browser shares its cookies among all ports of a machine.

    Raises KeyUnavailable.
    """
    return f"rsviz-owner-{hashlib.sha256(_key()).hexdigest()[:8]}"


def _signature(owner) -> str:
    return hmac.new(_key(), owner.encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    """The key of this home, made at first use; only its user may read the file."""
    path = files.home() / "owner.key"
    try:
        if len(key := _read(path)) != KEY_BYTES:
            _write(path)
            key = _read(path)
    except OSError as error:
        raise KeyUnavailable(
            f"rsviz cannot keep the key that tells browsers apart in {path.parent} "
            f"({error.strerror or error}); set RSVIZ_HOME to a folder that you may write to."
        ) from error
    return key


def _read(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def _write(path: Path) -> None:
    """A fresh key, whole and unreadable for others from the start; of two writers the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".owner.")  # with mode 600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        try:
            os.link(temporary, path)
        except FileExistsError:
            if len(_read(path)) != KEY_BYTES:  # it is damaged
                os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
