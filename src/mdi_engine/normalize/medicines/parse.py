"""The name of a medicine or device taken apart: substances with strengths, salts, form, brand, pack, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from mdi_engine.normalize.medicines.devices import device_words, is_device
from mdi_engine.normalize.medicines.packs import Pack, read_pack
from mdi_engine.normalize.medicines.reader import Reader
from mdi_engine.normalize.medicines.strength import Strength
from mdi_engine.normalize.medicines.substances import index, substance_at
from mdi_engine.normalize.medicines.tokens import Token, medicine_tokens, peel_bracket
from mdi_engine.normalize.text import MAX_CHARS, ascii_lower, null_placeholder
from mdi_engine.reference.medicine_words import medicine_words


class Medicine(NamedTuple):
    """The parts of a name. `substances` are pairs of the English name (words joined by `_`) and its strengths, sorted.

    `total` is a strength given once for several substances. `brand` and `rest` are folded words. `bare` says that no
    word stands beside those of forms and packs.
    """

    substances: tuple[tuple[str, tuple[Strength, ...]], ...] = ()
    total: tuple[Strength, ...] = ()
    salts: tuple[str, ...] = ()
    form: str | None = None
    brand: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    pack: Pack = Pack()
    bare: bool = True


def parse_medicine(text: str | None) -> Medicine:
    """Take a name apart; NULL, placeholders and text without a word give empty parts. Never raises.

    In a name of the shape `words strength form (brand)`, the shape of KFA, unknown words before the strength are taken
    for a substance; elsewhere they are not, unless they end as an INN does.
    """
    return Medicine() if text is None else _parse(text[:MAX_CHARS])  # cut before it is remembered


@lru_cache(maxsize=65_536)
def _parse(text: str) -> Medicine:
    cleaned = null_placeholder(text)
    if cleaned is None:
        return Medicine()
    head, tail = peel_bracket(ascii_lower(cleaned))
    tokens = medicine_tokens(head)
    reader, pack = _read_head(tokens, names_unknown=tail != "")
    if reader.assumed and _names_substance(tail):
        tokens, tail = medicine_tokens(f"{head} / {tail}"), ""  # `SANMOL 500 mg tablet (parasetamol)`
        reader, pack = _read_head(tokens, names_unknown=False)
    brand, others, tail_pack = _read_tail(tail)
    device = is_device(reader, tokens)
    return Medicine(
        substances=reader.pairs(),
        total=() if device else reader.totals(),
        salts=tuple(sorted(set(reader.salts))),
        form=reader.form,
        brand=brand,
        rest=(*(device_words(tokens, pack) if device else reader.rest), *brand, *others),
        pack=tail_pack if tail_pack.counted or tail_pack.measure else pack,
        bare=not (reader.found or reader.rest or tail),
    )


def _read_head(tokens: Sequence[Token], *, names_unknown: bool) -> tuple[Reader, Pack]:
    pack = read_pack(tokens, whole=False)
    reader = Reader(names_unknown)
    reader.read(tokens, pack.used | pack.loose)
    return reader, pack


def _names_substance(text: str) -> bool:
    words = [word for _, word in medicine_tokens(text)]
    return any(substance_at(words, place, index()) for place in range(len(words)))


def _read_tail(tail: str) -> tuple[tuple[str, ...], list[str], Pack]:
    """Brand, other words and pack of the bracket at the end of a name."""
    if not tail:
        return (), [], Pack()
    first, *others = (medicine_tokens(piece) for piece in tail.split(","))
    pack = read_pack(first, whole=False)
    if not pack.counted or len(pack.used) < len(first):
        rest = [token for piece in others for token in piece]
        pack = read_pack(rest, whole=True)
        left = [token for place, token in enumerate(rest) if place not in pack.used | pack.loose]
        return tuple(_words(first)), _words(left), pack
    return (), [], pack


def _words(tokens: Sequence[Token]) -> list[str]:
    tables = medicine_words()
    words = [word for kind, text in tokens if kind != "sign" for word in text.split()]
    return [word for word in words if word not in tables.fillers and word not in tables.pack_fills]
