"""What is done for patients and has a price: the national list, and each hospital's own price list in free text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from numpy.random import PCG64, Generator

from mdi_engine.population.catalogue.hospitals import House
from mdi_engine.population.chances import happens, pick
from mdi_engine.population.words import words
from mdi_engine.population.writing.extracts import Cells, Extract, Row, write_semicolons

COLUMNS = (
    "kode_faskes", "kode_layanan", "nama_layanan", "kategori", "kode_kptl", "kode_icd9cm", "kode_loinc", "tarif",
)  # fmt: skip
NATIONAL = "PUSAT"
OFFERED, LISTED_AGAIN = 0.6, 0.04
# Codes are rare in local lists; of those written some have a wrong digit.
KPTL_KNOWN, ICD_KNOWN, LOINC_KNOWN, WRONG_CODE, SLIP = 0.12, 0.2, 0.1, 0.04, 0.03
_MODIFIED = 6  # every sixth code of the national list has a modifier


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the national list, its codes (None: there is none), usual price, and local spellings."""

    entity: str
    name: str
    category: str
    kptl: str
    icd9cm: str | None
    loinc: str | None
    price: int
    spellings: tuple[str, ...]


@cache
def catalogue() -> tuple[Service, ...]:
    """The services of `service_names.toml`; their KPTL codes are invented, in the shape of the real ones."""
    made = []
    for number, row in enumerate(words("service_names")["services"], start=1):
        name, category, icd9cm, loinc, price, spellings = (part.strip() for part in row.split("|"))
        modifier = f".ZZ{number:03d}" if number % _MODIFIED == 0 else ""
        written = tuple(spelling.strip() for spelling in spellings.split(";"))
        kptl = f"{90_000 + 13 * number}{modifier}"
        made.append(Service(f"L{number:05d}", name, category, kptl, icd9cm or None, loinc or None, int(price), written))
    return tuple(made)


def service_extract(seed: int, houses: Sequence[House], noise: float) -> Extract:
    """The extract of `services`: the national list, and the price lists of `houses`."""
    rng = Generator(PCG64([seed, 7]))
    rows = [*_national(), *(row for house in houses for row in _local(rng, house, noise))]
    return Extract("services", "services.csv", COLUMNS, write_semicolons, rows, delta=True)


def _national() -> Iterator[Row]:
    for service in catalogue():
        code = f"LN{service.entity[1:]}"
        cells: Cells = {
            "kode_faskes": NATIONAL,
            "kode_layanan": code,
            "nama_layanan": service.name,
            "kategori": service.category,
            "kode_kptl": service.kptl,
            "kode_icd9cm": service.icd9cm,
            "kode_loinc": service.loinc,
        }
        yield Row(f"{NATIONAL}-{code}", service.entity, cells, ("national",))


def _local(rng: Generator, house: House, noise: float) -> Iterator[Row]:
    level = rng.lognormal(0.0, 0.25)  # a dear house is dear in all things
    prefix, start = pick(rng, ("", "T", "TRF-", "L.")), int(rng.integers(1, 400))
    for number, service in enumerate(_offered(rng), start=start):
        name, flags = _written(rng, service, noise)
        code = f"{prefix}{number:04d}"
        codes, wrong = _codes(rng, service, noise)
        price = max(1_000, round(service.price * level * rng.lognormal(0.0, 0.1), -3))
        cells: Cells = {
            "kode_faskes": house.code,
            "kode_layanan": code,
            "nama_layanan": name,
            "kategori": pick(rng, words("service_names")["categories"][service.category]) or None,
            **codes,
            "tarif": _tariff(rng, int(price)),
        }
        raised = {"tarif": str(int(price * 1.1))}
        yield Row(f"{house.code}-{code}", service.entity, cells, (*flags, *wrong), raised)


def _offered(rng: Generator) -> Iterator[Service]:
    for service in catalogue():
        if rng.random() < OFFERED:
            yield service
            if rng.random() < LISTED_AGAIN:
                yield service


def _codes(rng: Generator, service: Service, noise: float) -> tuple[Cells, tuple[str, ...]]:
    known = {
        "kode_kptl": service.kptl if rng.random() < KPTL_KNOWN else None,
        "kode_icd9cm": service.icd9cm if rng.random() < ICD_KNOWN else None,
        "kode_loinc": service.loinc if rng.random() < LOINC_KNOWN else None,
    }
    wrong = [column for column, code in known.items() if code and happens(rng, WRONG_CODE, noise)]
    known.update({column: _slip(rng, str(known[column])) for column in wrong})
    return known, ("wrong_code",) * bool(wrong) + ("no_code",) * (not any(known.values()))


def _slip(rng: Generator, code: str) -> str:
    """One digit another one."""
    digits = [at for at, character in enumerate(code) if character.isdigit()]
    at = pick(rng, digits)
    return f"{code[:at]}{(int(code[at]) + int(rng.integers(1, 10))) % 10}{code[at + 1 :]}"


def _written(rng: Generator, service: Service, noise: float) -> tuple[str, tuple[str, ...]]:
    if rng.random() < 0.12:
        name, flags = service.name, list[str]()
    else:
        name = pick(rng, service.spellings)
        flags = ["abbreviation"] * (len(name) < 0.6 * len(service.name)) + ["spelling"]
    if happens(rng, SLIP, noise) and len(name) > 8:
        at = int(rng.integers(3, len(name) - 1))
        name, flags = name[:at] + name[at + 1 :], [*flags, "typo"]
    return name.upper() if rng.random() < 0.3 else name, tuple(flags)


def _tariff(rng: Generator, price: int) -> str | None:
    chance = rng.random()
    if chance < 0.04:
        return None
    dotted = f"{price:,}".replace(",", ".")
    return str(price) if chance < 0.7 else pick(rng, (dotted, f"Rp {dotted},00", f"{price:,}.00", f"Rp. {dotted},-"))
