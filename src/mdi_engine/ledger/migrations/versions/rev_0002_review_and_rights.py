"""Review, constraints, rights of the people concerned, and who looked. Frozen once released."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COUNTERS = ("access", "task")
_SECRETS = ("tombstones", "accesses", "anchors")


def upgrade() -> None:
    """Create the tables, set the new counters to 0 and draw the keys of the keyed hashes."""
    _review()
    _rights()
    keys = op.create_table("secrets", _key("name", primary=True), _text("key"))
    op.bulk_insert(keys, [{"name": name, "key": secrets.token_hex(32)} for name in _SECRETS])
    counters = sa.table("counters", sa.column("name", sa.Text), sa.column("value", sa.Integer))
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in _COUNTERS])


def _key(name: str, *, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, _KEY, primary_key=primary, nullable=False)


def _number(name: str, *, primary: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, _ID, primary_key=primary, autoincrement=False, nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _review() -> None:
    op.create_table(
        "constraints",
        _key("entity", primary=True),
        _number("record_l", primary=True),
        _number("record_r", primary=True),
        _text("says"),
        _number("event"),
    )
    op.create_index("constraints_right", "constraints", ["entity", "record_r"])
    op.create_table(
        "review_tasks",
        _number("id", primary=True),
        _key("entity"),
        _key("kind"),
        _text("records"),
        _key("digest"),
        _number("weight", null=True),
        _key("state"),
        _text("claimed_by", null=True),
        _text("answer", null=True),
        _number("opened"),
        _number("changed"),
        sa.UniqueConstraint("entity", "digest", name="review_tasks_digest"),
    )
    op.create_index("review_tasks_state", "review_tasks", ["entity", "state"])
    op.create_table(
        "notes", _number("event", primary=True), _text("text", null=True), _text("salt", null=True), _text("commitment")
    )


def _rights() -> None:
    op.create_table("tombstones", _key("entity", primary=True), _key("digest", primary=True), _number("event"))
    op.create_table(
        "accesses",
        _number("seq", primary=True),
        _text("at"),
        _text("actor"),
        _text("purpose"),
        _key("action"),
        _key("entity"),
        _text("numbers"),
        _text("asked", null=True),
        _text("outcome"),
        _text("prev_hash"),
        _text("hash"),
    )
    op.create_table(
        "access_numbers",
        _key("entity", primary=True),
        _key("number", primary=True),
        _number("seq", primary=True),
        sqlite_with_rowid=False,
    )
