"""How sellers and sites write a registered product down: free text, and the registration number as typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from numpy.random import Generator

from mdi_engine.population.catalogue.products import Product, Substance, another
from mdi_engine.population.chances import happens, likely, pick

NO_NIE, WRONG_NIE, TYPED_WRONG, DISCLAIMED, TWO_NUMBERS, SHORT_DEVICE = 0.10, 1 / 300, 0.006, 0.03, 0.01, 0.04
DECORATED = 0.35
DISCLAIMER = "Nomor Registrasi dapat berbeda sesuai ketersediaan stock"
_DECIMAL = re.compile(r"(?<=\d)\.(?=\d)")
_UNIT_GAP = re.compile(r"(?<=\d) (?=[A-Za-z%])")


class Written(NamedTuple):
    """A text, and the flags of what was done to it."""

    text: str | None
    flags: tuple[str, ...] = ()


def typed_number(rng: Generator, product: Product, products: Sequence[Product], noise: float, absent: float) -> Written:
    """The registration number as typed into a list: prefixes, blanks, disclaimers; absent or wrong at times."""
    if happens(rng, absent, noise):
        return Written(pick(rng, (None, "", "-", DISCLAIMER)), ("no_nie",))
    pack = int(rng.integers(len(product.sizes)))
    if happens(rng, WRONG_NIE, noise):
        return Written(_decorated(rng, another(rng, products, product)), ("wrong_nie",))
    number, flags = product.number(pack), ("second_pack",) * (pack > 0 and product.kind == "medicine")
    chance = rng.random()
    for share, flag, text in (
        (SHORT_DEVICE * (product.kind == "device"), "typo", number[:-1]),
        (TYPED_WRONG, "typo", _slip(rng, number)),
        (DISCLAIMED, "disclaimer", f"BPOM: {number} ({DISCLAIMER})"),
        (TWO_NUMBERS, "two_numbers", f"{number} / {product.number(0)}"),
    ):
        if chance < likely(share, noise):
            return Written(text, (*flags, flag))
        chance -= likely(share, noise)
    return Written(_decorated(rng, product, pack) if happens(rng, DECORATED, noise) else number, flags)


def _decorated(rng: Generator, product: Product, pack: int = 0) -> str:
    number = product.number(pack)
    spaced = f"{number[:3]} {number[3:]}"
    if product.kind == "device":
        return pick(rng, (f"Kemenkes RI: {spaced}", f"KEMENKES RI {spaced}", f"KEMENKES RI {number}", spaced))
    return pick(
        rng, (f"BPOM: {number}", f"BPOM : {number}", f"BPOM RI {number}", spaced, number.lower(), f" {number} ")
    )


def _slip(rng: Generator, number: str) -> str:
    """One digit another one."""
    at = int(rng.integers(5, len(number) - 2))
    return f"{number[:at]}{(int(number[at]) + 1) % 10 if number[at].isdigit() else '0'}{number[at + 1 :]}"


def free_text(rng: Generator, product: Product, noise: float) -> Written:
    """The product's name as a clerk types it: substances, strength, form in some order and spelling."""
    if product.kind != "medicine" or product.substance is None or product.form is None:
        return _plain(rng, product)
    flags = ["combination"] * (len(product.substance.english) > 1)
    indonesian = rng.random() < 0.5
    flags += ["indonesian"] * indonesian
    names, how = _substances(rng, product.substance, indonesian)
    form = product.form.name if indonesian else product.form.english
    if happens(rng, 0.5, noise):
        form, how = pick(rng, product.form.short), (*how, "abbreviation")
    strength = _strength(rng, product.strength, indonesian)
    text = " ".join((names, form, strength) if rng.random() < 0.5 else (names, strength, form))
    if product.brand and rng.random() < 0.7:
        chance = rng.random()
        if chance < likely(0.15, noise):
            text, how = f"{product.brand} {strength} {form}", (*how, "brand_only")
        else:
            text = f"{text} ({product.brand.upper()})" if chance < 0.6 else f"{product.brand} {text}"
    return Written(_cased(rng, text), (*flags, *how))


def _plain(rng: Generator, product: Product) -> Written:
    name = product.local if rng.random() < 0.6 else product.name
    size = f" {pick(rng, product.sizes)}" if product.kind == "device" else ""
    brand = f" {product.brand}" if rng.random() < 0.5 else ""
    return Written(_cased(rng, f"{name}{size}{brand}"), (product.kind,))


def _substances(rng: Generator, substance: Substance, indonesian: bool) -> tuple[str, tuple[str, ...]]:
    names = substance.indonesian if indonesian else substance.english
    text = pick(rng, (" / ", " + ", " dan ") if indonesian else (" / ", " + ", " and ")).join(names)
    if substance.salt is None or rng.random() < 0.6:
        return text, ()
    salt = substance.salt[indonesian]
    return f"{text} {'HCl' if salt.startswith(('hydrochl', 'hidrokl')) and rng.random() < 0.6 else salt}", ("salt",)


def _strength(rng: Generator, strength: str, indonesian: bool) -> str:
    if indonesian and rng.random() < 0.6:
        strength = _DECIMAL.sub(",", strength)
    if rng.random() < 0.3:
        strength = _UNIT_GAP.sub("", strength)
    strength = strength.replace(" + ", pick(rng, (" + ", "/", " / ")))
    return strength.lower() if rng.random() < 0.3 else strength


def _cased(rng: Generator, text: str) -> str:
    chance = rng.random()
    return text.upper() if chance < 0.3 else text if chance < 0.6 else text[:1].upper() + text[1:]
