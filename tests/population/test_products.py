import re
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from mdi_engine.normalize.medicines.nie import nie
from mdi_engine.population.catalogue.products import Product, catalogue, forms, substances
from mdi_engine.population.sources.listings import free_text, typed_number

MEDICINE = re.compile(r"[DG][BTKNP][LI][0-9]{8}[0-9]{2}[A-F][1-9]")


@pytest.fixture(scope="module")
def products() -> tuple[Product, ...]:
    return catalogue(Generator(PCG64(1)), 2_000)


@pytest.mark.parametrize("count", [0, 1, 2_000, 20_250])
def test_no_two_products_share_a_number(count: int) -> None:
    products = catalogue(Generator(PCG64(1)), count)
    assert len({product.register for product in products}) == len(products) == count
    assert len({product.entity for product in products}) == count


def test_a_number_has_the_real_shape_and_says_form_and_strength(products: tuple[Product, ...]) -> None:
    codes = {form.code for form in forms().values()}
    for product in products:
        if product.kind != "medicine":
            assert re.fullmatch(r"(AK[DL][0-9]{11})|((SD|SI|TR)[0-9]{9})", product.number())
            continue
        assert MEDICINE.fullmatch(product.number())
        assert product.form is not None
        assert product.number()[11:13] == product.form.code in codes


def test_one_maker_s_strengths_of_one_product_differ_in_the_letter_alone(products: tuple[Product, ...]) -> None:
    siblings: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for product in products:
        if product.kind == "medicine":
            siblings[product.maker, product.substance, product.form].add(product.register[-1])
    assert any(len(letters) > 1 for letters in siblings.values())


def test_every_substance_has_as_many_strengths_as_names() -> None:
    for substance in substances():
        for _, strengths in substance.presentations:
            assert all(len(strength.split(" + ")) == len(substance.english) for strength in strengths)


def test_wrong_numbers_are_as_rare_as_in_the_list_they_were_counted_in(products: tuple[Product, ...]) -> None:
    rng = Generator(PCG64(2))
    written = [typed_number(rng, product, products, 1.0, 0.1) for product in products for _ in range(10)]
    wrong = sum("wrong_nie" in found.flags for found in written)
    assert 0.6 / 300 < wrong / len(written) < 1.5 / 300


FEW = catalogue(Generator(PCG64(1)), 200)


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.integers(0, 199))
def test_a_typed_number_without_a_flag_reads_as_the_product_s(seed: int, at: int) -> None:
    product = FEW[at]
    found = typed_number(Generator(PCG64(seed)), product, FEW, 1.0, 0.1)
    if not {"no_nie", "wrong_nie", "typo"} & set(found.flags):
        read = nie(found.text)
        assert read is not None
        assert read[:14] == product.number()[:14]


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.integers(0, 199))
def test_a_name_is_never_empty_and_names_the_strength(seed: int, at: int) -> None:
    product = FEW[at]
    text = free_text(Generator(PCG64(seed)), product, 1.0).text
    assert text
    if product.kind == "medicine":
        assert re.findall(r"\d", text.replace(product.brand, "")) == re.findall(r"\d", product.strength)
