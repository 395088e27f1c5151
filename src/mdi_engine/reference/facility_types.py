"""Types of health facilities as SATUSEHAT and its sources tell them apart.

The ministry speaks of 35 types and has published the codes of few. What it has published is `official`; the others
are `provisional`: named by public reports, under codes of our own that begin with X and that no official code can be
mistaken for. A newer list (`mdi reference update`) takes their place, and says with `replaces` what became of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from mdi_engine.reference.tables import read_csv

Status = Literal["official", "provisional"]
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class FacilityType:
    """A type. `name` is None where the code is in official use and its name was never published; `parent` is the type
    it is a kind of; `basis` where it is named; `fhir` its code in Organization.type; `words` other names for it.
    """

    code: str
    name: str | None
    parent: str | None
    status: Status
    basis: str
    fhir: str | None
    words: tuple[str, ...]


@cache
def facility_types() -> Mapping[str, FacilityType]:
    """The types by code, parents among them, in the order of the list."""
    rows = (
        FacilityType(
            code=str(row["code"]),
            name=row["name"],
            parent=row["parent"],
            status="official" if row["status"] == "official" else "provisional",
            basis=row["basis"] or "",
            fhir=row.get("fhir"),
            words=tuple((row.get("words") or "").split("|")) if row.get("words") else (),
        )
        for row in read_csv("facility_types")
    )
    return MappingProxyType({row.code: row for row in rows})


def facility_type_coded(code: str) -> FacilityType | None:
    """The type of this code, also of a provisional one that an official one has replaced; None if there is none.

    >>> [found and found.name for found in map(facility_type_coded, ("10401", "X09", "121", "999"))]
    ['Rumah Sakit Umum', 'Apotek', None, None]
    """
    return facility_types().get(_replaced().get(code, code))


def facility_type_named(text: str | None) -> FacilityType | None:
    """The type that is called so, by its name or another word for it; None where none is, or more than one.

    Case, blanks, points and hyphens do not matter; nothing is guessed from parts of a name.

    >>> [found and found.code for found in map(facility_type_named, ("APOTIK", "Klinik  Pratama", "U.T.D.", "Warung"))]
    ['X09', '10301', 'X20', None]
    """
    return _named().get(_key(text or ""))


def kind_of(code: str) -> str | None:
    """The uppermost type that a type belongs to, such as 104 for a general hospital; None if the code is none.

    >>> kind_of("10401"), kind_of("104"), kind_of("X09"), kind_of("999")
    ('104', '104', 'X09', None)
    """
    found = facility_type_coded(code)
    while found is not None and found.parent is not None:
        found = facility_types().get(found.parent)
    return found.code if found else None


@cache
def _named() -> Mapping[str, FacilityType]:
    found: dict[str, set[str]] = {}
    for row in facility_types().values():
        for word in (*([row.name] if row.name else []), *row.words):
            found.setdefault(_key(word), set()).add(row.code)
    return {key: facility_types()[codes.pop()] for key, codes in found.items() if key and len(codes) == 1}


@cache
def _replaced() -> Mapping[str, str]:
    return {
        old: str(row["code"]) for row in read_csv("facility_types") for old in (row.get("replaces") or "").split("|")
    }


def _key(text: str) -> str:
    return _NOT_WORD.sub("", text.casefold())
