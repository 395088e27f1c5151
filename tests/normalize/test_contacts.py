import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.contacts import _MOBILE, _unless_filler, email, parse_phone, phone, sex

MOBILES = st.from_regex(r"\A(?:0|62|\+62)?8[0-9]{6,12}\Z")


@given(MOBILES)
def test_the_fast_way_to_a_mobile_number_agrees_with_the_library(text: str) -> None:
    truth = parse_phone(text)
    assert phone(text) == (_unless_filler(truth) if truth else None)


@given(MOBILES, st.lists(st.tuples(st.integers(3, 12), st.sampled_from([" ", "-", ".", " - "])), max_size=3))
def test_spacing_makes_no_difference_to_the_fast_way(text: str, cuts: list[tuple[int, str]]) -> None:
    spaced = text
    for place, gap in cuts:
        spaced = spaced[:place] + gap + spaced[place:]
    if _MOBILE.fullmatch(text):
        assert phone(spaced) == phone(text)


@given(st.one_of(st.text(), st.from_regex(r"\A[+0-9 ()\-/,;._#]{6,40}\Z"), MOBILES))
def test_a_phone_is_e164_and_stays(text: str) -> None:
    number = phone(text)
    assert number is None or (number.startswith("+") and number[1:].isdecimal() and len(number) <= 16)
    assert phone(number) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("081234567801", "+6281234567801"), ("+62 812-3456-7801", "+6281234567801"),
        ("6281234567801", "+6281234567801"),
        ("81234567801", "+6281234567801"), ("'081234567801", "+6281234567801"), ("081234567801____", "+6281234567801"),
        ("081234567801/085712345609", "+6281234567801"), ("-/085712345609", "+6285712345609"),
        ("081234567801 085712345609", "+6281234567801"), ("HP. 081234567801", "+6281234567801"),
        ("021-5501234", "+62215501234"),
        ("(021) 5501234 ext. 12", "+62215501234"), ("+6565551234", "+6565551234"),
        ("WA: 0812 3456 7801", "+6281234567801"), ("081234567801 (istri)", "+6281234567801"),
        ("0812-3456-7801 (WA) / (021) 5501234", "+6281234567801"), ("(Ibu Siti) 081234567801", "+6281234567801"),
        ("0812345678 (xx)", None), ("081234567(###)", None),
        ("81234567801.0", None), ("HP 81234567801.0", None), ("81234567801.0 / 85712345609.00", None),
        ("\u200e81234567801.0", None), ("81234567801,0", None),
        ("08123456789", None), ("081234567890", None), ("0800000000", None), ("08111111111", None),
        ("081111111111", None),
        ("0812########_", None), ("0811######___", None), ("8.12E+10", None), ("0", None), ("-", None), ("999", None),
        ("081234", None), ("tidak ada", None), ("08123456780112345", None),
    ],
)  # fmt: skip
def test_phones(text: str, number: str | None) -> None:
    assert phone(text) == number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("L", "male"), ("l", "male"), ("Laki-laki", "male"), ("LAKI LAKI", "male"), ("Laki - Laki (L)", "male"),
        ("Pria", "male"),
        ("M", "male"), ("1", "male"), ("male", "male"), ("P", "female"), ("Pr", "female"), ("perempuan", "female"),
        ("WANITA", "female"), ("F", "female"), ("2", "female"), ("female", "female"), ("2 - Perempuan", "female"),
        ("0", None), ("3", None), ("-", None), ("", None), ("LP", None), ("tidak diketahui", None),
    ],
)  # fmt: skip
def test_sexes(text: str, found: str | None) -> None:
    assert sex(text) == found


@given(st.one_of(st.text(), st.from_regex(r"\A[A-Za-z0-9.@ ;<>_+\-]{3,40}\Z")))
def test_an_address_is_lower_case_and_stays(text: str) -> None:
    found = email(text)
    assert found is None or (found == found.lower() and found.count("@") == 1 and " " not in found)
    assert email(found) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Siti@Example.com", "siti@example.com"), ("siti@example.com; budi@example.com", "siti@example.com"),
        ("<siti@example.com>", "siti@example.com"), ("siti+a@sub.example.co.id", "siti+a@sub.example.co.id"),
        ("siti@example", None), ("siti.example.com", None), ("a@b@example.com", None), ("tidakada@gmail.com", None),
        ("-", None),
    ],
)  # fmt: skip
def test_emails(text: str, found: str | None) -> None:
    assert email(text) == found
