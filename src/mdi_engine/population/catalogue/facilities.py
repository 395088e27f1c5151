"""Invented places of care and the list of those that hold medicines (SIMADA): hospitals and their pharmacies,
puskesmas (community health centres), clinics, pharmacies, and the medicine stores of kab/kota.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numpy.random import PCG64, Generator

from mdi_engine.population.catalogue.hospital_names import town
from mdi_engine.population.catalogue.hospitals import (
    PUSDATIN_COLUMNS,
    SIRS_COLUMNS,
    House,
    hospital_lists,
    pusdatin_cells,
    sirs_cells,
    weighted_places,
)
from mdi_engine.population.chances import happens, pick
from mdi_engine.population.words import words
from mdi_engine.population.writing.extracts import Cells, Extract, Row, write_csv, write_quoted, write_xlsx
from mdi_engine.reference.regions import Kabkota, kabkota, kecamatan

SITE_COLUMNS = (
    "KODE_SARANA", "KODE_RS", "NAMA_SARANA", "JENIS_SARANA", "ALAMAT", "KODE_KAB", "TELEPON", "LATITUDE", "LONGITUDE",
    "STATUS",
)  # fmt: skip

# Shares of hospitals that the list has, and of those whose own pharmacy it has.
HOSPITAL_LISTED, PHARMACY_LISTED = 0.4, 0.5
# Sites of the other kinds for each hospital.
PUSKESMAS, CLINICS, PHARMACIES, CHAIN = 0.6, 0.3, 0.4, 0.08
NO_CODE, CODE_DECORATED, NO_KABKOTA, NO_PHONE, PHONE_MASKED, NO_ADDRESS, DEFAULT_POINT, NO_POINT = (
    0.25, 0.15, 0.04, 0.3, 0.02, 0.1, 0.03, 0.4,
)  # fmt: skip
SPELLED_ANOTHER_WAY = 0.35
# The point that one real system writes where it knows none.
_DEFAULT_POINT = (-2.4185588, 108.4919086)


def houses(seed: int, hospitals: int, noise: float = 1.0) -> tuple[House, ...]:
    """The invented hospitals, each once, in order of entity: as the later list has it, else as the earlier one.

    The same arguments give the hospitals that stand in the extracts of `sirs` and `pusdatin`.
    """
    return _each_once(*hospital_lists(Generator(PCG64(seed)), hospitals, noise))


def _each_once(earlier: Sequence[House], later: Sequence[House]) -> tuple[House, ...]:
    latest = {house.entity: house for house in (*earlier, *later)}
    return tuple(latest[entity] for entity in sorted(latest))


def facility_extracts(seed: int, hospitals: int, noise: float) -> tuple[Extract, Extract, Extract]:
    """The extracts of `sirs`, `pusdatin` and `simada_sites`."""
    rng = Generator(PCG64(seed))
    earlier, later = hospital_lists(rng, hospitals, noise)
    sirs = [
        Row(house.code, house.entity, dict(zip(SIRS_COLUMNS, sirs_cells(rng, house), strict=True)), house.flags,
            {"total_tt": str(int(rng.integers(20, 400)))})
        for house in (earlier[at] for at in rng.permutation(len(earlier)))
    ]  # fmt: skip
    pusdatin = [
        Row(house.code, house.entity, dict(zip(PUSDATIN_COLUMNS, pusdatin_cells(house), strict=True)), house.flags,
            {"unit_kerja": house.name.upper().replace("RS UMUM ", "RSU ", 1)})
        for house in sorted(later, key=lambda house: (house.place.old or house.place.code, house.code))
    ]  # fmt: skip
    sites = list(_rows(Generator(PCG64([seed, 3])), _each_once(earlier, later), noise))
    return (
        Extract("sirs", "sirs_2021.csv", SIRS_COLUMNS, write_csv, sirs),
        Extract("pusdatin", "pusdatin_2022.csv", PUSDATIN_COLUMNS, write_quoted, pusdatin),
        Extract("simada_sites", "simada_sites.xlsx", SITE_COLUMNS, write_xlsx, sites),
    )


@dataclass(frozen=True, slots=True)
class _Site:
    """A place as it is; `kind` as in site_words.toml, `hospital` the code of the hospital it belongs to."""

    kind: str
    name: str
    place: Kabkota
    entity: str = ""
    hospital: str | None = None
    number: str = ""


def _sites(rng: Generator, hospitals: Sequence[House]) -> Iterator[_Site]:
    for house in hospitals:
        if rng.random() < HOSPITAL_LISTED:
            yield _Site("hospital", house.name, house.place, house.entity, house.code)
        if rng.random() < PHARMACY_LISTED:
            yield _Site("ifrs", house.name, house.place, hospital=house.code)
    yield from _puskesmas(rng, round(len(hospitals) * PUSKESMAS))
    places = weighted_places()
    clinics, pharmacies, branches = (round(len(hospitals) * share) for share in (CLINICS, PHARMACIES, CHAIN))
    for kind in ("klinik",) * clinics + ("apotek",) * pharmacies:
        yield _Site(kind, _private_name(rng), pick(rng, places))
    for branch in range(branches):
        name, number = pick(rng, words("site_words")["chains"]["names"]), str(101 + 3 * branch)
        yield _Site("chain", name, pick(rng, places), number=number)
    for code in sorted({house.place.code for house in hospitals}):
        yield _Site("gudang", kabkota()[code].name, kabkota()[code])


def _puskesmas(rng: Generator, count: int) -> Iterator[_Site]:
    """Puskesmas bear the names of their kecamatan; a second one in it a number."""
    districts = list(kecamatan().values())
    seen: Counter[str] = Counter()
    for at in rng.integers(len(districts), size=count):
        district = districts[at]
        seen[district.code] += 1
        number = seen[district.code] if seen[district.code] > 1 else int(rng.random() < 0.08)
        ending = f" {('I', 'II', 'III', 'IV', 'V')[(number - 1) % 5]}" if number else ""
        yield _Site("puskesmas", district.name + ending, kabkota()[district.code[:4]])


def _private_name(rng: Generator) -> str:
    lists = words("hospital_words")
    first, second = pick(rng, lists["openings"]), pick(rng, lists["closings"])
    return f"{first} {town(rng)}" if rng.random() < 0.3 else f"{first} {second}"


def _rows(rng: Generator, hospitals: Sequence[House], noise: float) -> Iterator[Row]:
    for number, site in enumerate(_sites(rng, hospitals), start=1):
        code = f"{words('site_words')[site.kind]['code']}{site.place.code}{number:06d}"
        name, flags = _written(rng, site, noise)
        phone = f"0{rng.integers(21, 100)}-555{rng.integers(10_000):04d}"
        cells = {"KODE_SARANA": code, "NAMA_SARANA": name, **_cells(rng, site, noise, phone)}
        yield Row(code, site.entity or f"S{number:06d}", cells, (site.kind, *flags), {"TELEPON": phone})


def _written(rng: Generator, site: _Site, noise: float) -> tuple[str, tuple[str, ...]]:
    """The name as the clerk of this list writes it."""
    patterns: list[str] = words("site_words")[site.kind]["patterns"]
    other = happens(rng, SPELLED_ANOTHER_WAY, noise)
    name = _hospital_another_way(rng, site.name) if other and site.hospital else site.name
    place = f"{pick(rng, ('Kab.', 'Kabupaten')) if site.place.kind == 'kabupaten' else 'Kota'} {site.place.name}"
    written = (pick(rng, patterns) if other else patterns[0]).format(
        name=name, bare=_without_head(name), place=place, number=site.number
    )
    if other and site.name.endswith(" II"):
        written = written.replace(" II", " 2", 1)
    return (written.upper() if rng.random() < 0.5 else written), ("spelling",) * (other and written != site.name)


def _hospital_another_way(rng: Generator, name: str) -> str:
    swaps = [
        (old, new)
        for pair in (("RS Umum Daerah ", "RSUD "), ("RS Umum ", "RSU "), ("RS Ibu dan Anak ", "RSIA "), ("RS ", "RS. "))
        for old, new in (pair, pair[::-1])
        if name.startswith(old)
    ]
    if not swaps:
        return name
    old, new = pick(rng, swaps)
    return name.replace(old, new, 1)


def _without_head(name: str) -> str:
    for head in (
        "RS Umum Daerah ",
        "RSUD ",
        "RS Umum ",
        "RSU ",
        "RS Ibu dan Anak ",
        "RSIA ",
        "Rumah Sakit ",
        "RS. ",
        "RS ",
    ):
        if name.startswith(head):
            return name.removeprefix(head)
    return name


def _cells(rng: Generator, site: _Site, noise: float, phone: str) -> Cells:
    def lost(share: float) -> bool:
        return happens(rng, share, noise)

    code = None if site.hospital is None or lost(NO_CODE) else site.hospital
    if code is not None and lost(CODE_DECORATED):
        code = pick(rng, (f"R{code}", f" {code}", f"{code[:4]}-{code[4:]}"))
    street = f"Jl. {pick(rng, words('site_words')['streets']['names'])} No. {rng.integers(1, 200)}"
    unknown = lost(NO_POINT)
    point = _DEFAULT_POINT if lost(DEFAULT_POINT) else (round(rng.uniform(-9, 4), 6), round(rng.uniform(96, 139), 6))
    return {
        "KODE_RS": code,
        "JENIS_SARANA": words("site_words")[site.kind]["label"],
        "ALAMAT": "-" if lost(NO_ADDRESS) else f"{street}, {site.place.name}",
        "KODE_KAB": None if lost(NO_KABKOTA) else site.place.code,
        "TELEPON": None if lost(NO_PHONE) else f"{phone[:-3]}___" if lost(PHONE_MASKED) else phone,
        "LATITUDE": None if unknown else point[0],
        "LONGITUDE": None if unknown else point[1],
        "STATUS": "TIDAK AKTIF" if rng.random() < 0.02 else "AKTIF",
    }
