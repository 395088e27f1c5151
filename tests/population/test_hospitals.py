import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from mdi_engine.errors import UsageError
from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.regions import kabkota_code, province_code
from mdi_engine.population.hospital_names import HEADS, LONGEST_NAME, Kind, invent, vary
from mdi_engine.population.hospitals import PUSDATIN_COLUMNS, SIRS_COLUMNS, GeneratedFiles, generate_hospitals
from mdi_engine.settings import shipped


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> GeneratedFiles:
    return generate_hospitals(tmp_path_factory.mktemp("hospitals"), 5_000, seed=7)


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    one, two, other = (generate_hospitals(tmp_path / name, 200, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    for left, right in ((one.sirs, two.sirs), (one.pusdatin, two.pusdatin), (one.truth, two.truth)):
        assert left.read_bytes() == right.read_bytes()
    assert one.sirs.read_bytes() != other.sirs.read_bytes()


def test_the_shipped_samples_are_what_the_generator_writes(tmp_path: Path) -> None:
    made = generate_hospitals(tmp_path, 600, seed=1)
    for path in (made.sirs, made.pusdatin, made.truth):
        assert path.read_bytes() == (shipped("samples") / path.relative_to(tmp_path)).read_bytes()


def test_extracts_have_the_columns_of_the_real_lists(files: GeneratedFiles) -> None:
    assert tuple(rows(files.sirs)[0]) == SIRS_COLUMNS
    assert tuple(rows(files.pusdatin)[0]) == PUSDATIN_COLUMNS
    assert files.pusdatin.read_text(encoding="utf-8").startswith('"kode_kab","kode_instansi","unit_kerja"\n"')


def test_every_row_has_one_entity_in_the_truth_and_no_key_is_doubled(files: GeneratedFiles) -> None:
    truth = [(row["source"], row["source_key"]) for row in rows(files.truth)]
    sirs = [("sirs", row["kode_rs"]) for row in rows(files.sirs)]
    pusdatin = [("pusdatin", row["kode_instansi"]) for row in rows(files.pusdatin)]
    assert len(set(truth)) == len(truth) == files.sirs_rows + files.pusdatin_rows
    assert set(truth) == {*sirs, *pusdatin}


def test_codes_and_regions_are_such_as_the_normalisers_know(files: GeneratedFiles) -> None:
    for row in rows(files.sirs):
        assert hospital_code(row["kode_rs"]) == row["kode_rs"]
        assert province_code(row["nama_prop"]) is not None
        assert len(row["nama_rs"]) <= LONGEST_NAME + 1
    for row in rows(files.pusdatin):
        assert hospital_code(row["kode_instansi"]) == row["kode_instansi"]
        assert kabkota_code(row["kode_kab"]) == row["kode_kab"]
        assert row["unit_kerja"] == row["unit_kerja"].upper()


def pairs(files: GeneratedFiles) -> list[tuple[dict[str, str], dict[str, str]]]:
    """The rows of the two lists that are one hospital."""
    entity = {(row["source"], row["source_key"]): row["entity"] for row in rows(files.truth)}
    later = {entity["pusdatin", row["kode_instansi"]]: row for row in rows(files.pusdatin)}
    earlier = {entity["sirs", row["kode_rs"]]: row for row in rows(files.sirs)}
    return [(earlier[key], later[key]) for key in earlier.keys() & later.keys()]


def test_shares_of_defects_are_those_stated(files: GeneratedFiles) -> None:
    both = pairs(files)
    renamed = [one for one, two in both if " ".join(one["nama_rs"].upper().split()) != two["unit_kerja"]]
    reissued = [one for one, two in both if one["kode_rs"] != two["kode_instansi"]]
    assert 0.90 < len(both) / files.hospitals < 0.94
    assert 0.11 < len(renamed) / len(both) < 0.15
    assert 0.02 < len(reissued) / len(both) < 0.04


def test_the_two_lists_agree_on_the_province(files: GeneratedFiles) -> None:
    assert all(province_code(one["nama_prop"]) == province_code(two["kode_kab"]) for one, two in pairs(files))


@pytest.mark.parametrize("n", [0, -1, 500_001])
def test_a_number_of_hospitals_that_cannot_be_made_is_refused(tmp_path: Path, n: int) -> None:
    with pytest.raises(UsageError, match=str(n)):
        generate_hospitals(tmp_path, n, seed=1)
    assert list(tmp_path.iterdir()) == []


def test_one_hospital_is_enough(tmp_path: Path) -> None:
    made = generate_hospitals(tmp_path, 1, seed=1)
    assert 1 <= made.sirs_rows + made.pusdatin_rows <= 2


@settings(max_examples=200)
@given(
    st.integers(0, 2**32), st.sampled_from(sorted(HEADS)), st.sampled_from([("Kota", "Solok"), ("Kabupaten", "Bintan")])
)
def test_a_varied_name_differs_from_the_name(seed: int, kind: Kind, place: tuple[str, str]) -> None:
    rng = Generator(PCG64(seed))
    name = invent(rng, kind, *place)
    assert 0 < len(name.text()) <= LONGEST_NAME
    assert vary(rng, name, *place).text().upper() != name.text().upper()
