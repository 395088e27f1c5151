"""The local table: the registry's extract as the ledger holds it answers for the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, select

from mdi_engine.entities.patient import PATIENT
from mdi_engine.jobs.dukcapil.port import FORGOTTEN, NO_EXTRACT, NOBODY, NOT_HELD, Answer, Claim, judged, unverified
from mdi_engine.ledger.records import records_by_id
from mdi_engine.ledger.schema import source_records
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.tombstones import read_stones
from mdi_engine.ledger.versions import lookup, owned_by
from mdi_engine.normalize.registry import NORMALIZERS

SOURCE = "dukcapil"


class LocalDukcapil:
    """Compares with the live records of the source `dukcapil`, whose key is the fingerprint of the NIK.

    `complete`: the extract holds everybody, so that a NIK it lacks is refused; else such a person is unverified. So is
    everybody while there is no extract, and whoever was forgotten.
    """

    def __init__(self, engine: Engine, *, complete: bool = True) -> None:
        self._engine, self._complete = engine, complete

    def check(self, claim: Claim) -> Answer:
        """What the extract says of the claim as it stands now."""
        (answer,) = self.check_all([claim])
        return answer

    def check_all(self, claims: Sequence[Claim]) -> list[Answer]:
        """`check` for many, all of them as of one moment."""
        keys = [NORMALIZERS["fingerprint"](claim.nik) or "" for claim in claims]
        with reading(self._engine) as conn:
            ids = {key: one.id for key, one in lookup(conn, PATIENT.name, SOURCE, set(keys)).items() if one.live}
            held = {record.source_key: record.payload for record in records_by_id(conn, ids.values())}
            stones = read_stones(conn, PATIENT.name)
            absent = NOBODY if self._complete else unverified(NOT_HELD)
            if not (held or _holds_anybody(conn)):
                absent = unverified(NO_EXTRACT)

        def answer(key: str, claim: Claim) -> Answer:
            if key in held:
                return judged(_compared(claim, held[key]))
            return unverified(FORGOTTEN) if stones.bar(SOURCE, key, claim.nik) else absent

        return list(map(answer, keys, claims))


def _holds_anybody(conn: Connection) -> bool:
    live = select(source_records.c.id).where(*owned_by(PATIENT.name, SOURCE), source_records.c.live)
    return conn.execute(live.limit(1)).first() is not None


def _compared(claim: Claim, held: Mapping[str, str]) -> dict[str, bool]:
    """Whether each field agrees, those left out of which the registry says nothing."""
    return {
        name: same
        for name, mine in claim.values.items()
        if (same := _same(claim.core, held.get("name_core")) if name == "name" else _same(mine, held.get(name)))
        is not None
    }


def _same(mine: str | None, theirs: str | None) -> bool | None:
    """None where the registry says nothing, or knows only a part of the date, with which the claim agrees."""
    if not theirs or not mine:
        return None
    if mine != theirs and mine.startswith(f"{theirs}-"):
        return None
    return mine == theirs
