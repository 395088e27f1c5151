"""Invented hospitals as two lists with the shapes and defects of the real ones.

Shares follow what the lists of 2021 and 2022 show: some houses stand in one list only, some names are written another
way, a few houses were renamed, and a few codes were issued anew, so that no code tells the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from numpy.random import Generator

from mdi_engine.population.catalogue.hospital_names import HospitalName, Kind, invent, vary
from mdi_engine.population.chances import happens, likely, pick
from mdi_engine.reference.regions import Kabkota, before_papua_split, kabkota, provinces

ONE_LIST_ONLY = 0.08
NAME_VARIED = 0.10
RENAMED = 0.03
CODE_REISSUED = 0.03
NAMESAKE = 0.01
EMERGENCY = 0.25  # of the houses that only the later list has: the field hospitals of the Covid-19 years

SIRS_COLUMNS = ("kode_rs", "nama_rs", "nama_prop", "jenis_rs", "kelas", "pemilik", "total_tt")
PUSDATIN_COLUMNS = ("kode_kab", "kode_instansi", "unit_kerja")


@dataclass(frozen=True, slots=True)
class House:
    """One hospital in one list; `flags` says how the list's row differs from the hospital's other one."""

    entity: str
    code: str
    name: str
    kind: Kind
    place: Kabkota
    flags: tuple[str, ...] = ()


# Kind → how often, what RS Online calls it, and who may own it.
_KINDS: dict[Kind, tuple[float, str, tuple[str, ...]]] = {
    "district": (0.25, "RSU", ("Pemkab", "Pemkab", "Pemkab", "Pemkab", "Pemprop")),
    "general": (0.37, "RSU", ("SWASTA/ LAINNYA", "Perusahaan", "Organisasi Sosial", "Organisasi Islam", "BUMN")),
    "plain": (0.15, "RSU", ("SWASTA/ LAINNYA", "Perusahaan", "Organisasi Sosial", "Organisasi Protestan")),
    "mother": (0.12, "RSIA", ("SWASTA/ LAINNYA", "Perusahaan", "Perorangan")),
    "eye": (0.01, "RSK Mata", ("SWASTA/ LAINNYA", "Perusahaan")),
    "dental": (0.01, "RSK GM", ("SWASTA/ LAINNYA", "Kementerian Lain")),
    "surgery": (0.01, "RSK BEDAH", ("SWASTA/ LAINNYA", "Perusahaan")),
    "mental": (0.015, "RSK Jiwa", ("Pemprop", "SWASTA/ LAINNYA")),
    "lung": (0.005, "RSK PARU", ("Pemprop", "Kemkes")),
    "army": (0.03, "RSU", ("TNI AD",)),
    "police": (0.03, "RSU", ("POLRI",)),
}
_CLASSES = ("A", *["B"] * 15, *["C"] * 52, *["D"] * 28, *["D PRATAMA"] * 2, *["Belum Ditetapkan"] * 2)
_BEDS = {"A": 600, "B": 250, "C": 100, "D": 50, "D PRATAMA": 25, "Belum Ditetapkan": 30}
_SERIALS = 1000
_SERIAL_STEP = 7  # prime to 1000, so that serials of a kab/kota do not repeat


def hospital_lists(rng: Generator, n: int, noise: float = 1.0) -> tuple[list[House], list[House]]:
    """`n` hospitals as the list of 2021 and the list of 2022 have them; `noise` multiplies the share of defects."""
    places = weighted_places()
    serials: Counter[str] = Counter()
    taken: set[tuple[str, str]] = set()
    sirs: list[House] = []
    pusdatin: list[House] = []
    for number in range(1, n + 1):
        place = pick(rng, places)
        listed = rng.random()
        only_later, only_earlier = listed < ONE_LIST_ONLY / 2, ONE_LIST_ONLY / 2 <= listed < ONE_LIST_ONLY
        emergency = only_later and rng.random() < EMERGENCY
        kind: Kind = "emergency" if emergency else _kind(rng)
        name = _new_name(rng, kind, place, taken)
        house = House(f"H{number:06d}", _code(place, serials) + "S" * emergency, name.text(), kind, place)
        if not only_later:
            sirs.append(house)
        if not only_earlier:
            reissued = happens(rng, CODE_REISSUED, noise) and not emergency
            code = _code(place, serials) if reissued else house.code
            later, how = _later_name(rng, name, place, taken, noise)
            flags = (*how, *["reissued"] * reissued, *["emergency"] * emergency)
            pusdatin.append(replace(house, code=code, name=later.text(), flags=flags))
    return sirs, pusdatin


def weighted_places() -> Sequence[Kabkota]:
    """Kab/kota, those with many hospitals (cities, and Java) several times."""
    java = ("31", "32", "33", "34", "35", "36")
    return [
        place
        for place in kabkota().values()
        for _ in range(1 + 2 * (place.kind == "kota") + 3 * place.code.startswith(java))
    ]


def _kind(rng: Generator) -> Kind:
    kinds = list(_KINDS)
    return kinds[int(rng.choice(len(kinds), p=[share for share, _, _ in _KINDS.values()]))]


def _region_word(place: Kabkota) -> str:
    return "Kota" if place.kind == "kota" else "Kabupaten"


def _new_name(rng: Generator, kind: Kind, place: Kabkota, taken: set[tuple[str, str]]) -> HospitalName:
    """A name not yet borne in the province, save for the few namesakes that every province has."""
    province = place.code[:2]
    for _ in range(20):
        name = invent(rng, kind, _region_word(place), place.name)
        if (province, name.text()) not in taken or rng.random() < NAMESAKE:
            break
    taken.add((province, name.text()))
    return name


def _later_name(
    rng: Generator, name: HospitalName, place: Kabkota, taken: set[tuple[str, str]], noise: float
) -> tuple[HospitalName, tuple[str, ...]]:
    chance = rng.random()
    if chance < likely(RENAMED, noise):
        return _new_name(rng, name.kind, place, taken), ("renamed",)
    if chance < likely(RENAMED + NAME_VARIED, noise):
        return vary(rng, name, _region_word(place), place.name), ("spelling",)
    return name, ()


def _code(place: Kabkota, serials: Counter[str]) -> str:
    """BPS kab/kota code and a serial: 7 digits, 8 when a kab/kota has used up its thousand."""
    count = serials[place.bps]
    serials[place.bps] += 1
    serial = (count * _SERIAL_STEP + int(place.code)) % _SERIALS if count < _SERIALS else count
    return f"{place.bps}{serial:03d}"


def sirs_cells(rng: Generator, row: House) -> tuple[str, ...]:
    """The row in the columns of `SIRS_COLUMNS`; class, owner and beds are drawn here."""
    _, wording, owners = _KINDS[row.kind]
    owner = pick(rng, owners)
    if owner == "Pemkab" and row.place.kind == "kota":
        owner = "Pemkot"
    grade = pick(rng, _CLASSES)
    beds = 0 if rng.random() < 0.05 else int(_BEDS[grade] * rng.lognormal(0.0, 0.4))
    # The list of 2021 writes two blanks after a head here and there.
    name = row.name.replace(" ", "  ", 1) if rng.random() < 0.02 else row.name
    return row.code, name, _province_of_2021(row.place), wording, grade, owner, str(beds)


def pusdatin_cells(row: House) -> tuple[str, ...]:
    """The row in the columns of `PUSDATIN_COLUMNS`."""
    return _code_of_2022(row.place), row.code, row.name.upper()


def _province_of_2021(place: Kabkota) -> str:
    name = provinces()[before_papua_split(place.code[:2])].name
    return "D I YOGYAKARTA" if name == "DI Yogyakarta" else name.upper()


def _code_of_2022(place: Kabkota) -> str:
    """The Kemendagri code in use before the provinces of Papua were divided."""
    return place.old or place.code
