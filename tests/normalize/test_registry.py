import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.normalize.registry import _MODULES, NORMALIZERS

ANY_TEXT = st.text(st.characters(exclude_categories=()))
NAMES = sorted(NORMALIZERS)
# Texts that a careless pattern or a quadratic loop chokes on.
HOSTILE = {
    "letters": "a" * 100_000,
    "one word over and over": "rs " * 50_000,
    "brackets": "(" * 100_000,
    "bracketed words": "(abc) " * 20_000,
    "initials": "a." * 50_000,
    "spaced letters": "a " * 50_000,
    "numbers": "1." * 50_000,
    "digits": "7" * 100_000,
    "articles": "al " * 30_000,
    "marks": "a" + "\u0301\u0323" * 50_000,
    "spaces": " " * 100_000,
    "regions": "kota solok " * 10_000,
    "peeled endings": "ieh" * 30_000,
    "bidi": "\u202e" * 100_000,
    "titles": "S.Kep, " * 20_000,
    "spaced titles": "sp t h t k l " * 10_000,
    "babies": "by ny 2 " * 20_000,
    "fathers": "ali bin " * 20_000,
    "old spelling": "djoetjoesj" * 10_000,
    "glued": "nur" * 30_000,
    "glued abduls": "abdul" * 20_000,
    "neighbourhoods": "rt 1/2 " * 20_000,
    "numbered": "no 1 a " * 20_000,
    "phones": "0812 " * 20_000,
    "mails": "a@a." * 20_000,
    "dates": "1-1-" * 20_000,
    "nul": "\x00" * 100_000,
}
# Ten megabytes of one sign: nothing may look at more than the first 10,000 characters with care.
HUGE = {"letters": "a", "digits": "1", "blanks": " ", "bidi": "\u202e", "marks": "\u0301", "nul": "\x00", "comma": ","}


def test_no_two_modules_give_one_name() -> None:
    listed = [normalizer for module in _MODULES for normalizer in module.NORMALIZERS]
    assert len(listed) == len(NORMALIZERS)


def test_the_names_promised_to_mapping_sql_are_there() -> None:
    assert set(NAMES) >= {
        "clean_text", "null_placeholder", "facility_name", "facility_type", "facility_core", "facility_number",
        "facility_place", "province_code", "kabkota_code", "hospital_code", "person_name",
        "person_core", "person_titles", "person_father", "person_marks", "person_sound", "newborn_mother",
        "newborn_order", "nik", "nik_fault", "nik_warning", "nik_birth_date", "nik_sex", "nik_kabkota", "nik_kecamatan",
        "kk", "passport", "bpjs_card", "nip", "nip_birth_date", "nip_sex", "fingerprint", "str_number", "str_numbers",
        "sip_number", "sip_numbers", "birth_date", "plain_date", "birth_place", "sex", "phone", "email", "profession",
        "professions", "profession_of_titles", "address", "address_core", "address_rt_rw", "address_number",
        "kecamatan_code",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_null_gives_null(name: str) -> None:
    assert NORMALIZERS[name](None) is None


@settings(max_examples=200)
@given(text=ANY_TEXT)
def test_any_text_gives_clean_text_or_null(text: str) -> None:
    for name in NAMES:
        value = NORMALIZERS[name](text)
        assert value is None or (value == value.strip() != "" and unicodedata.is_normalized("NFC", value)), name
        assert not {unicodedata.category(character) for character in value or ""} & {"Cc", "Cf", "Cs"}, name


@pytest.mark.parametrize(
    "name",
    [
        "clean_text", "null_placeholder", "province_code", "kabkota_code", "hospital_code", "kecamatan_code",
        "person_core", "nik", "kk", "nip", "bpjs_card", "passport", "str_numbers", "birth_date", "plain_date",
        "birth_place", "sex", "phone", "email", "profession", "address",
    ],
)  # fmt: skip
@given(text=st.one_of(ANY_TEXT, st.from_regex(r"\A[ R0-9.\-]{2,12}[sS]?\Z"), st.text("MmSs .,-()'aeiou0189/@+")))
def test_a_canonical_value_is_its_own_canonical_value(name: str, text: str) -> None:
    value = NORMALIZERS[name](text)
    assert NORMALIZERS[name](value) == value


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_time(text: str) -> None:
    for name in NAMES:
        start = time.process_time()
        NORMALIZERS[name](text)
        assert time.process_time() - start < 2.0, name


@pytest.mark.parametrize("sign", HUGE.values(), ids=HUGE)
def test_ten_megabytes_take_no_time(sign: str) -> None:
    text = sign * 10_000_000
    for name in NAMES:
        start = time.process_time()
        NORMALIZERS[name](text)
        assert time.process_time() - start < 2.0, name
