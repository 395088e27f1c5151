"""How the values of a record are written down and vouched for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mdi_engine.ledger.events import canonical_json, sha256

Payload = Mapping[str, str | None]

_SALT_BYTES = 16


class Stated(NamedTuple):
    """Rows as they are written down, a list for each column: keys, payloads as canonical text, the hashes of those
    texts, and a commitment to each hash with its salt.
    """

    keys: Sequence[str]
    payloads: Sequence[str]
    hashes: Sequence[str]
    salts: Sequence[str]
    commitments: Sequence[str]

    def at(self, places: Sequence[int]) -> Stated:
        """The rows at these places, in their order."""
        return Stated(*([column[place] for place in places] for column in self))


def stated(rows: Iterable[tuple[str, Payload | str]]) -> Stated:
    """Rows (source key, canonical fields) ready to be written, each with a new salt. Fields may be given as the text
    that `canonical_payload` gives of them.

    It needs no ledger: made before a writing transaction begins, it shortens the time others wait.
    """
    keys, payloads = [], []
    for key, fields in rows:
        keys.append(key)
        payloads.append(fields if isinstance(fields, str) else canonical_payload(fields))
    hashes = list(map(sha256, payloads))
    drawn = os.urandom(_SALT_BYTES * len(keys)).hex()  # one call: each is a system call
    salts = [drawn[start : start + 2 * _SALT_BYTES] for start in range(0, len(drawn), 2 * _SALT_BYTES)]
    return Stated(keys, payloads, hashes, salts, list(map(commitment, salts, hashes)))


def canonical_payload(payload: Payload) -> str:
    """The text that is stored and hashed: canonical JSON, fields that are NULL left out.

    >>> canonical_payload({"name": "RSUD", "class": None})
    '{"name":"RSUD"}'
    """
    return canonical_json({field: value for field, value in payload.items() if value is not None})


def payload_hash(payload: Payload) -> str:
    """The hash by which a row is known to be unchanged; the one that `known_keys` gives."""
    return sha256(canonical_payload(payload))


def commitment(salt: str, hash_of_payload: str) -> str:
    """What events vouch for in place of the payload's own hash, which could be guessed back to the person."""
    return sha256(salt + hash_of_payload)


def chain_commitments(commitments: Iterable[str]) -> str:
    """One hash over the commitments of an event's versions, in the order in which the event names them."""
    return sha256("".join(commitments))
