import re
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.normalize.registry import _MODULES, NORMALIZERS
from mdi_engine.normalize.text import MAX_CHARS

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
# Texts that folding makes longer: signs that stand for several letters, short forms of long words.
SWELLING = {
    "half": "½", "salutation": "\ufdfa", "ligatures": "ﬃ ", "sharp s": "ß", "x": "x", "kampung": "kp ", "siti": "st ",
    "roads": "jl x ", "services": "dl ", "payers": "bpjs ", "titles": "S.Kep, ", "hospital": "rsud ",
}  # fmt: skip
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


def seconds(function: Callable[[str], object], text: str, length: int) -> float:
    """The best of several runs, each on a text of nearly that length that no cache has seen."""
    times = []
    for run in range(4):
        start = time.process_time()
        function(text[: length - run])
        times.append(time.process_time() - start)
        if times[0] < SHORT:
            break
    return min(times)


SHORT = 0.015
STEEPEST = 3.2


def is_steep(function: Callable[[str], object], text: str) -> bool:
    """Whether twice the text takes far more than twice the time: 2 is linear, 4 quadratic. Short times do not count."""
    longer = seconds(function, text, MAX_CHARS)
    return longer > SHORT and longer > STEEPEST * seconds(function, text, MAX_CHARS // 2)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_time(text: str) -> None:
    for name in NAMES:
        normalizer = NORMALIZERS[name]
        start = time.process_time()
        normalizer(text)
        assert time.process_time() - start < 10.0, name
        # A busy machine makes one measurement steep, not five in a row.
        assert not all(is_steep(normalizer, text[: len(text) - less]) for less in (0, 10, 20, 30, 40)), name


def test_a_quadratic_pattern_is_steep_and_a_linear_one_is_not() -> None:
    assert is_steep(lambda text: re.search("a*b", text), "a" * MAX_CHARS)
    assert not is_steep(lambda text: [re.sub("a", "b", text) for _ in range(20)], "a" * MAX_CHARS)


@pytest.mark.parametrize("piece", SWELLING.values(), ids=SWELLING)
def test_no_value_is_longer_than_what_is_read(piece: str) -> None:
    for name in NAMES:
        assert len(NORMALIZERS[name](piece * MAX_CHARS) or "") <= MAX_CHARS, name


@pytest.mark.parametrize("sign", HUGE.values(), ids=HUGE)
def test_ten_megabytes_take_no_time(sign: str) -> None:
    text = sign * 10_000_000
    for name in NAMES:
        start = time.process_time()
        NORMALIZERS[name](text)
        assert time.process_time() - start < 10.0, name
