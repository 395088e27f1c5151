import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import load_workbook

from mdi_engine.normalize.codes import hospital_code, site_code
from mdi_engine.normalize.places.regions import kabkota_code
from mdi_engine.normalize.service_codes import icd9cm_code, kptl_code, loinc_code, plain_number
from mdi_engine.population.catalogue.facilities import houses
from mdi_engine.population.things import write_things
from mdi_engine.population.writing.extracts import month_name

SOURCES = {
    "sirs": "sirs_2021.csv", "pusdatin": "pusdatin_2022.csv", "simada_sites": "simada_sites.xlsx", "bpom": "bpom.json",
    "lkpp": "lkpp.xlsx", "simada_items": "simada_items.parquet", "payers": "payers.csv", "services": "services.csv",
}  # fmt: skip
ENTITIES = {
    "facility": ("sirs", "pusdatin", "simada_sites"), "product": ("bpom", "lkpp", "simada_items"),
    "payer": ("payers",), "service": ("services",),
}  # fmt: skip
KEYS = {
    "sirs": ("kode_rs",), "pusdatin": ("kode_instansi",), "simada_sites": ("KODE_SARANA",), "bpom": ("PRODUCT_ID",),
    "lkpp": ("id_produk",), "simada_items": ("KODE_BARANG",), "payers": ("kode_faskes", "kode_penjamin"),
    "services": ("kode_faskes", "kode_layanan"),
}  # fmt: skip
DELTA = ("payers", "services")
MONTHS = 6
Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    """The rows of an extract in any of the formats, cells as text, "" where there is none."""
    if path.suffix == ".json":
        table = json.loads(path.read_text(encoding="utf-8"))["data"]
    elif path.suffix == ".parquet":
        table = pq.read_table(path).to_pylist()
    elif path.suffix == ".xlsx":
        header, *cells = load_workbook(path).get_sheet_by_index(0).to_python()
        table = [dict(zip(header, row, strict=True)) for row in cells]
    else:
        with path.open(encoding="utf-8", newline="") as stream:
            separator = ";" if path.stem in DELTA else ","
            table = list(csv.DictReader(stream, delimiter=separator))
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in table]


def key(source: str, row: Row) -> str:
    return "-".join(str(site_code(row[column])) for column in KEYS[source])


def truth(out: Path, entity: str) -> dict[tuple[str, str], Row]:
    return {(row["source"], row["source_key"]): row for row in rows(out / "truth" / f"{entity}.csv")}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("things")
    write_things(folder, 20_000, seed=3, months=MONTHS, noise=1.0)
    return folder


def extracts(out: Path) -> Iterator[tuple[str, list[Row]]]:
    for source, name in SOURCES.items():
        yield source, rows(out / source / name)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_arguments_same_bytes_others_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_things(tmp_path / name, 100, seed, months=2, noise=1.0, hospitals=30)
    one, same, other = (digests(tmp_path / name) for name in "abc")
    assert one == same
    assert one.keys() == other.keys()
    assert not {name for name in one if one[name] == other[name]}


def test_more_months_leave_the_earlier_deliveries_as_they_are(tmp_path: Path) -> None:
    for months in (1, 4):
        write_things(tmp_path / str(months), 100, 1, months, noise=1.0, hospitals=30)
    short, long = (digests(tmp_path / str(months)) for months in (1, 4))
    for name, digest in short.items():
        assert digest == long[name] or name.startswith("truth")
    for entity in ENTITIES:
        assert truth(tmp_path / "1", entity).items() <= truth(tmp_path / "4", entity).items()


def test_a_small_population_is_a_small_folder_of_a_few_hundred_things(tmp_path: Path) -> None:
    counts = write_things(tmp_path, 1_200, seed=1, months=1, noise=1.0)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 700_000
    assert set(counts) == set(SOURCES)
    assert {source: len(found) for source, found in extracts(tmp_path)} == counts
    for entity in ENTITIES:
        assert len({row["entity"] for row in truth(tmp_path, entity).values()}) > 90


def test_no_key_is_doubled_in_a_delivery_and_the_truth_names_every_row(out: Path) -> None:
    for entity, sources in ENTITIES.items():
        true = truth(out, entity)
        seen: set[tuple[str, str]] = set()
        for source in sources:
            for path in sorted((out / source).rglob(SOURCES[source])):
                keys = [key(source, row) for row in rows(path)]
                assert len(set(keys)) == len(keys)
                seen.update((source, found) for found in keys)
        assert seen == set(true)


