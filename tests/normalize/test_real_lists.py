import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest

from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.places.facility import facility_type, parse_facility_name
from mdi_engine.normalize.places.regions import kabkota_code, province_code

FACILITIES = Path(os.environ.get("MDI_REAL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "facilities"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FACILITIES.is_dir(), reason=f"no public lists at {FACILITIES} (see MDI_REAL_DATA)"),
]


def rows(name: str) -> list[dict[str, str]]:
    with (FACILITIES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_province_kabkota_and_hospital_code_is_known() -> None:
    sirs, pusdatin = rows("rs_online_2021.csv"), rows("sirs_rs_2022.csv")
    assert {row["nama_prop"] for row in sirs if province_code(row["nama_prop"]) is None} == set()
    for row in (*pusdatin, *rows("pusdatin_puskesmas_2022.csv")):
        assert kabkota_code(row["kode_kab"]) == row["kode_kab"]
        assert province_code(row["kode_kab"]) is not None
    assert all(hospital_code(row["kode_rs"]) == row["kode_rs"] for row in sirs)
    assert all(hospital_code(row["kode_instansi"]) == row["kode_instansi"] for row in pusdatin)


def test_hospitals_of_one_code_lie_in_one_province_and_mostly_share_all_parts_of_the_name() -> None:
    later = {row["kode_instansi"]: row for row in rows("sirs_rs_2022.csv")}
    pairs = [(row, later[row["kode_rs"]]) for row in rows("rs_online_2021.csv") if row["kode_rs"] in later]
    assert all(province_code(one["nama_prop"]) == province_code(two["kode_kab"]) for one, two in pairs)
    parts = [(parse_facility_name(one["nama_rs"]), parse_facility_name(two["unit_kerja"])) for one, two in pairs]
    alike = sum(one == two for one, two in parts)
    same_identity = sum((one.core, one.number, one.place) == (two.core, two.number, two.place) for one, two in parts)
    assert alike / len(parts) > 0.95
    assert same_identity / len(parts) > 0.97


def test_no_two_puskesmas_of_a_kabkota_share_all_parts_of_the_name() -> None:
    parts: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
    for row in rows("pusdatin_puskesmas_2022.csv"):
        name = parse_facility_name(row["unit_kerja"])
        parts[row["kode_kab"], name.core, name.number, name.place].add(row["unit_kerja"])
    # `Kecamatan Makasar` and `Kelurahan Makasar`, read as the city of that name.
    assert sum(len(names) > 1 for names in parts.values()) <= 1


def test_what_is_listed_as_puskesmas_or_hospital_reads_as_one() -> None:
    puskesmas = [parse_facility_name(row["unit_kerja"]) for row in rows("pusdatin_puskesmas_2022.csv")]
    assert all(name.type == "puskesmas" and (name.core or name.place) for name in puskesmas)
    hospitals = [*rows("rs_online_2021.csv"), *rows("sirs_rs_2022.csv")]
    names = [row.get("nama_rs") or row["unit_kerja"] for row in hospitals]
    assert sum((facility_type(name) or "").startswith("rs") for name in names) / len(names) > 0.999
