"""Provinces, kab/kota (regencies and cities) in three code systems, kept apart, kecamatan (districts), and villages.

Kemendagri codes (the Ministry of Home Affairs) open a NIK and filter SATUSEHAT's master data; BPS codes (Statistics
Indonesia) open a hospital's `kode_rs`; retired Kemendagri codes live on in older rows. The same four digits can name
different regions in two systems, so a bare code says nothing until its system is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from mdi_engine.reference.tables import read_csv, read_pairs

Kind = Literal["kabupaten", "kota"]
VillageKind = Literal["kelurahan", "desa", "desa adat"]
_VILLAGE_KINDS: Mapping[str, VillageKind] = {"1": "kelurahan", "2": "desa", "3": "desa adat"}


@dataclass(frozen=True, slots=True)
class Province:
    """A province of 2025; `bps` as before the Papua split of 2022 (None: there was none), `old` the parent it left."""

    code: str
    name: str
    bps: str | None
    old: str | None
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kabkota:
    """A regency (`kabupaten`) or city (`kota`). `old` is its Kemendagri code before the last change of it, if any.

    `bps` is empty for one that is younger than the list of BPS codes.
    """

    code: str
    kind: Kind
    name: str
    bps: str
    old: str | None
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetiredKabkota:
    """A Kemendagri code out of use, the code that follows it, and the last year it was published."""

    code: str
    kind: Kind
    name: str
    successor: str
    last_seen: int


@dataclass(frozen=True, slots=True)
class Kecamatan:
    """A district (`kecamatan`) of 2025."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RetiredKecamatan:
    """A Kemendagri code of a district out of use, and the last year it was published.

    `successor` is None where no later code was found for it. Of its `villages` so many as `shared` tells are, by their
    names, also in the successor; both are None where no list of villages told.
    """

    code: str
    name: str
    successor: str | None
    last_seen: int | None = None
    shared: int | None = None
    villages: int | None = None


@dataclass(frozen=True, slots=True)
class RetiredVillage:
    """A code of a village out of use; `successor` is None where no later code was found for it."""

    code: str
    name: str
    successor: str | None


def _aliases(cell: str | None) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


@cache
def provinces() -> Mapping[str, Province]:
    """The 38 provinces by Kemendagri code (2 digits)."""
    rows = [
        Province(str(row["code"]), str(row["name"]), row["bps"], row["old"], _aliases(row["aliases"]))
        for row in read_csv("provinces")
    ]
    return MappingProxyType({row.code: row for row in rows})


@cache
def kabkota() -> Mapping[str, Kabkota]:
    """The 514 kab/kota by Kemendagri code (4 digits)."""
    rows = [
        Kabkota(
            str(row["code"]),
            _kind(row["kind"]),
            str(row["name"]),
            row["bps"] or "",
            row["old"],
            _aliases(row["aliases"]),
        )
        for row in read_csv("kabkota")
    ]
    return MappingProxyType({row.code: row for row in rows})


@cache
def retired_kabkota() -> Mapping[str, RetiredKabkota]:
    """Kemendagri codes of kab/kota retired between 2018 and 2025, by the retired code."""
    rows = [
        RetiredKabkota(
            str(row["code"]), _kind(row["kind"]), str(row["name"]), str(row["successor"]), int(str(row["last_seen"]))
        )
        for row in read_csv("kabkota_retired")
    ]
    return MappingProxyType({row.code: row for row in rows})


@cache
def kecamatan() -> Mapping[str, Kecamatan]:
    """The 7,285 districts by Kemendagri code (6 digits)."""
    rows = [Kecamatan(str(row["code"]), str(row["name"])) for row in read_csv("kecamatan")]
    return MappingProxyType({row.code: row for row in rows})


@cache
def retired_kecamatan() -> Mapping[str, RetiredKecamatan]:
    """Kemendagri codes of districts retired between 2018 and 2025, by the retired code."""
    rows = [
        RetiredKecamatan(
            str(row["code"]),
            str(row["name"]),
            row["successor"],
            *(int(cell) if (cell := row.get(column)) else None for column in ("last_seen", "shared", "villages")),
        )
        for row in read_csv("kecamatan_retired")
    ]
    return MappingProxyType({row.code: row for row in rows})


@cache
def villages() -> Mapping[str, str]:
    """The names of the 83,762 villages by Kemendagri code (10 digits), read when first asked for.

    >>> villages()["1101012001"], village_kind("1101012001")
    ('Keude Bakongan', 'desa')
    """
    return MappingProxyType(dict(read_pairs("villages")))


@cache
def retired_villages() -> Mapping[str, RetiredVillage]:
    """Codes of villages retired by a newer list that a home took in; none ship, as no public list tells them."""
    rows = [
        RetiredVillage(str(row["code"]), str(row["name"]), row["successor"]) for row in read_csv("villages_retired")
    ]
    return MappingProxyType({row.code: row for row in rows})


def village_kind(code: str) -> VillageKind | None:
    """What a village's code of 10 digits says it is by its 7th: 1 kelurahan, 2 desa, 3 desa adat; None for others."""
    return _VILLAGE_KINDS.get(code[6]) if len(code) == 10 else None


@cache
def sample_provinces() -> Mapping[str, str]:
    """Province codes that no province has, each standing for a real one: numbers of invented people begin with them."""
    rows = {str(row["sample"]): str(row["code"]) for row in read_csv("sample_provinces")}
    return MappingProxyType({sample: code for sample, code in rows.items() if sample not in provinces()})


@cache
def kabkota_by_bps() -> Mapping[str, Kabkota]:
    """The kab/kota by their BPS code (4 digits), which opens a hospital's `kode_rs`."""
    return MappingProxyType({row.bps: row for row in kabkota().values() if row.bps})


def current_region(code: str) -> str | None:
    """The Kemendagri code in use today for one of any level, bare digits; None if it never was, or leads nowhere.

    >>> [current_region(code) for code in ("3515", "9101", "910102", "1101012001", "9999")]
    ['3515', '9301', '930102', '1101012001', None]
    """
    if len(code) == 10:
        village = retired_villages().get(code)
        return code if code in villages() else village.successor if village else None
    if len(code) == 6:
        district = retired_kecamatan().get(code)
        return code if code in kecamatan() else district.successor if district else None
    town = retired_kabkota().get(code)
    return code if code in kabkota() or code in provinces() else town.successor if town else None


def real_region(code: str) -> str:
    """The code (2 digits or more) with the real province in place of a sample one; other codes as they are.

    >>> real_region("9801"), real_region("3515")
    ('9101', '3515')
    """
    return sample_provinces().get(code[:2], code[:2]) + code[2:]


def _kind(cell: str | None) -> Kind:
    return "kota" if cell == "kota" else "kabupaten"


def before_papua_split(province: str) -> str:
    """The province's code before 2022, when Papua and Papua Barat were divided; other codes come back as they are.

    Lists from before and after the split compare under it. (Papua Barat Daya followed in December 2022.)

    >>> [before_papua_split(code) for code in ("91", "93", "94", "95", "96", "35")]
    ['91', '91', '91', '91', '92', '35']
    """
    known = provinces().get(province)
    return known.old if known and known.old else province
