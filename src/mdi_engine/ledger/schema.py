"""The tables of the ledger, as SQLAlchemy Core. `migrations/` brings a file to this shape; a test compares the two.

Four kinds: what arrived (deliveries, source_records, record_versions), what was decided (events), what follows from
both (masters, memberships, constraints, review_tasks, tombstones: `fold.py` makes them again), and who looked
(accesses, a chain of their own). notes hold what people wrote, outside of the chain. match_keys, keyed_records,
parameters, number_blocks, secrets and counters serve the work. There are no foreign keys: `verify.py` proves more.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

from mdi_engine.ledger.dialect import ID, KEY_TEXT

HEAD = "0002"  # the newest revision under migrations/versions

metadata = MetaData()

counters = Table(
    "counters",
    metadata,
    Column("name", KEY_TEXT, primary_key=True),
    Column("value", ID, nullable=False),  # the last value taken; 0 before the first
)

events = Table(
    "events",
    metadata,
    Column("seq", ID, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),  # UTC, ISO 8601 with microseconds and Z
    Column("kind", KEY_TEXT, nullable=False),
    Column("entity", KEY_TEXT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON; references and hashes only
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("entity", KEY_TEXT, nullable=False),
    Column("source", KEY_TEXT, nullable=False),
    Column("mode", Text, nullable=False),  # full | delta
    Column("digest", Text, nullable=False),
    Column("files", Text, nullable=False),  # canonical JSON: [[name, sha256], …]
    Column("received_at", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
)

source_records = Table(
    "source_records",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("entity", KEY_TEXT, nullable=False),
    Column("source", KEY_TEXT, nullable=False),
    Column("source_key", KEY_TEXT, nullable=False),
    Column("version", Integer, nullable=False),  # the newest, from 1
    Column("live", Boolean, nullable=False),  # False once withdrawn
    UniqueConstraint("entity", "source", "source_key", name="source_records_key"),
)

record_versions = Table(
    "record_versions",
    metadata,
    Column("record_id", ID, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("delivery", ID, nullable=False),
    Column("event", ID, nullable=False),
    # Forgetting a person empties the next three; the commitment, which nobody can guess back without the salt,
    # stays, and with it the proof of the chain.
    Column("payload", Text),  # canonical JSON of the fields that are not NULL
    Column("payload_hash", Text),  # sha256 of payload
    Column("salt", Text),
    Column("commitment", Text, nullable=False),  # sha256(salt ‖ payload_hash)
    Index("record_versions_event", "event"),
)

masters = Table(
    "masters",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("number", KEY_TEXT, primary_key=True),
    Column("status", Text, nullable=False),  # active | merged | retired
    Column("founder", ID, nullable=False),  # the record it was founded for
    Column("anchor", KEY_TEXT),  # keyed hash of the verified official number, once there is one
    Column("merged_into", KEY_TEXT),  # the master it was merged into when it was merged
    Column("redirect_to", KEY_TEXT),  # where that path ends today: always one step
    Column("split_from", KEY_TEXT),
    Column("founded", ID, nullable=False),  # seq of the event
    Index("masters_founder", "entity", "founder"),
    Index("masters_anchor", "entity", "anchor"),
    Index("masters_redirect", "entity", "redirect_to"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("record_id", ID, primary_key=True, autoincrement=False),
    Column("entity", KEY_TEXT, nullable=False),
    Column("number", KEY_TEXT, nullable=False),
    Index("memberships_number", "entity", "number"),
)

parameters = Table(
    "parameters",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("event", ID, nullable=False),  # that recorded them
    Column("in_force_since", ID),  # the last event that switched to them; the greatest is in force
)

match_keys = Table(
    "match_keys",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("parameters_version", Integer, primary_key=True, autoincrement=False),
    Column("rule", Integer, primary_key=True, autoincrement=False),
    Column("key", ID, primary_key=True, autoincrement=False),
    Column("record_id", ID, primary_key=True, autoincrement=False),
    Index("match_keys_record", "record_id"),
    sqlite_with_rowid=False,
)

keyed_records = Table(
    "keyed_records",
    metadata,
    Column("record_id", ID, primary_key=True, autoincrement=False),
    Column("parameters_version", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

number_blocks = Table(
    "number_blocks",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("first", ID, nullable=False),
    Column("size", ID, nullable=False),
    Column("key", Text, nullable=False),  # hex; without it the order in which numbers were issued stays hidden
)

constraints = Table(
    "constraints",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("record_l", ID, primary_key=True, autoincrement=False),  # the smaller id
    Column("record_r", ID, primary_key=True, autoincrement=False),
    Column("says", Text, nullable=False),  # same | different
    Column("event", ID, nullable=False),  # of the decision
    Index("constraints_right", "entity", "record_r"),
)

review_tasks = Table(
    "review_tasks",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("entity", KEY_TEXT, nullable=False),
    Column("kind", KEY_TEXT, nullable=False),  # doubtful | cut | conflict
    Column("records", Text, nullable=False),  # canonical JSON: ascending record ids
    Column("digest", KEY_TEXT, nullable=False),  # sha256 of kind and records: a question is asked once
    Column("weight", ID),  # millibits; NULL where no pair was weighed
    Column("state", KEY_TEXT, nullable=False),  # open | claimed | decided | moot
    Column("claimed_by", Text),
    Column("answer", Text),  # same | different | unsure | later, once decided
    Column("opened", ID, nullable=False),  # seq of the event
    Column("changed", ID, nullable=False),  # seq of the last event on it: who saw an older one is refused
    UniqueConstraint("entity", "digest", name="review_tasks_digest"),
    Index("review_tasks_state", "entity", "state"),
)

notes = Table(
    "notes",
    metadata,
    Column("event", ID, primary_key=True, autoincrement=False),
    Column("text", Text),  # NULL once forgotten
    Column("salt", Text),
    Column("commitment", Text, nullable=False),  # sha256(salt ‖ sha256(text)), also in the event
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("digest", KEY_TEXT, primary_key=True),  # keyed hash of what must not come back
    Column("event", ID, nullable=False),
)

accesses = Table(
    "accesses",
    metadata,
    Column("seq", ID, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("action", KEY_TEXT, nullable=False),  # lookup | read | register | correct | …
    Column("entity", KEY_TEXT, nullable=False),
    Column("numbers", Text, nullable=False),  # canonical JSON: the numbers that were shown or written
    Column("asked", Text),  # keyed hash of what was asked for; never a NIK in clear
    Column("outcome", Text, nullable=False),  # found | nothing | several | created | linked | to-review | refused
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

access_numbers = Table(
    "access_numbers",
    metadata,
    Column("entity", KEY_TEXT, primary_key=True),
    Column("number", KEY_TEXT, primary_key=True),
    Column("seq", ID, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", KEY_TEXT, primary_key=True),  # tombstones | accesses | anchors | tombstones-1 …
    Column("key", Text, nullable=False),  # hex, 32 bytes
)
