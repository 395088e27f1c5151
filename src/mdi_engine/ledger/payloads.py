"""How the values of a record are written down and vouched for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mdi_engine.ledger.events import canonical_json, sha256

Payload = Mapping[str, str | None]

_SALT_BYTES = 16


class Stated(NamedTuple):
    """A row as it is written down: its payload as canonical text, the text's hash, and a commitment to that hash."""

    key: str
    payload: str
    payload_hash: str
    salt: str
    commitment: str


def stated(rows: Iterable[tuple[str, Payload | str]]) -> list[Stated]:
    """Rows (source key, canonical fields) ready to be written, each with a new salt. Fields may be given as the text
    that `canonical_payload` gives of them.

    It needs no ledger: made before a writing transaction begins, it shortens the time others wait.
    """
    texts = [(key, fields if isinstance(fields, str) else canonical_payload(fields)) for key, fields in rows]
    salts = os.urandom(_SALT_BYTES * len(texts)).hex()  # one call: each is a system call
    made = []
    for place, (key, text) in enumerate(texts):
        salt, digest = salts[2 * _SALT_BYTES * place : 2 * _SALT_BYTES * (place + 1)], sha256(text)
        made.append(Stated(key, text, digest, salt, commitment(salt, digest)))
    return made


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
