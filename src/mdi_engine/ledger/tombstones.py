"""Tombstones: keyed hashes of what was forgotten. They tell that a row must not come back, and not whose it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from mdi_engine.ledger.dialect import insert_missing
from mdi_engine.ledger.events import canonical_json
from mdi_engine.ledger.payloads import Stated
from mdi_engine.ledger.schema import tombstones
from mdi_engine.ledger.secrets import TOMBSTONES, hashers

_DIGESTS = select(tombstones.c.digest).where(tombstones.c.entity == bindparam("of"))
# In canonical JSON a quote within a value is escaped, so this can only be the field.
_NIK = re.compile(r'"nik":"([^"\\]*)"')


@dataclass(frozen=True)
class Stones:
    """What of an entity must not come back: digests, and how they are made.

    `others`: how other ledgers made theirs that a restore put this one in the place of.
    """

    digests: frozenset[str]
    hashed: Callable[[str], str]
    others: tuple[Callable[[str], str], ...] = ()

    def of_key(self, source: str, source_key: str) -> str:
        """The digest of a record's name."""
        return self.hashed(_key(source, source_key))

    def of_nik(self, nik: str) -> str:
        """The digest of a NIK."""
        return self.hashed(_person(nik))

    def bar(self, source: str, source_key: str | None, nik: str | None) -> bool:
        """Whether a row with this key, or of a person with this NIK, was forgotten."""
        return bool(self.digests) and (
            (source_key is not None and self._stands(_key(source, source_key)))
            or (nik is not None and self._stands(_person(nik)))
        )

    def _stands(self, text: str) -> bool:
        return any(hashed(text) in self.digests for hashed in (self.hashed, *self.others))


def _key(source: str, source_key: str) -> str:
    return canonical_json(["record", source, source_key])


def _person(nik: str) -> str:
    return canonical_json(["nik", nik])


def read_stones(conn: Connection, entity: str) -> Stones:
    """All tombstones of an entity."""
    return _stones(conn, _digests(conn, entity))


def _stones(conn: Connection, digests: frozenset[str]) -> Stones:
    own, *others = hashers(conn, TOMBSTONES)
    return Stones(digests, own, tuple(others))


def _digests(conn: Connection, entity: str) -> frozenset[str]:
    return frozenset(conn.execute(_DIGESTS, {"of": entity}).scalars())


def write_stones(conn: Connection, entity: str, digests: Iterable[str], event: int) -> None:
    """Set tombstones, of which `event` tells; those that stand already stay as they are."""
    rows = [{"entity": entity, "digest": digest, "event": event} for digest in sorted(set(digests))]
    if rows:
        conn.execute(insert_missing(conn, tombstones), rows)


def without_forgotten(conn: Connection, entity: str, source: str, rows: Stated) -> Stated:
    """The rows less those that were forgotten. Without tombstones it costs one look."""
    if not (digests := _digests(conn, entity)):
        return rows
    stones = _stones(conn, digests)
    places = [place for place, key in enumerate(rows.keys) if not stones.bar(source, key, _nik(rows.payloads[place]))]
    return rows if len(places) == len(rows.keys) else rows.at(places)


def _nik(payload: str) -> str | None:
    found = _NIK.search(payload)
    return found[1] if found else None
