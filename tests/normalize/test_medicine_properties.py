import time
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.medicines import fornas, nie
from mdi_engine.normalize.medicines.fornas import parse_fornas_name
from mdi_engine.normalize.medicines.inn import english_acid, inn_key
from mdi_engine.normalize.medicines.makers import maker_core
from mdi_engine.normalize.medicines.nie import parse_nie
from mdi_engine.normalize.medicines.parse import parse_medicine
from mdi_engine.normalize.medicines.reading import NORMALIZERS, medicine_pack, medicine_strength, medicine_substances
from mdi_engine.normalize.medicines.strength import number
from mdi_engine.normalize.medicines.substances import index, word_key
from mdi_engine.normalize.medicines.tokens import form_at
from mdi_engine.normalize.text import MAX_CHARS, null_placeholder
from mdi_engine.reference.medicine_words import medicine_forms, medicine_salts
from mdi_engine.reference.medicine_words import medicine_substances as substances_table
from mdi_engine.reference.tables import read_csv

PLAIN = sorted(name for name in substances_table() if " " not in name and "+" not in name)
AMOUNTS = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(9999), places=3)
HOSTILE = {
    "numbers": "1/" * 50_000,
    "strengths": "500 mg/" * 15_000,
    "per": "1 mg / " * 15_000,
    "acids": "asam " * 20_000,
    "broken words": "fl fi " * 16_000,
    "brackets": "5 " + "(" * 50_000 + ")" * 50_000,
    "packs": "10 x " * 20_000 + "strip",
    "huge packs": "999999 x " * 2_000 + "strip",
    "many packs": "999999 strip " * 2_000,
    "digits": "1." * 50_000 + "mg",
    "many digits": "9" * 5_000 + " strip " * 500,
    "one long word": "fluoro" * 1_600,
    "forms": "tab sal selaput " * 6_000,
    "salts": "natrium " * 12_000,
    "commas": "(" + "5 mg," * 2_000 + ")",
}


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def renamed(name: str) -> str:
    """An English name as Indonesian spells it: rules against the direction the code takes."""
    for english, indonesian in (("ph", "f"), ("th", "t"), ("x", "ks"), ("cy", "si"), ("ce", "se"), ("ci", "si")):
        name = name.replace(english, indonesian)
    return name.replace("ch", "k").replace("c", "k").replace("y", "i").removesuffix("e")


@pytest.mark.parametrize("name", ["amoxicillin", "ciprofloxacin", "theophylline", "chlorpromazine", "cyclophosphamide"])
def test_examples_are_spelled_as_in_indonesia(name: str) -> None:
    assert renamed(name) != name
    assert medicine_substances(renamed(name)) == name


def test_every_name_is_found_by_itself_and_by_its_indonesian_spelling() -> None:
    assert [name for name in PLAIN if medicine_substances(name) != name] == []
    assert [name for name in PLAIN if medicine_substances(renamed(name)) != name] == []


def test_every_synonym_leads_to_its_name() -> None:
    wrong = {
        other: medicine_substances(other)
        for name, others in substances_table().items()
        for other in others
        if medicine_substances(other) != " ".join(sorted(part.replace(" ", "_") for part in name.split("+")))
    }
    assert wrong == {}


def test_no_two_names_have_one_key() -> None:
    keys: dict[str, str] = {}
    for name, others in substances_table().items():
        for spelling in (name, *others):
            key = "".join(word_key(word) for word in english_acid(tuple(spelling.split())))
            assert keys.setdefault(key, name) == name, f"{spelling} of {name} is {keys[key]}, too"
    assert len(index().names) == len(keys)


def test_every_phrase_of_a_form_leads_to_it_and_codes_are_given_once() -> None:
    forms = medicine_forms()
    assert all(form_at(phrase, 0) == (name, len(phrase)) for phrase, name in forms.by_words.items())
    assert len(set(forms.kfa.values())) == len(forms.kfa)
    assert all(code.startswith("BS") and len(code) == 5 for code in forms.kfa.values())


def test_tables_hold_each_word_once() -> None:
    for table in ("medicine_salts", "medicine_forms"):
        phrases = [phrase for row in read_csv(table) for phrase in str(row["words"]).split("|")]
        assert sorted(phrases) == sorted(set(phrases)), table
    assert all(phrase == tuple(word.lower() for word in phrase) for phrase in medicine_salts())


@given(AMOUNTS)
def test_equal_amounts_in_other_units_are_equal(amount: Decimal) -> None:
    milligrams = medicine_strength(f"paracetamol {plain(amount)} mg")
    grams = medicine_strength(f"paracetamol {plain(amount / 1000)} g")
    micrograms = medicine_strength(f"paracetamol {plain(amount * 1000)} mcg")
    assert milligrams == grams == micrograms == f"{plain(amount)}mg"


