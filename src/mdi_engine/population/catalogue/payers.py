"""Who pays for care: the national list, and each hospital's own list with its own codes and spellings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numpy.random import PCG64, Generator

from mdi_engine.population.catalogue.hospitals import House
from mdi_engine.population.chances import happens, pick
from mdi_engine.population.words import words
from mdi_engine.population.writing.extracts import Cells, Extract, Row, write_semicolons
from mdi_engine.reference.regions import Kabkota, kabkota

COLUMNS = ("kode_faskes", "kode_penjamin", "nama_penjamin", "jenis", "segmen", "kode_kab", "status")
NATIONAL = "PUSAT"
INSURERS, COMPANIES = 30, 40
# Of a kind, so many are in a hospital's list, beside nearly all public payers.
PUBLIC_LISTED, LOCAL_INSURERS, LOCAL_COMPANIES, NEIGHBOURS = 0.8, 5, 4, 2
SEGMENT_KNOWN, REGION_KNOWN, SLIP, LISTED_AGAIN = 0.35, 0.5, 0.03, 0.05


@dataclass(frozen=True, slots=True)
class Payer:
    """A payer: its name in the national list, and all the ways in which hospitals write it."""

    entity: str
    name: str
    kind: str
    segment: str
    spellings: tuple[str, ...]
    place: Kabkota | None = None


def payer_extract(seed: int, houses: Sequence[House], noise: float) -> Extract:
    """The extract of `payers`: the national list, and the lists of `houses`."""
    rng = Generator(PCG64([seed, 6]))
    payers = tuple(_payers(sorted({house.place.code for house in houses})))
    rows = [*_national(payers), *(row for house in houses for row in _local(rng, house, payers, noise))]
    return Extract("payers", "payers.csv", COLUMNS, write_semicolons, rows, delta=True)


def _payers(regions: Sequence[str]) -> Iterator[Payer]:
    table = words("payer_names")
    made: list[tuple[str, str, str, tuple[str, ...], Kabkota | None]] = []
    for row in table["public"]:
        name, kind, segment, spellings = (part.strip() for part in row.split("|"))
        made.append((name, kind, segment, tuple(s.strip() for s in spellings.split(";")), None))
    for region in map(kabkota().__getitem__, regions):
        kind_of = "Kota" if region.kind == "kota" else "Kab."
        names = tuple(p.format(place=f"{kind_of} {region.name}", bare=region.name) for p in table["regional"])
        made.append((names[0], "JAMKESDA", "", names[1:], region))
    for at in range(INSURERS):
        patterns = table["life" if at % 3 == 0 else "insurers"]
        made.append(_private(patterns, at, table["insurer_seconds"], "ASURANSI"))
    made += [_private(table["companies"], at + 7, table["company_seconds"], "PERUSAHAAN") for at in range(COMPANIES)]
    for number, (name, kind, segment, spellings, place) in enumerate(made, start=1):
        yield Payer(f"B{number:05d}", name, kind, segment, spellings, place)


def _private(
    patterns: Sequence[str], at: int, seconds: Sequence[str], kind: str
) -> tuple[str, str, str, tuple[str, ...], None]:
    firsts = words("payer_names")["firsts"]
    name = f"{firsts[at % len(firsts)]} {seconds[at % len(seconds)]}"
    written = tuple(pattern.format(name=name) for pattern in patterns)
    return written[0], kind, "", written[1:], None


def _national(payers: Sequence[Payer]) -> Iterator[Row]:
    for payer in payers:
        code = f"PJ{payer.entity[1:]}"
        cells: Cells = {
            "kode_faskes": NATIONAL,
            "kode_penjamin": code,
            "nama_penjamin": payer.name,
            "jenis": payer.kind,
            "segmen": payer.segment or None,
            "kode_kab": payer.place.code if payer.place else None,
            "status": "AKTIF",
        }
        yield Row(f"{NATIONAL}-{code}", payer.entity, cells, ("national",))


def _local(rng: Generator, house: House, payers: Sequence[Payer], noise: float) -> Iterator[Row]:
    prefix = pick(rng, ("", "P", "PJ-", "CB"))
    for number, payer in enumerate(_chosen(rng, house, payers), start=1):
        code = f"{prefix}{number:03d}"
        name, flags = _written(rng, payer, noise)
        segment = payer.segment if rng.random() < SEGMENT_KNOWN else ""
        cells: Cells = {
            "kode_faskes": house.code,
            "kode_penjamin": code,
            "nama_penjamin": name,
            "jenis": pick(rng, words("payer_names")["kinds"][payer.kind]) or None,
            "segmen": segment or None,
            "kode_kab": payer.place.code if payer.place and rng.random() < REGION_KNOWN else None,
            "status": "TIDAK AKTIF" if rng.random() < 0.03 else "AKTIF",
        }
        yield Row(f"{house.code}-{code}", payer.entity, cells, flags, {"status": "TIDAK AKTIF"})


def _chosen(rng: Generator, house: House, payers: Sequence[Payer]) -> Iterator[Payer]:
    """The payers of a hospital: the public ones, its own region's, a few of every other kind; some in two rows."""
    public = [p for p in payers if p.place is None and p.kind not in ("ASURANSI", "PERUSAHAAN")]
    own = [p for p in payers if p.place is not None and p.place.code == house.place.code]
    chosen = [p for p in public if rng.random() < PUBLIC_LISTED] + own
    for kind, count in (("ASURANSI", LOCAL_INSURERS), ("PERUSAHAAN", LOCAL_COMPANIES), ("JAMKESDA", NEIGHBOURS)):
        rest = [p for p in payers if p.kind == kind and p not in own]
        chosen += [rest[at] for at in sorted(rng.permutation(len(rest))[:count])]
    for payer in chosen:
        yield payer
        if rng.random() < LISTED_AGAIN:
            yield payer


def _written(rng: Generator, payer: Payer, noise: float) -> tuple[str, tuple[str, ...]]:
    name, flags = pick(rng, payer.spellings), ["region"] * (payer.place is not None)
    flags += ["segment"] * bool(payer.segment) + ["private"] * (payer.kind in ("ASURANSI", "PERUSAHAAN"))
    if happens(rng, SLIP, noise) and len(name) > 6:
        at = int(rng.integers(3, len(name) - 1))
        name, flags = name[:at] + name[at + 1 :], [*flags, "typo"]
    return name.upper() if rng.random() < 0.4 else name, tuple(flags)
