from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.persons.nik import (
    kk,
    nik,
    nik_birth_date,
    nik_fault,
    nik_kabkota,
    nik_kecamatan,
    nik_sex,
    nik_warning,
)
from mdi_engine.reference.fillers import full_year, is_pseudo
from mdi_engine.reference.regions import kecamatan, retired_kabkota, retired_kecamatan, sample_provinces
from mdi_engine.reference.tables import read_toml

FAULTS = {"length", "letters", "exponent", "decimal", "pseudo", "date", "serial"}
DIGITS = st.text("0123456789", min_size=16, max_size=16)
# Nearly sound ones, so that chance meets the borders.
NEARLY = st.builds(
    lambda region, day, month, year, serial: f"{region:06}{day:02}{month:02}{year:02}{serial:04}",
    st.sampled_from([381603, 990001, 999900, 111111, 1]),
    st.integers(0, 72), st.integers(0, 13), st.integers(0, 99), st.sampled_from([0, 1, 9999, 1111]),
)  # fmt: skip


def truth(digits: str) -> str | None:
    """The slow way: the calendar of the standard library."""
    day, month, year = int(digits[6:8]), int(digits[8:10]), full_year(int(digits[10:12]))
    try:
        born = date(year, month, day - 40 if day > 40 else day)
    except ValueError:
        return None
    sound = digits[0] != "0" and not is_pseudo(digits) and digits[12:] != "0000"
    return f"{born.isoformat()} {'female' if day > 40 else 'male'}" if sound else None


@given(st.one_of(DIGITS, NEARLY))
def test_structure_date_and_sex_agree_with_the_calendar(digits: str) -> None:
    expected = truth(digits)
    assert nik(digits) == (digits if expected else None)
    assert (nik_fault(digits) is None) == (expected is not None)
    if expected:
        assert f"{nik_birth_date(digits)} {nik_sex(digits)}" == expected


@given(st.one_of(st.text(), DIGITS, NEARLY, st.from_regex(r"\A[0-9. '\-Ol+E]{10,24}\Z")))
def test_a_text_is_a_nik_or_has_a_fault_or_is_nothing(text: str) -> None:
    fault = nik_fault(text)
    assert fault is None or fault in FAULTS
    assert fault is None or nik(text) is None
    assert nik(nik(text)) == nik(text)
    assert nik_warning(text) in (None, "unknown_region", "retired_region")


@given(NEARLY, st.sampled_from(["'{}", "{} ", "`{}", " {}\t"]))
def test_decoration_goes(digits: str, around: str) -> None:
    pieces = (digits[:6], digits[6:12], digits[12:])
    assert nik(around.format(".".join(pieces))) == nik(digits)
    assert nik(around.format(" - ".join(pieces))) == nik(digits)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("3.2E+15", "exponent"), ("3,81603E+15", "exponent"), ("3.81603410190000e15", "exponent"),
        ("381603410190003.0", "decimal"), ("3816034101900003.00", "decimal"), (" '381603410190003,0", "decimal"),
        ("38160341O1900003", "letters"),
        ("381603410l900003", "letters"), ("381603410190000/", "letters"), ("٣٨١٦٠٣٤١٠١٩٠٠٠٠٣", "letters"),
        ("NIK", "letters"),
        ("381603410190000", "length"), ("38160341019000031", "length"), ("9999999999999999", "pseudo"),
        ("0000000000000000", "pseudo"), ("1234567890123456", "pseudo"), ("1111111111111111", "pseudo"),
        ("0816034101900003", "pseudo"), ("3816033201900003", "date"), ("3816030113900003", "date"),
        ("3816032902010003", "date"), ("3816034001900003", "date"), ("3816037201900003", "date"),
        ("3816034101900000", "serial"), ("3816032902000003", None), ("-", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_faults(text: str | None, fault: str | None) -> None:
    assert nik_fault(text) == fault
    assert (nik(text) is None) == (fault is not None or text in ("-", "", None))


def test_every_fault_is_said_in_words() -> None:
    assert set(read_toml("check_words")["nik_fault"]) == FAULTS


def test_every_district_known_or_retired_is_known_by_its_sample_code() -> None:
    sample = {real: code for code, real in sample_provinces().items()}
    for code in kecamatan():
        number = f"{sample[code[:2]]}{code[2:]}4101900003"
        assert (nik_warning(number), nik_kecamatan(number), nik_kabkota(number)) == (None, code, code[:4])
    for code, row in retired_kecamatan().items():
        number = f"{sample[code[:2]]}{code[2:]}4101900003"
        assert nik_warning(number) == "retired_region"
        assert nik_kecamatan(number) == row.successor
        assert nik_kabkota(number) == (row.successor or retired_kabkota()[code[:4]].successor)[:4]


def test_a_district_00_of_a_known_regency_is_a_warning_and_the_regency_counts() -> None:
    number = "3816004101900003"
    assert (nik(number), nik_warning(number)) == (number, "unknown_region")
    assert (nik_kabkota(number), nik_kecamatan(number)) == ("1216", None)


@given(st.one_of(DIGITS, NEARLY))
def test_a_family_card_is_numbered_like_a_man(digits: str) -> None:
    assert kk(digits) == (digits if (truth(digits) or "").endswith(" male") else None)
    assert kk(kk(digits)) == kk(digits)
