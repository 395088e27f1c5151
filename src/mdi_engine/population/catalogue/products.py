"""A catalogue of invented registrations: real substances, strengths and forms; invented makers, brands and numbers.

A medicine's registration number (NIE, nomor izin edar) has 15 characters: brand or generic, class, origin, year (2),
maker (3), the maker's product (3), form (2), strength (letter), pack (digit). All but the last name one product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from numpy.random import Generator

from mdi_engine.population.chances import pick
from mdi_engine.population.words import words

Kind = Literal["medicine", "other", "device"]

BRANDED, IMPORTED = 0.55, 0.08
DEVICES, OTHERS = 0.2, 0.05  # of all products
SUBSTANCES_PER_MAKER, MOST_MAKERS = 12, 600
# Makers' numbers count from here, where no real one is known to us, and go on from 000 in a large population.
FIRST_MAKER = 900


@dataclass(frozen=True, slots=True)
class Substance:
    """Active substances under their English and Indonesian names and salts, each a tuple of one or more."""

    english: tuple[str, ...]
    indonesian: tuple[str, ...]
    salt: tuple[str, str] | None
    control: str
    presentations: tuple[tuple[str, tuple[str, ...]], ...]  # form, strengths


@dataclass(frozen=True, slots=True)
class Form:
    """A dosage form: its code in the number, how it is written short or in English, the packs it comes in."""

    name: str
    code: str
    short: tuple[str, ...]
    english: str
    packs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """One registered product of one maker. `register` is its number without the pack digit; `sizes` its packs.

    `name` and `local` are what the register and what local lists call a device or supplement; empty for medicines.
    """

    entity: str
    kind: Kind
    register: str
    maker: str
    brand: str
    year: int
    sizes: tuple[str, ...]
    substance: Substance | None = None
    form: Form | None = None
    strength: str = ""
    name: str = ""
    local: str = ""

    def number(self, pack: int = 0) -> str:
        """The whole number; `pack` counts from 0 and stands in a medicine's number alone."""
        return f"{self.register}{pack + 1}" if self.kind == "medicine" else self.register


def _parts(text: str, by: str = "|") -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(by))


@cache
def substances() -> tuple[Substance, ...]:
    """The substances of `product_words.toml`."""
    return tuple(_substance(*_parts(row)) for row in words("product_words")["substances"])


def _substance(english: str, indonesian: str, salt: str, control: str, presentations: str) -> Substance:
    forms = [next((f, p[len(f) :]) for f in _by_length() if p.startswith(f + " ")) for p in _parts(presentations, ";")]
    salts = _parts(salt, ",")
    return Substance(
        _parts(english, "+"),
        _parts(indonesian, "+"),
        (salts[0], salts[1]) if salt else None,
        control,
        tuple((form, _parts(strengths, ",")) for form, strengths in forms),
    )


@cache
def _by_length() -> tuple[str, ...]:
    return tuple(sorted(words("product_words")["forms"], key=len, reverse=True))


@cache
def forms() -> dict[str, Form]:
    """The dosage forms of `product_words.toml` by name."""
    rows = {name: _parts(row) for name, row in words("product_words")["forms"].items()}
    return {name: Form(name, r[0], _parts(r[1], ","), r[2], _parts(r[3], ";")) for name, r in rows.items()}


def catalogue(rng: Generator, count: int) -> tuple[Product, ...]:
    """`count` products, the same for the same state of `rng`; medicines first. At most some 20,000 differ."""
    devices, others = round(count * DEVICES), round(count * OTHERS)
    made = list(_medicines(rng, count - devices - others))
    made += [_other(rng, len(made) + at + 1) for at in range(others)]
    made += [_device(rng, len(made) + at + 1) for at in range(devices)]
    return tuple(made)


def _medicines(rng: Generator, count: int) -> Iterator[Product]:
    number = 0
    each = max(SUBSTANCES_PER_MAKER, count // MOST_MAKERS)
    for maker in range(count):  # far more than are needed
        for item, at in enumerate(rng.permutation(len(substances()))[:each], start=1):
            for product in _presentations(rng, maker, item, substances()[at]):
                if number == count:
                    return
                number += 1
                yield replace(product, entity=f"R{number:06d}")


def _presentations(rng: Generator, maker: int, item: int, substance: Substance) -> Iterator[Product]:
    """One maker's `item`-th product in the forms and strengths it is registered in."""
    name, brand = _maker(maker, "maker_second"), _brand(rng) if rng.random() < BRANDED else ""
    for form, order, strength in _registered(rng, substance):
        year = int(rng.integers(5, 26))
        head = ("D" if brand else "G") + substance.control + ("I" if rng.random() < IMPORTED else "L")
        code = f"{head}{year:02d}{(FIRST_MAKER + maker) % 1000:03d}{item:03d}{form.code}{'ABCDEF'[order]}"
        sizes = form.packs[: int(rng.integers(1, len(form.packs) + 1))]
        yield Product("", "medicine", code, name, brand, 2000 + year, sizes, substance, form, strength)


def _registered(rng: Generator, substance: Substance) -> Iterator[tuple[Form, int, str]]:
    """Some of a substance's presentations, as one maker has them registered: form, order of the strength, strength."""
    for form, strengths in substance.presentations:
        for order, strength in enumerate(strengths):
            if rng.random() < 0.5:
                yield forms()[form], order, strength


def _maker(number: int, second: str) -> str:
    """The name of a maker, by its number from 0: two words, three where two have been used up."""
    names = words("product_words")["names"]
    firsts, seconds = names["maker_first"], names[second]
    name = f"{firsts[number % len(firsts)]} {seconds[number // len(firsts) % len(seconds)]}"
    again = number // (len(firsts) * len(seconds))
    return f"{name} {firsts[(number + again) % len(firsts)]}" if again else name


def _brand(rng: Generator) -> str:
    names = words("product_words")["names"]
    return "".join(pick(rng, names[part]) for part in ("brand_first", "brand_middle", "brand_last"))


def _other(rng: Generator, number: int) -> Product:
    prefix, name, form = _parts(pick(rng, words("product_words")["others"]))
    year = int(rng.integers(15, 26))
    code = f"{prefix}{year:02d}{rng.integers(10**7):07d}"
    maker = _maker(int(rng.integers(40)), "maker_second")
    return Product(f"R{number:06d}", "other", code, maker, _brand(rng), 2000 + year, forms()[form].packs[:1],
                   form=forms()[form], name=name, local=name)  # fmt: skip


def _device(rng: Generator, number: int) -> Product:
    name, local, sizes = _parts(pick(rng, words("product_words")["devices"]))
    year = int(rng.integers(15, 26))
    prefix = "AKL" if rng.random() < 0.4 else "AKD"
    group = f"{rng.integers(1, 4)}{rng.integers(6, 22):02d}{rng.integers(1, 9):02d}"
    code = f"{prefix}{group}{year:02d}{rng.integers(10**4):04d}"
    maker = _maker(int(rng.integers(60)), "device_second")
    return Product(f"R{number:06d}", "device", code, maker, _brand(rng), 2000 + year, _parts(sizes, ","),
                   name=name, local=local)  # fmt: skip


def another(rng: Generator, products: Sequence[Product], than: Product) -> Product:
    """A product of the same kind that is not `than`, where there is one."""
    rest = [product for product in products if product.kind == than.kind and product is not than]
    return pick(rng, rest) if rest else than
