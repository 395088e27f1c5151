"""The bars on the public lists of medicines, measured by `benchmarks/medicines.py`."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "medicines.py"


def load_benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_medicines", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


medicines = load_benchmark()
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not medicines.LISTS.is_dir(), reason=f"no public lists at {medicines.LISTS} (see MDI_REAL_DATA)"
    ),
]


def test_names_of_kfa_give_their_hidden_parts() -> None:
    figures = medicines.kfa()
    assert figures["products"] == 100
    assert figures["comparable"] >= 95
    assert figures["agree"] >= 93


def test_every_registration_number_of_kfa_is_taken_apart_or_named() -> None:
    numbers = medicines.kfa()["nie"]
    assert numbers["taken_apart"] + len(numbers["otherwise"]) == numbers["numbers"]
    assert numbers["otherwise"] == {"LKE20209013": "donation"}
    assert numbers["form_known"] / numbers["taken_apart"] > 0.97


def test_names_of_fornas_give_their_four_columns() -> None:
    figures = medicines.fornas()
    assert figures["items"] == 1180
    assert figures["share"] >= 0.95


def test_drugs_of_fornas_lead_to_english_names_mostly_by_rules() -> None:
    figures = medicines.folding()
    assert figures["folded"] / figures["distinct_names"] > 0.95
    assert figures["of_these_by_rules_alone"] / figures["one_word_not_english"] > 0.85


def test_names_of_replaced_codes_are_read_whole() -> None:
    figures = medicines.replacement()
    assert figures["read_whole"] / figures["names"] > 0.92


def test_the_comparison_sees_what_is_wrong() -> None:
    product = next(product for product in medicines.kfa_products() if product["active_ingredients"])
    product = {**product, "name": "Acarbose 50 mg Tablet (X)", "dosage_form": {"code": "BS066"}}
    right = [{"zat_aktif": "ACARBOSE", "kekuatan_zat_aktif": "0,05 g"}]
    assert medicines.kfa_faults({**product, "active_ingredients": right}) == []
    wrong = [{"zat_aktif": "ACARBOSE", "kekuatan_zat_aktif": "5 mg"}]
    assert medicines.kfa_faults({**product, "active_ingredients": wrong}) == ["strength"]
    wrong = [{"zat_aktif": "ABACAVIR", "kekuatan_zat_aktif": "50 mg"}]
    assert medicines.kfa_faults({**product, "active_ingredients": wrong}) == ["substances"]
    assert medicines.kfa_faults({**product, "active_ingredients": right * 2}) == ["substances", "strength"]
    assert medicines.kfa_faults({**product, "active_ingredients": right, "dosage_form": {"code": "BS019"}}) == ["form"]
