"""What stewards wrote about a decision. The text stays outside of the chain, where it can be forgotten."""

from __future__ import annotations

import os

from sqlalchemy import Connection, insert, select

from mdi_engine.errors import UsageError, discreet, storable
from mdi_engine.ledger.events import sha256
from mdi_engine.ledger.payloads import commitment
from mdi_engine.ledger.schema import notes

LONGEST = 2000  # characters
_SALT_BYTES = 16


def write_note(conn: Connection, event: int, text: str | None) -> str | None:
    """Keep the note of event `event`; gives the commitment that the event must hold. None for no note, or a blank one.

    Numbers of 16 digits in it are hidden. Raises UsageError for a note longer than `LONGEST`, or with a NUL character.
    """
    text = storable("the note", discreet((text or "").strip()))
    if not text:
        return None
    if len(text) > LONGEST:
        raise UsageError(f"the note has {len(text)} characters; at most {LONGEST} are kept")
    salt = os.urandom(_SALT_BYTES).hex()
    bound = commitment(salt, sha256(text))
    conn.execute(insert(notes), [{"event": event, "text": text, "salt": salt, "commitment": bound}])
    return bound


def read_note(conn: Connection, event: int) -> str | None:
    """What was written with event `event`; None if nothing was, or if it was forgotten."""
    return conn.execute(select(notes.c.text).where(notes.c.event == event)).scalar_one_or_none()
