import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.text import MAX_CHARS, clean_text, null_placeholder

# Also lone surrogates, which a text type can hold and a file cannot.
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_clean_text_is_one_line_of_nfc_without_controls_or_direction_marks(text: str) -> None:
    cleaned = clean_text(text) or ""
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert cleaned == " ".join(cleaned.split())
    assert clean_text(cleaned) == (cleaned or None)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        (None, None),
        ("", None),
        ("\t \u00a0", None),
        ("\u202eRSUD\u202c \u2066X\u2069", "RSUD X"),
        ("RS\x00Umum\x1b[31m", "RS Umum [31m"),
        ("RS Ibu dan Anak\ufffdAvisena", "RS Ibu dan Anak Avisena"),
        ("Cafe\u0301", "Café"),
        ("e\u200b\u0301", "é"),
        ("\ud800abc", "abc"),
        ("=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_clean_text_examples(raw: str | None, cleaned: str | None) -> None:
    assert clean_text(raw) == cleaned


def test_text_is_cut_at_the_cap_and_the_cut_is_stable() -> None:
    cut = clean_text("ab " * MAX_CHARS)
    assert cut is not None
    assert len(cut) <= MAX_CHARS
    assert clean_text(cut) == cut


def test_letters_under_a_heap_of_marks_keep_thirty_of_them() -> None:
    assert len(clean_text("a" + "\u0323\u0301" * 4_000) or "") <= 31


@pytest.mark.parametrize(
    "text", ["-", " - ", "/", "NULL", "null", "(Tidak Tercatat)", "BELUM DITETAPKAN", "n/a", "NaN", "…"]
)
def test_placeholders_become_null(text: str) -> None:
    assert null_placeholder(text) is None


@pytest.mark.parametrize("text", ["0", "99", "Nan", "NAN", "Tidak Ada Duanya", "A"])
def test_what_may_be_a_value_is_kept(text: str) -> None:
    assert null_placeholder(text) == text
