import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.places.regions import kabkota_code, province_code
from mdi_engine.population.catalogue.facilities import facility_extracts
from mdi_engine.population.catalogue.hospital_names import HEADS, LONGEST_NAME, Kind, invent, vary
from mdi_engine.population.writing.extracts import Extract, Row

HOSPITALS = 5_000


@pytest.fixture(scope="module")
def lists() -> tuple[Extract, Extract]:
    sirs, pusdatin, _ = facility_extracts(7, HOSPITALS, noise=1.0)
    return sirs, pusdatin


def test_no_key_is_doubled(lists: tuple[Extract, Extract]) -> None:
    for extract in lists:
        assert len({row.key for row in extract.rows}) == len({row.entity for row in extract.rows}) == len(extract.rows)


def test_codes_and_regions_are_such_as_the_normalisers_know(lists: tuple[Extract, Extract]) -> None:
    sirs, pusdatin = ([{name: str(cell) for name, cell in row.cells.items()} for row in one.rows] for one in lists)
    for row in sirs:
        assert hospital_code(row["kode_rs"]) == row["kode_rs"]
        assert province_code(row["nama_prop"]) is not None
        assert len(row["nama_rs"]) <= LONGEST_NAME + 1
    for row in pusdatin:
        assert hospital_code(row["kode_instansi"]) == row["kode_instansi"]
        assert kabkota_code(row["kode_kab"]) == row["kode_kab"]
        assert row["unit_kerja"] == row["unit_kerja"].upper()


def pairs(lists: tuple[Extract, Extract]) -> list[tuple[Row, Row]]:
    """The rows of the two lists that are one hospital."""
    earlier, later = ({row.entity: row for row in extract.rows} for extract in lists)
    return [(earlier[entity], later[entity]) for entity in earlier.keys() & later.keys()]


def test_shares_of_defects_are_those_stated(lists: tuple[Extract, Extract]) -> None:
    both = pairs(lists)
    written = [" ".join(str(one.cells["nama_rs"]).upper().split()) for one, _ in both]
    renamed = [two for name, (_, two) in zip(written, both, strict=True) if name != two.cells["unit_kerja"]]
    reissued = [two for one, two in both if one.key != two.key]
    assert 0.90 < len(both) / HOSPITALS < 0.94
    assert 0.11 < len(renamed) / len(both) < 0.15
    assert 0.02 < len(reissued) / len(both) < 0.04
    assert all({"renamed", "spelling"} & set(row.flags) for row in renamed)
    assert all("reissued" in row.flags for row in reissued)


def test_without_noise_the_two_lists_agree() -> None:
    sirs, pusdatin, _ = facility_extracts(7, 500, noise=0.0)
    for one, two in pairs((sirs, pusdatin)):
        assert one.key == two.key
        assert " ".join(str(one.cells["nama_rs"]).upper().split()) == two.cells["unit_kerja"]


def test_the_two_lists_agree_on_the_province(lists: tuple[Extract, Extract]) -> None:
    for one, two in pairs(lists):
        assert province_code(str(one.cells["nama_prop"])) == province_code(str(two.cells["kode_kab"]))


@settings(max_examples=200)
@given(
    st.integers(0, 2**32), st.sampled_from(sorted(HEADS)), st.sampled_from([("Kota", "Solok"), ("Kabupaten", "Bintan")])
)
def test_a_varied_name_differs_from_the_name(seed: int, kind: Kind, place: tuple[str, str]) -> None:
    rng = Generator(PCG64(seed))
    name = invent(rng, kind, *place)
    assert 0 < len(name.text()) <= LONGEST_NAME
    assert vary(rng, name, *place).text().upper() != name.text().upper()
