import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.places.regions import has_both_kinds, kabkota_code, place_at, province_code
from mdi_engine.reference.regions import before_papua_split, kabkota, provinces, retired_kabkota


@pytest.mark.parametrize("prefix", ["", "Provinsi ", "PROV. ", "propinsi "])
def test_each_province_is_found_by_each_of_its_names(prefix: str) -> None:
    for row in provinces().values():
        for name in (row.name, *row.aliases):
            assert province_code(prefix + name.upper()) == before_papua_split(row.code), name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("D I YOGYAKARTA", "34"), ("-", None),
        ("DAERAH ISTIMEWA YOGYAKARTA", "34"), ("D.I. Yogyakarta", "34"), ("DKI JAKARTA", "31"),
        ("Nanggroe Aceh Darussalam", "11"), ("PAPUA SELATAN", "91"), ("Papua Barat Daya", "92"), ("PAPUA BARAT", "92"),
        ("35", "35"), ("3515", "35"), ("35.15.08.2001", "35"), ("9404", "91"), ("9601", "92"), ("99", None),
        ("3", None), ("351", None), ("Jawa", None), (None, None),
    ],
)  # fmt: skip
def test_province_code(text: str | None, code: str | None) -> None:
    assert province_code(text) == code


@given(st.sampled_from(sorted({*kabkota(), *retired_kabkota()})), st.text("0123456789", max_size=6))
def test_kabkota_codes_in_force_and_retired_are_kept_as_stated(code: str, more: str) -> None:
    assert kabkota_code(code + more) == code
    assert kabkota_code(f"{code[:2]}.{code[2:]}") == code


@pytest.mark.parametrize("text", ["9999", "35", "Sidoarjo", "", None, "3515a"])
def test_what_is_no_kabkota_code_is_null(text: str | None) -> None:
    assert kabkota_code(text) is None


def test_a_place_is_found_at_its_start_only_and_as_the_longest_name() -> None:
    words = ["rs", "padang", "lawas", "utara", "x"]
    assert place_at(words, 1) == ("padang lawas utara", 3)
    assert place_at(words, 0) is None
    assert place_at(words, 4) is None


def test_regions_that_are_both_regency_and_city() -> None:
    assert has_both_kinds("bogor")
    assert not has_both_kinds("depok")
    assert not has_both_kinds("sleman")


@pytest.mark.parametrize(
    ("text", "code"),
    [("3508055", "3508055"), ("R3508055", "3508055"), ("'3508055", "3508055"), ("3504089s", "3504089S"),
     ("35080551", "35080551"), ("350805", None),
     ("350805.0", None), ("3508055.0", None), ("R3508055.0", None),
     ("P3204100202", None), ("RS3508055", None), (None, None)],
)  # fmt: skip
def test_hospital_code(text: str | None, code: str | None) -> None:
    assert hospital_code(text) == code
