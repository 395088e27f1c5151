"""Keyed hashes: they tell that two values are the same, and without the key nobody can guess the value back.

A NIK has too few possible values for a plain hash to hide it. The keys lie in the ledger and in its backups.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection, select

from mdi_engine.errors import MdiError
from mdi_engine.ledger.schema import secrets

ACCESSES, ANCHORS, TOMBSTONES = "accesses", "anchors", "tombstones"


def keyed(conn: Connection, name: str, text: str) -> str:
    """HMAC-SHA-256 of `text` in hexadecimal, with the key called `name`. Raises MdiError if there is no such key."""
    return hasher(conn, name)(text)


def hasher(conn: Connection, name: str) -> Callable[[str], str]:
    """`keyed` for many texts: the key is read once."""
    key = secret(conn, name)
    return lambda text: hmac.digest(key, text.encode(), sha256).hex()


def secret(conn: Connection, name: str) -> bytes:
    """The key itself, 32 bytes. Raises MdiError if the ledger lacks it."""
    found: str | None = conn.execute(select(secrets.c.key).where(secrets.c.name == name)).scalar_one_or_none()
    if found is None:
        raise MdiError(f"The ledger has no key {name!r}.", hint="It was damaged: restore it from a backup.")
    return bytes.fromhex(found)
