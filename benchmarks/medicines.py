"""Real medicine names: the KFA page from `name` alone, the national formulary (Fornas) from `fornas_name` alone.

    .venv/bin/python benchmarks/medicines.py    # prints figures and misses, writes benchmarks/results/medicines.json

KFA: substances, strength and form read from the name must be those of the hidden `active_ingredients` and
`dosage_form`: salts and units folded, what a strength is per compared where both say it, forms by their KFA code.
Fornas: the name must give the four columns it was put together from, empty where they are empty.
The lists are read from MDI_REAL_DATA (default ../shared/data).
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mdi_engine.normalize.medicines import parse as medicine_parse
from mdi_engine.normalize.medicines.fornas import fornas_drug, fornas_form, fornas_strength, fornas_unit
from mdi_engine.normalize.medicines.inn import inn_key
from mdi_engine.normalize.medicines.nie import nie, nie_fault, nie_form_name, nie_kind
from mdi_engine.normalize.medicines.parse import parse_medicine
from mdi_engine.normalize.medicines.reading import NORMALIZERS as MEDICINE
from mdi_engine.normalize.medicines.reading import medicine_form_code, medicine_strength, medicine_substances
from mdi_engine.normalize.medicines.strength import read_strength
from mdi_engine.normalize.medicines.substances import make_index, substance_at
from mdi_engine.normalize.text import ascii_lower, clean_text
from mdi_engine.reference.medicine_words import medicine_substances as medicine_substances_table

HERE = Path(__file__).parent
LISTS = Path(os.environ.get("MDI_REAL_DATA", HERE.parent.parent / "shared" / "data")) / "medicines"
COLUMNS: dict[str, Callable[[str | None], str | None]] = {
    "nama_obat": fornas_drug,
    "sediaan": fornas_form,
    "kekuatan": fornas_strength,
    "satuan": fornas_unit,
}


def kfa_products() -> list[dict[str, Any]]:
    """The products of the page."""
    text = (LISTS / "kfa_products_page1.json").read_text(encoding="utf-8")
    products: list[dict[str, Any]] = json.loads(text)["items"]["data"]
    return products


def kfa_faults(product: dict[str, Any]) -> list[str]:
    """In which of substances, strength and form the name of a product disagrees with its hidden parts."""
    hidden = sorted(
        (medicine_substances(part["zat_aktif"]) or inn_key(ascii_lower(part["zat_aktif"])), part["kekuatan_zat_aktif"])
        for part in product["active_ingredients"]
    )
    name = product["name"]
    faults = []
    if (medicine_substances(name) or "").split() != [substance for substance, _ in hidden]:
        faults.append("substances")
    told = (medicine_strength(name) or "").split("+")
    if len(told) != len(hidden) or not all(_alike(one, two) for one, (_, two) in zip(told, hidden, strict=True)):
        faults.append("strength")
    if medicine_form_code(name) != product["dosage_form"]["code"]:
        faults.append("form")
    return faults


def _alike(told: str, hidden: str) -> bool:
    amount, _, per = told.partition("/")
    other, _, other_per = (medicine_strength(hidden) or "").partition("/")
    return amount == other and (not per or not other_per or per == other_per)


def kfa() -> dict[str, Any]:
    """How many comparable products agree, which do not, and what became of every registration number."""
    products = kfa_products()
    comparable = [product for product in products if product["active_ingredients"]]
    misses = {product["name"]: kfa_faults(product) for product in comparable if kfa_faults(product)}
    numbers = [product["nie"] for product in products if product["nie"]]
    apart = [number for number in numbers if nie(number) == number and nie_kind(number) == "drug"]
    named = {number: nie_kind(number) or nie_fault(number) for number in numbers if number not in apart}
    return {
        "products": len(products),
        "comparable": len(comparable),
        "agree": len(comparable) - len(misses),
        "misses": misses,
        "nie": {
            "numbers": len(numbers),
            "taken_apart": len(apart),
            "form_known": sum(nie_form_name(number) is not None for number in apart),
            "otherwise": named,
        },
    }


def fornas_items() -> list[dict[str, str]]:
    """The items that have a name; every value as one line."""
    with (LISTS / "fornas.csv").open(encoding="utf-8", newline="") as file:
        rows = ({column: clean_text(value) or "" for column, value in row.items()} for row in csv.DictReader(file))
        return [row for row in rows if row["fornas_name"]]


def fornas() -> dict[str, Any]:
    """How many items give their four columns, and which do not."""
    items = fornas_items()
    misses = {}
    for item in items:
        told = {column: read(item["fornas_name"]) or "" for column, read in COLUMNS.items()}
        if told != {column: item[column] for column in COLUMNS}:
            misses[item["fornas_name"]] = told
    right = sum(item["fornas_name"] not in misses for item in items)
    return {"items": len(items), "agree": right, "share": right / len(items), "misses": misses}


def folding() -> dict[str, Any]:
    """Which distinct drugs of Fornas lead to English names, and how many one-word names by rules alone.

    By rules alone: the table without its synonyms, so that only spelling leads from Indonesian to English.
    """
    drugs = sorted({ascii_lower(item["nama_obat"]) for item in fornas_items()})
    table = medicine_substances_table()
    by_rules = make_index(dict.fromkeys(table, ()))
    folded = [drug for drug in drugs if _all_known(drug)]
    one_word = [drug for drug in folded if len(drug.split()) == 1]
    foreign = [drug for drug in one_word if drug not in table]
    return {
        "distinct_names": len(drugs),
        "folded": len(folded),
        "misses": [drug for drug in drugs if drug not in folded],
        "folded_with_words_left": {drug: " ".join(rest) for drug in folded if (rest := parse_medicine(drug).rest)},
        "one_word_not_english": len(foreign),
        "of_these_by_rules_alone": sum(substance_at([drug], 0, by_rules) is not None for drug in foreign),
        "needing_a_synonym_or_print_repair": [drug for drug in foreign if substance_at([drug], 0, by_rules) is None],
    }


def _all_known(name: str) -> bool:
    known = {part.replace(" ", "_") for entry in medicine_substances_table() for part in entry.split("+")}
    found = parse_medicine(name).substances
    return bool(found) and all(substance in known for substance, _ in found)


def replacement() -> dict[str, Any]:
    """Names of the KFA list of replaced codes that are read whole: no truth, but nothing may be left over.

    Whole: every substance is in the table and has a strength, there is a form, and no word remains.
    """
    with (LISTS / "kfa_replacement.csv").open(encoding="utf-8", newline="") as file:
        heads = sorted({row["kfa_new_name"].partition(" (")[0] for row in csv.DictReader(file) if row["kfa_new_name"]})
    read = {head: parse_medicine(f"{head} (Umum)") for head in heads}
    whole = [
        head
        for head, parts in read.items()
        if _all_known(head) and parts.form and not parts.rest and all(amounts for _, amounts in parts.substances)
    ]
    return {"names": len(heads), "read_whole": len(whole), "misses": [head for head in heads if head not in whole]}


def microseconds_per_name() -> dict[str, dict[str, float]]:
    """CPU microseconds of one core for all `medicine_…` functions on one name, each name once, tables loaded.

    `words_seen`: whole names are forgotten before each of 5 rounds, words and strengths are remembered from the round
    before, as in the middle of a long list. `nothing_seen`: those are forgotten, too.
    """
    names = [product["name"] for product in kfa_products()] + [item["fornas_name"] for item in fornas_items()]
    distinct = sorted(set(names))
    whole, all_of_it = (medicine_parse._parse,), (medicine_parse._parse, read_strength, inn_key)
    return {
        "words_seen": _microseconds(distinct, whole),
        "nothing_seen": _microseconds(distinct, all_of_it),
    }


def _microseconds(names: list[str], forgetful: tuple[Any, ...]) -> dict[str, float]:
    times = []
    for _ in range(5):
        for cached in forgetful:
            cached.cache_clear()
        begin = time.process_time()
        for name in names:
            for normalizer in MEDICINE:
                normalizer(name)
        times.append((time.process_time() - begin) / len(names) * 1e6)
    return {"median": sorted(times)[2], "min": min(times), "max": max(times)}


def main() -> int:
    """Measure, print, and keep the figures."""
    if not LISTS.is_dir():
        print(f"the real lists are not at {LISTS}: set MDI_REAL_DATA", file=sys.stderr)
        return 1
    result = {
        "kfa": kfa(),
        "fornas": fornas(),
        "folding": folding(),
        "replacement": replacement(),
        "microseconds_per_name": microseconds_per_name(),
    }
    (HERE / "results").mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (HERE / "results" / "medicines.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
