"""The first schema. Frozen: a later change is a later file, and this one does not follow `schema.py`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COUNTERS = ("event", "record", "delivery")


def upgrade() -> None:
    """Create every table of the first schema and set the counters to 0."""
    counters = _work()
    _arrivals()
    _decisions()
    _matching()
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in _COUNTERS])


def _key(name: str, *, primary: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, _KEY, primary_key=primary, nullable=null)


def _number(name: str, *, primary: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, _ID, primary_key=primary, autoincrement=False, nullable=null)


def _small(name: str, *, primary: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=primary, autoincrement=False, nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _work() -> sa.Table:
    op.create_table(
        "number_blocks",
        _key("entity", primary=True),
        _small("position", primary=True),
        _number("first"),
        _number("size"),
        _text("key"),
    )
    return op.create_table("counters", _key("name", primary=True), _number("value"))


def _arrivals() -> None:
    op.create_table(
        "deliveries",
        _number("id", primary=True),
        _key("entity"),
        _key("source"),
        _text("mode"),
        _text("digest"),
        _text("files"),
        _text("received_at"),
        _flag("complete"),
    )
    op.create_table(
        "source_records",
        _number("id", primary=True),
        _key("entity"),
        _key("source"),
        _key("source_key"),
        _small("version"),
        _flag("live"),
        sa.UniqueConstraint("entity", "source", "source_key", name="source_records_key"),
    )
    op.create_table(
        "record_versions",
        _number("record_id", primary=True),
        _small("version", primary=True),
        _number("delivery"),
        _number("event"),
        _text("payload", null=True),
        _text("payload_hash", null=True),
        _text("salt", null=True),
        _text("commitment"),
        sa.Index("record_versions_event", "event"),
    )


def _decisions() -> None:
    op.create_table(
        "events",
        _number("seq", primary=True),
        _text("at"),
        _key("kind"),
        _key("entity"),
        _text("actor"),
        _text("body"),
        _text("prev_hash"),
        _text("hash"),
    )
    op.create_table(
        "masters",
        _key("entity", primary=True),
        _key("number", primary=True),
        _text("status"),
        _number("founder"),
        _key("anchor", null=True),
        _key("merged_into", null=True),
        _key("redirect_to", null=True),
        _key("split_from", null=True),
        _number("founded"),
        sa.Index("masters_founder", "entity", "founder"),
        sa.Index("masters_anchor", "entity", "anchor"),
        sa.Index("masters_redirect", "entity", "redirect_to"),
    )
    op.create_table(
        "memberships",
        _number("record_id", primary=True),
        _key("entity"),
        _key("number"),
        sa.Index("memberships_number", "entity", "number"),
    )


def _matching() -> None:
    op.create_table(
        "parameters",
        _key("entity", primary=True),
        _small("version", primary=True),
        _text("digest"),
        _number("event"),
        _number("in_force_since", null=True),
    )
    op.create_table(
        "match_keys",
        _key("entity", primary=True),
        _small("parameters_version", primary=True),
        _small("rule", primary=True),
        _number("key", primary=True),
        _number("record_id", primary=True),
        sa.Index("match_keys_record", "record_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "keyed_records",
        _number("record_id", primary=True),
        _small("parameters_version", primary=True),
        sqlite_with_rowid=False,
    )
