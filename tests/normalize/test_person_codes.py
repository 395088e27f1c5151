import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.codes import hospital_code, site_code
from mdi_engine.normalize.contacts import phone
from mdi_engine.normalize.persons.codes import bpjs_card, fingerprint, nip, nip_birth_date, nip_sex, passport
from mdi_engine.normalize.persons.licences import sip_number, sip_numbers, str_number, str_numbers
from mdi_engine.normalize.persons.nik import nik, nik_fault

SHAPED = st.from_regex(r"\A['A-Z0-9 .\-/;]{4,26}\Z")


@given(st.one_of(st.text(), SHAPED))
def test_codes_have_their_shape_and_stay(text: str) -> None:
    for normalizer, shape in (
        (bpjs_card, "[0-9]{13}"), (nip, "[0-9]{18}"), (passport, "[A-Z0-9]{6,9}"),
        (str_number, "[0-9]{16,17}|[A-Z]{2}[0-9]{14}"),
        (sip_number, "[A-Z0-9]{5,}"),
    ):  # fmt: skip
        code = normalizer(text)
        assert code is None or re.fullmatch(shape, code)
        if normalizer is not sip_number:
            assert normalizer(code) == code
    assert str_numbers(str_numbers(text)) == str_numbers(text)


@given(st.one_of(st.text(), SHAPED))
def test_a_fingerprint_is_twenty_hex_digits(text: str) -> None:
    digest = fingerprint(text)
    assert digest is None or re.fullmatch("[0-9a-f]{20}", digest)


@given(st.from_regex(r"\A99[0-9]{13}[1-9]\Z"))
def test_a_fingerprint_ignores_decoration_and_nothing_else(digits: str) -> None:
    assert fingerprint(f"'{digits[:6]}.{digits[6:]} ") == fingerprint(digits)
    assert fingerprint(digits[:-1] + str((int(digits[-1]) + 1) % 10)) != fingerprint(digits)


@given(st.from_regex(r"\A[1-9][0-9]{4,19}\Z"), st.sampled_from([".0", ".00", ",0"]), st.sampled_from(["", "'", "+"]))
def test_a_number_with_decimals_is_no_code(digits: str, tail: str, before: str) -> None:
    for normalizer in (
        passport, bpjs_card, nip, fingerprint, str_number, str_numbers, sip_number, hospital_code, site_code, phone, nik
    ):  # fmt: skip
        assert normalizer(f"{before}{digits}{tail}") is None, normalizer
    assert nik_fault(f"{before}{digits}{tail}") == "decimal"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("31.1.1.100.2.14.123456", "3111100214123456"), ("14 01 5 2 2 29-1234567", "1401522291234567"),
        ("14015222912345678", "14015222912345678"), ("AB12345678901234", "AB12345678901234"),
        ("ab 1234 5678 9012 34", "AB12345678901234"), ("STR 3111100214123456", "3111100214123456"),
        ("No. STR: 3111100214123456", "3111100214123456"), ("STR No. 3111100214123456", "3111100214123456"),
        ("3.1E+15", None), ("311110021412345", None), ("ABC12345678901234", None),
        ("-", None), ("1111111111111111", None),
    ],
)  # fmt: skip
def test_str(text: str, number: str | None) -> None:
    assert str_number(text) == number
    assert str_numbers(text) == number


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("14 01 5 2 2 29-1234567 (seumur hidup)", "1401522291234567"),
        ("14 01 5 2 2 29-1234567 seumur hidup", "1401522291234567"),
        ("31.1.1.100.2.14.123456 14 01 5 2 2 29-1234567", "1401522291234567 3111100214123456"),
        ("14 01 5 2 2 29-1234567 14 01 5 2 2 29-1234568", "1401522291234567 1401522291234568"),
        ("14 01 5 2 2 29-1234567 AB 12345678901234", "1401522291234567 AB12345678901234"),
        ("3111100214123456 berlaku 31-12-2027", "3111100214123456"),
        ("12-03-2019 12-03-2024 3111100214123456", "3111100214123456"), ("12 tahun 3", None),
    ],
)  # fmt: skip
def test_str_numbers_with_blanks_inside_and_words_behind(text: str, numbers: str | None) -> None:
    assert str_numbers(text) == numbers


@pytest.mark.parametrize("between", ["; ", " / ", ",", "\n", " dan ", " & ", ";\r\n", " "])
def test_several_str_in_one_cell(between: str) -> None:
    cell = between.join(["3111100214123456", "AB12345678901234", "3111100214123456"])
    assert str_numbers(cell) == "3111100214123456 AB12345678901234"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("503/123/SIP.D/DPMPTSP/2023", "503123SIPDDPMPTSP2023"),
        ("0123/SIPP/35.09/2022", "0123SIPP35092022"),
        ("12/B.15/31.74.06.1001.01.001.R.4/3/-1.779.3/e/2022", "12B15317406100101001R4317793E2022"),
        ("446/001/SIPB/2022; 503/123/SIP.D/2023", "446001SIPB2022 503123SIPD2023"),
        ("446/001/SIPB/2022, 446.001.SIPB.2022", "446001SIPB2022"),
        ("Nomor : 446/001/SIPB/2022", "446001SIPB2022"),
        ("SIP.449/001/DU/2023", "SIP449001DU2023"),
        ("SIP No. 446/1/2022", "44612022"), ("SIP 446/1/2022", "44612022"), ("No. SIP: 446/1/2022", "44612022"),
        ("SIPB : 446/1/2022", "44612022"), ("446/1/2022", "44612022"),
        ("Belum ada 2022", None), ("Tidak ada (12/2022)", None), ("Proses 2022", None),
        ("proses", None), ("-", None), ("12", None),
    ],
)  # fmt: skip
def test_sip(text: str, numbers: str | None) -> None:
    assert sip_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "date", "sex"),
    [
        ("199005152015031001", "1990-05-15", "male"), ("19900515 201503 2 001", "1990-05-15", "female"),
        ("199005152022211001", "1990-05-15", "male"), ("-;199005152015031001", "1990-05-15", "male"),
        ("199002302015031001", None, None), ("199005152015131001", None, None), ("199005152015033001", None, None),
        ("201505151990031001", None, None), ("19900515201503100", None, None), ("1.99E+17", None, None),
    ],
)  # fmt: skip
def test_nip(text: str, date: str | None, sex: str | None) -> None:
    assert (nip_birth_date(text), nip_sex(text)) == (date, sex)
    assert (nip(text) is None) == (date is None)


@pytest.mark.parametrize(
    "text",
    [
        "AAAAAAA",
        "12345",
        "A1234567890",
        "A 12",
        "0000000",
        "3.2E+15",
        "B-",
        "000000A",
        "A000000",
        "381603410",
        "38160341",
        "320101410",
    ],
)
def test_no_passports(text: str) -> None:
    assert passport(text) is None