@pytest.mark.parametrize("source", SOURCES)
def test_full_lists_grow_are_corrected_and_lose_rows_others_send_what_changed(out: Path, source: str) -> None:
    months = ["", *(month_name(month) for month in range(1, MONTHS))]
    delivered = [{key(source, row): row for row in rows(out / source / month / SOURCES[source])} for month in months]
    standing, arrived, corrected, gone = dict(delivered[0]), 0, 0, 0
    for found in delivered[1:]:
        arrived += len(found.keys() - standing.keys())
        corrected += sum(standing[name] != row for name, row in found.items() if name in standing)
        gone += len(standing.keys() - found.keys())
        standing = found if source not in DELTA else {**standing, **found}
    first = len(delivered[0])
    assert 0 < arrived < first / 5
    assert 0 < corrected < first / 5
    if source in DELTA:
        assert all(len(found) < first / 5 for found in delivered[1:])
    else:
        assert 0 < gone < first / 8
    assert not (out / source / month_name(MONTHS)).exists()


def test_months_follow_each_other() -> None:
    assert [month_name(month) for month in (0, 1, 11, 12)] == ["2026-01", "2026-02", "2026-12", "2027-01"]


def test_hospitals_of_all_lists_are_those_that_can_be_had(out: Path) -> None:
    known = {house.entity: house for house in houses(3, 300)}
    assert len(known) == 300
    true = truth(out, "facility")
    assert {row["entity"] for (source, _), row in true.items() if source != "simada_sites"} <= set(known)
    by_entity = {row["entity"]: code for (source, code), row in true.items() if source == "pusdatin"}
    assert all(known[entity].code == code for entity, code in by_entity.items())


def test_a_pharmacy_in_a_hospital_carries_its_code_and_is_another_facility(out: Path) -> None:
    true = truth(out, "facility")
    codes = {code: row["entity"] for (source, code), row in true.items() if source == "pusdatin"}
    kinds: Counter[str] = Counter()
    for row in rows(out / "simada_sites" / SOURCES["simada_sites"]):
        found = true["simada_sites", row["KODE_SARANA"]]
        hospital = codes.get(hospital_code(row["KODE_RS"]) or "")
        kinds[found["flags"].split()[0]] += 1
        assert not row["KODE_KAB"] or kabkota_code(row["KODE_KAB"]) == row["KODE_KAB"]
        if hospital is not None:
            assert (found["entity"] == hospital) == ("hospital" in found["flags"].split())
    assert set(kinds) == {"hospital", "ifrs", "puskesmas", "klinik", "apotek", "chain", "gudang"}


def test_codes_and_prices_are_such_as_the_normalisers_know(out: Path) -> None:
    for row in rows(out / "services" / SOURCES["services"]):
        national = row["kode_faskes"] == "PUSAT"
        assert not row["tarif"] or plain_number(row["tarif"])
        assert not row["kode_kptl"] or kptl_code(row["kode_kptl"]) == row["kode_kptl"]
        assert not row["kode_icd9cm"] or icd9cm_code(row["kode_icd9cm"]) == row["kode_icd9cm"]
        assert not (national and row["kode_loinc"]) or loinc_code(row["kode_loinc"]) == row["kode_loinc"]
    assert all(plain_number(row["harga"]) for row in rows(out / "lkpp" / SOURCES["lkpp"]))


def test_more_noise_more_defects(tmp_path: Path) -> None:
    shares = []
    for noise in (0.0, 1.0, 2.0):
        write_things(tmp_path / str(noise), 1_500_000, seed=5, months=1, noise=noise, hospitals=20)
        flags: dict[str, int] = defaultdict(int)
        for row in truth(tmp_path / str(noise), "product").values():
            for flag in row["flags"].split():
                flags[flag] += 1
        shares.append(flags)
    none, usual, double = shares
    for flag in ("no_nie", "abbreviation", "brand_only"):
        assert none[flag] == 0
        assert 1.5 < double[flag] / usual[flag] < 2.6


def test_hostile_sizes(tmp_path: Path) -> None:
    assert write_things(tmp_path, 1, seed=0, months=1, noise=5.0, hospitals=1)["sirs"] <= 1
