import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.medicines.nie import (
    Nie,
    nie,
    nie_class,
    nie_fault,
    nie_form,
    nie_form_name,
    nie_item,
    nie_kind,
    nie_pack,
    nie_product,
    nie_strength,
    parse_nie,
)
from mdi_engine.reference.medicine_words import medicine_forms
from mdi_engine.reference.nie import nie_shapes

KINDS = {
    "drug", "supplement", "traditional", "cosmetic", "quasi", "food", "device", "household", "emergency", "donation",
}  # fmt: skip
FAULTS = {"no_prefix", "too_short", "too_long", "no_tail"}


@st.composite
def numbers(draw: st.DrawFn) -> Nie:
    prefix = draw(st.sampled_from(sorted(nie_shapes())))
    shape = nie_shapes()[prefix]
    length = draw(st.sampled_from(shape.digits))
    digits = "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=length, max_size=length)))
    tail = draw(st.from_regex(r"\A[A-Z][0-9]\Z")) if shape.tailed else ""
    return Nie(prefix, digits, tail, shape)


@pytest.mark.parametrize(
    ("written", "number", "kind"),
    [
        ("BPOM: DKL9931519403A1", "DKL9931519403A1", "drug"),
        ("BPOM : DBL 99315 19403 A1. Baca aturan pakai.", "DBL9931519403A1", "drug"),
        ("gkl1105045110b1", "GKL1105045110B1", "drug"),
        ("Kemenkes RI: AKL 21104023171", "AKL21104023171", "device"),
        ("KEMENKES RI AKD 20501510087 exp 2025", "AKD20501510087", "device"),
        ("PKD 20501510087", "PKD20501510087", "household"),
        ("POM TR 123 456 789", "TR123456789", "traditional"),
        ("BPOM RI SD051234567", "SD051234567", "supplement"),
        ("POMNA18131203984", "NA18131203984", "cosmetic"),
        ("BPOM RI MD 123456789012", "MD123456789012", "food"),
        ("MD 123456789012345", "MD123456789012345", "food"),
        ("QD 123456789", "QD123456789", "quasi"),
        ("EUA2057300143A1", "EUA2057300143A1", "emergency"),
        ("LKE20209013", "LKE20209013", "donation"),
        ("DKL9931519403A1 / DKL9931519403A2", "DKL9931519403A1", "drug"),
        ("AKL21104023171 21104023172", "AKL21104023171", "device"),
        ("DKL99 (lama), baru DKL9931519403A1", "DKL9931519403A1", "drug"),
    ],
)
def test_a_number_is_found_in_what_is_written_around_it(written: str, number: str, kind: str) -> None:
    assert (nie(written), nie_kind(written), nie_fault(written)) == (number, kind, None)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("AKL 2110402317", "too_short"),
        ("AKD 210402317123", "too_long"),
        ("DKL0504381010", "no_tail"),
        ("DKL050438101A1", "too_short"),
        ("DKL05043810101A1", "too_long"),
        ("DKL050438I010A1", "too_short"),
        ("XKL0504381010A1", "no_prefix"),
        ("dalam proses", "no_prefix"),
        ("P-IRT 2063275010123-23", "no_prefix"),
        ("12345678901", "no_prefix"),
    ],
)
def test_what_is_no_number_is_named(written: str, fault: str) -> None:
    assert (nie(written), nie_kind(written), nie_item(written), nie_fault(written)) == (None, None, None, fault)


def test_nothing_recorded_is_no_fault() -> None:
    assert [nie_fault(text) for text in (None, "", "-", "NULL")] == [None] * 4


def test_a_drug_is_taken_apart() -> None:
    number = "DKL0905043810B1"
    assert (nie_product(number), nie_form(number), nie_strength(number), nie_pack(number)) == (
        "DKL09050438",
        "10",
        "B",
        "1",
    )
    assert (nie_class(number), nie_form_name(number), nie_item(number)) == (
        "brand keras local",
        "tablet",
        "DKL05043810B",
    )


def test_what_is_no_drug_has_no_parts() -> None:
    for part in (nie_product, nie_form, nie_form_name, nie_strength, nie_pack):
        assert part("AKL21104023171") is None


@given(numbers())
def test_a_number_written_out_is_read_back(number: Nie) -> None:
    assert parse_nie(str(number)) == number
    assert nie_kind(str(number)) in KINDS


@given(numbers(), st.sampled_from(["BPOM: {}", "Kemenkes RI {}", "{} berlaku", " no. {} ", "{},", "({})"]))
def test_decoration_changes_nothing(number: Nie, around: str) -> None:
    assert nie(around.format(number)) == str(number)
    assert nie(around.format(str(number).lower())) == str(number)


@given(numbers())
def test_the_parts_of_a_drug_make_up_the_number(number: Nie) -> None:
    text = str(number)
    if number.shape.tailed:
        parts = (nie_product(text), nie_form(text), nie_strength(text), nie_pack(text))
        assert "".join(part or "" for part in parts) == text
    else:
        assert nie_item(text) == text


@given(st.text() | st.from_regex(r"\A(AKL|DKL|MD|TR)[ 0-9A]{0,20}\Z"))
def test_a_text_is_a_number_or_has_a_fault_or_is_nothing(text: str) -> None:
    number, fault = nie(text), nie_fault(text)
    assert number is None or (nie(number) == number and fault is None)
    assert fault is None or (number is None and fault in FAULTS)


def test_every_form_code_stands_for_one_form() -> None:
    assert all(len(code) == 2 and code.isdecimal() for code in medicine_forms().by_bpom)


@pytest.mark.parametrize("text", ["AKL " * 25_000, "DKL1" * 25_000, "MD" + "1 " * 50_000, "EUA" + "1" * 100_000 + "A1"])
def test_hostile_text_takes_no_time(text: str) -> None:
    start = time.process_time()
    nie(text)
    assert time.process_time() - start < 5.0
