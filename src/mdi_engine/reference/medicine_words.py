"""Words of medicine names: substances, salts, dosage forms, units, packs, makers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from mdi_engine.reference.tables import read_csv, read_toml


@dataclass(frozen=True, slots=True)
class MedicineForms:
    """Dosage forms. `by_words` maps phrases (tuples of words) to our name; the two codes map from and to it.

    `kfa` is the code of the national list (`BS066`), `by_bpom` the name for the two digits in a registration number.
    """

    by_words: Mapping[tuple[str, ...], str]
    first_words: Mapping[str, int]
    kfa: Mapping[str, str]
    by_bpom: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MedicineWords:
    """What `medicine_words.toml` holds, ready for look-up; masses in milligrams, volumes in millilitres."""

    mass: Mapping[str, Decimal]
    volume: Mapping[str, Decimal]
    other: Mapping[str, str]
    scales: Mapping[str, Decimal]
    per: Mapping[str, str]
    counts: frozenset[str]
    containers: Mapping[str, str]
    items: Mapping[str, str]
    pack_joins: frozenset[str]
    pack_fills: frozenset[str]
    outer: frozenset[str]
    devices: Mapping[str, str]
    fillers: frozenset[str]
    joins: frozenset[str]
    shorts: Mapping[str, str]
    maker_legal: frozenset[str]
    maker_folds: Mapping[str, str]


@cache
def medicine_words() -> MedicineWords:
    """The tables of words, read once."""
    toml = read_toml("medicine_words")
    folds = toml["makers"].pop("folds")
    return MedicineWords(
        mass={unit: Decimal(value) for unit, value in toml["mass"].items()},
        volume={unit: Decimal(value) for unit, value in toml["volume"].items()},
        other=toml["other"],
        scales={word: Decimal(value) for word, value in toml["scales"].items()},
        per=toml["per"],
        counts=frozenset(toml["counts"]["words"]),
        containers=toml["containers"],
        items=toml["items"],
        pack_joins=frozenset(toml["pack"]["joins"]),
        pack_fills=frozenset(toml["pack"]["fills"]),
        outer=frozenset(toml["pack"]["outer"]),
        devices=toml["devices"],
        fillers=frozenset(toml["fillers"]["words"]),
        joins=frozenset(toml["fillers"]["joins"]),
        shorts=toml["shorts"],
        maker_legal=frozenset(toml["makers"]["legal"]),
        maker_folds=folds,
    )


@cache
def medicine_forms() -> MedicineForms:
    """The dosage forms, read once."""
    rows = list(read_csv("medicine_forms"))
    phrases = {tuple(phrase.split()): str(row["name"]) for row in rows for phrase in str(row["words"]).split("|")}
    longest: dict[str, int] = {}
    for phrase in phrases:
        longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    return MedicineForms(
        by_words=phrases,
        first_words=longest,
        kfa={str(row["name"]): row["kfa"] for row in rows if row["kfa"]},
        by_bpom={row["bpom"]: str(row["name"]) for row in rows if row["bpom"]},
    )


@cache
def medicine_salts() -> Mapping[tuple[str, ...], str]:
    """Salts, esters and water of crystallisation by their words, English name behind: `("natrium",)` to `sodium`."""
    rows = read_csv("medicine_salts")
    return {tuple(phrase.split()): str(row["name"]) for row in rows for phrase in str(row["words"]).split("|")}


@cache
def medicine_substances() -> Mapping[str, tuple[str, ...]]:
    """Active substances: the English INN with its synonyms that no spelling rule leads to."""
    rows = read_csv("medicine_substances")
    return {str(row["name"]): tuple((row["synonyms"] or "").split("|")) if row["synonyms"] else () for row in rows}


@cache
def medicine_stems() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How international names begin and how they end, in folded spelling."""
    stems = read_toml("medicine_words")["stems"]
    return tuple(stems["begins"]), tuple(stems["endings"])


@cache
def fornas_words() -> tuple[frozenset[str], frozenset[str]]:
    """Words that begin a dosage form of the national formulary, and that may follow in it, beside `medicine_forms`."""
    fornas = read_toml("medicine_words")["fornas"]
    return frozenset(fornas["heads"]), frozenset(fornas["follows"])