@given(AMOUNTS, st.sampled_from(["mg", "g", "mg/ml", "%", "mg/5 ml"]))
def test_decimal_comma_and_point_are_equal(amount: Decimal, unit: str) -> None:
    written = f"paracetamol {plain(amount)} {unit}"
    assert medicine_strength(written) == medicine_strength(written.replace(".", ","))


@given(st.integers(1, 9_999_999).map(lambda n: n * 1000))
def test_points_and_commas_between_thousands_are_no_decimals(value: int) -> None:
    written = f"{value:,}"
    assert number(written, "iu") == number(written.replace(",", "."), "iu") == number(str(value), "iu") == value


@given(st.lists(st.tuples(st.sampled_from(PLAIN), AMOUNTS), min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_the_order_of_a_combination_does_not_matter(pairs: list[tuple[str, Decimal]]) -> None:
    def told(separator: str, order: list[tuple[str, Decimal]]) -> tuple[str | None, str | None]:
        name = separator.join(f"{substance} {plain(amount)} mg" for substance, amount in order) + " tablet"
        return medicine_substances(name), medicine_strength(name)

    ordered = sorted(pairs)
    expected = " ".join(name for name, _ in ordered), "+".join(f"{plain(amount)}mg" for _, amount in ordered)
    for separator in (" / ", " + ", " dan ", "; "):
        assert told(separator, pairs) == told(separator, pairs[::-1]) == expected


@given(st.integers(1, 50), st.integers(1, 50), st.sampled_from(["tablet", "kapsul", "kaplet"]))
def test_a_pack_is_counted_through(strips: int, each: int, item: str) -> None:
    expected = f"{strips * each} {item}"
    assert medicine_pack(f"Dus, {strips} strip @ {each} {item}") == expected
    assert medicine_pack(f"{strips} x {each} {item}") == expected
    assert medicine_pack(f"box {strips} blister isi {each} {item}") == expected


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=20))
def test_a_folded_spelling_folds_to_itself(word: str) -> None:
    key = inn_key(word)
    assert set(key) <= set("abdefgijklmnoprstuwh")
    assert not any(one == two for one, two in pairwise(key))


NAMES = st.lists(
    st.sampled_from(["PT", "PT.", "Tbk", "Farma", "Pharma", "Laboratories", "(", ")", "&", "S.p.A.", "Kimia"])
)


@given(st.text(st.characters(max_codepoint=0x17F)) | NAMES.map(" ".join))
def test_a_folded_maker_folds_to_itself(text: str) -> None:
    core = maker_core(text)
    assert core is None or maker_core(core) == core


WORDS = st.sampled_from(
    ["tab", "inj", "ih", "salep", "mata", "serb", "+", "(", ")", ",", "10", "0,5", "400/80", "mg", "mg/ml", "juta", "x"]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text())
def test_the_parts_of_a_fornas_name_make_up_the_name(text: str) -> None:
    parts = parse_fornas_name(text)
    told = [part for part in (parts.drug, parts.form, parts.strength, parts.unit) if part is not None]
    assert " ".join(told).replace(" ", "") == (null_placeholder(text) or "").replace(" ", "")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_time(text: str) -> None:
    start = time.process_time()
    for normalizer in (*NORMALIZERS, maker_core):
        normalizer(text)
    parse_fornas_name(text)
    assert time.process_time() - start < 5.0


# Letters that become several, words and amounts that become longer.
LONGER = {
    "fractions": "½" * MAX_CHARS,
    "upper case": "ΐ" * MAX_CHARS,
    "words": "glove " * (MAX_CHARS // 6),
    "grams": "spuit " + "1 kg " * (MAX_CHARS // 5),
    "strengths": "paracetamol " + "1kg/" * (MAX_CHARS // 4),
    "brands": "a 5 mg (" + "½" * (MAX_CHARS - 9) + ")",
}


@pytest.mark.parametrize("text", LONGER.values(), ids=LONGER)
def test_what_is_given_is_no_longer_than_what_is_read(text: str) -> None:
    for normalizer in (*NORMALIZERS, maker_core, *fornas.NORMALIZERS, *nie.NORMALIZERS):
        assert len(normalizer(text) or "") <= MAX_CHARS, normalizer.__name__


@pytest.mark.parametrize("parse", [parse_medicine, parse_fornas_name, parse_nie])
def test_no_more_is_remembered_of_a_text_than_was_read(parse: Callable[[str], object]) -> None:
    begin = "DKL0905043810B1 tab 5 mg".ljust(MAX_CHARS, "x")
    assert parse(begin) is parse(begin + "one") is parse(begin + "other")
