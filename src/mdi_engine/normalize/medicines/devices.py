"""Names that are no medicine's: devices and supplies, whose words and sizes all belong to what they are."""

from __future__ import annotations

from collections.abc import Sequence

from mdi_engine.normalize.medicines.packs import Pack, content
from mdi_engine.normalize.medicines.reader import Reader
from mdi_engine.normalize.medicines.strength import UNREAD, read_strength
from mdi_engine.normalize.medicines.tokens import Token, form_at
from mdi_engine.reference.medicine_words import medicine_words


def is_device(reader: Reader, tokens: Sequence[Token]) -> bool:
    """Whether nothing says that this is a medicine.

    A form at the beginning, before other words (`infus set`), does not; nor does a weight in grams (`kapas 250 g`),
    which may be a gauge, too (`24G`).
    """
    if reader.found or not all(amount.grams for amount in reader.early):
        return False
    words = [text for kind, text in tokens if kind == "word"]
    first = form_at(words, 0) if words else None
    return bool(words) if reader.form is None else first is not None and first[1] < len(words)


def device_words(tokens: Sequence[Token], pack: Pack) -> list[str]:
    """The words and sizes of a device's name, without its pack, in one language: `syringe 3 cc` is `spuit 3ml`."""
    tables = medicine_words()
    dropped = tables.fillers | tables.pack_joins
    outer = {place for place, (_, text) in enumerate(tokens) if tables.containers.get(text) in tables.outer}
    packed = (pack.used | outer) - {0}
    words: list[str] = []
    for place, (kind, text) in enumerate(tokens):
        if kind == "strength":
            amounts = read_strength(text)
            unread = any(amount.amount == UNREAD for amount in amounts)
            words += [text.replace(" ", "")] if unread else [content(amount) for amount in amounts]
        elif kind == "word" and text not in dropped and place not in packed:
            words += tables.devices.get(text, text).split()
    return words
