"""How the values of a record are written down and vouched for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from mdi_engine.ledger.events import canonical_json, sha256

Payload = Mapping[str, str | None]


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
    digest = hashlib.sha256()
    for value in commitments:
        digest.update(value.encode())
    return digest.hexdigest()
