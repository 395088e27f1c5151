"""Keyed hashes: they tell that two values are the same, and without the key nobody can guess the value back.

A NIK has too few possible values for a plain hash to hide it. The keys lie in the ledger and in its backups.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select

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


def hashers(conn: Connection, name: str) -> tuple[Callable[[str], str], ...]:
    """Hashing with the key called `name`, and then with those taken over from other ledgers, `name`-1, `name`-2 …"""
    others = select(secrets.c.name).where(secrets.c.name.startswith(name + "-")).order_by(secrets.c.name)
    return tuple(hasher(conn, each) for each in (name, *conn.execute(others).scalars()))


def adopt(conn: Connection, name: str, keys: Iterable[str]) -> None:
    """Take over keys (hexadecimal) of another ledger, so that what was hashed with them is recognised here too."""
    ours = secrets.c.name.startswith(name)
    known = set(conn.execute(select(secrets.c.key).where(ours)).scalars())
    for key in sorted(set(keys) - known):
        place = conn.execute(select(func.count()).select_from(secrets).where(ours)).scalar_one()
        conn.execute(insert(secrets).values(name=f"{name}-{place}", key=key))


def secret(conn: Connection, name: str) -> bytes:
    """The key itself, 32 bytes. Raises MdiError if the ledger lacks it."""
    found: str | None = conn.execute(select(secrets.c.key).where(secrets.c.name == name)).scalar_one_or_none()
    if found is None:
        raise MdiError(f"The ledger has no key {name!r}.", hint="It was damaged: restore it from a backup.")
    return bytes.fromhex(found)
