import time
import unicodedata

import pytest
from hypothesis import given
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
}


def test_no_two_modules_give_one_name() -> None:
    listed = [normalizer for module in _MODULES for normalizer in module.NORMALIZERS]
    assert len(listed) == len(NORMALIZERS)


def test_the_names_promised_to_mapping_sql_are_there() -> None:
    assert set(NAMES) >= {
        "clean_text", "null_placeholder", "facility_name", "facility_type", "facility_core", "facility_number",
        "facility_place", "province_code", "kabkota_code", "hospital_code",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_null_gives_null(name: str) -> None:
    assert NORMALIZERS[name](None) is None


@pytest.mark.parametrize("name", NAMES)
@given(text=ANY_TEXT)
def test_any_text_gives_clean_text_or_null(name: str, text: str) -> None:
    value = NORMALIZERS[name](text)
    assert value is None or (value == value.strip() != "" and unicodedata.is_normalized("NFC", value))
    assert value is None or not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in value)


@pytest.mark.parametrize("name", ["clean_text", "null_placeholder", "province_code", "kabkota_code", "hospital_code"])
@given(text=st.one_of(ANY_TEXT, st.from_regex(r"\A[ R0-9.\-]{2,12}[sS]?\Z")))
def test_a_canonical_value_is_its_own_canonical_value(name: str, text: str) -> None:
    value = NORMALIZERS[name](text)
    assert NORMALIZERS[name](value) == value


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_takes_no_time(name: str, text: str) -> None:
    start = time.process_time()
    NORMALIZERS[name](text)
    assert time.process_time() - start < 2.0
