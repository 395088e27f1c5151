"""Newborns without a NIK of their own: mother's NIK, name, birth date, sex and birth order say who it is.

Twins differ in the order alone, so one that is not stated decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Payload = Mapping[str, str | None]


def newborn(payload: Payload) -> bool:
    """Whether a record is known by its mother's NIK only."""
    return not payload.get("nik") and bool(payload.get("nik_mother"))


def another(payload: Payload, records: Iterable[Payload]) -> bool:
    """Whether a newborn is not the child of these records: they name mothers, and its own is not among them."""
    mothers = {record.get("nik_mother") for record in records} - {None}
    return newborn(payload) and bool(mothers) and payload["nik_mother"] not in mothers


def the_same(payload: Payload, records: Iterable[Payload]) -> bool:
    """Whether a newborn is surely the child of one of these records."""
    return newborn(payload) and any(_same(payload, record) for record in records)


def _same(one: Payload, other: Payload) -> bool:
    stated = ("nik_mother", "birth_date", "sex", "birth_order")
    names = {said for said in (one.get("name_core"), other.get("name_core")) if said}
    full = len(one.get("birth_date") or "") == len("YYYY-MM-DD")
    return full and len(names) < 2 and all(one.get(field) and one.get(field) == other.get(field) for field in stated)
