"""Registration numbers (NIE, nomor izin edar) of medicines, foods, cosmetics and devices, taken apart.

A drug's number has 15 characters, `DKL 05 043 810 10 A 1`: class letters, year of approval, maker, product of that
maker, dosage form, strength (A, B, C …), pack. All others are letters and digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from mdi_engine.normalize.text import MAX_CHARS, null_placeholder
from mdi_engine.reference.medicine_words import medicine_forms
from mdi_engine.reference.nie import NieShape, nie_shapes

# A run of digits longer than any number is not one.
_MAX_RUN = 30


@dataclass(frozen=True, slots=True)
class Nie:
    """A number taken apart: letters, digits, and of a drug the strength letter and pack digit behind (`tail`)."""

    prefix: str
    digits: str
    tail: str
    shape: NieShape

    def __str__(self) -> str:
        return self.prefix + self.digits + self.tail


@cache
def _pattern() -> re.Pattern[str]:
    prefixes = "|".join(sorted(nie_shapes(), key=len, reverse=True))
    # `BPOM` and the like are sometimes written onto the number.
    return re.compile(
        rf"(?<![A-Z])(?:BPOM|POM|RI)?({prefixes})[ .:\-]{{0,3}}([0-9](?:[ .\-]?[0-9]){{0,{_MAX_RUN}}})"
        r"(?:[ .\-]?([A-Z] ?[0-9])(?![0-9]))?"
    )


def parse_nie(text: str | None) -> Nie | str | None:
    """The first number in a text; or why there is none; None for NULL.

    Why there is none: `no_prefix` (no letters of a register before digits), `too_short`, `too_long` (not so many digits
    as belong to the letters), `no_tail` (a drug's number ends without its strength letter and pack digit).
    """
    return None if text is None else _parse(text[:MAX_CHARS])  # cut before it is remembered


@lru_cache(maxsize=65_536)
def _parse(text: str) -> Nie | str | None:
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    fault = "no_prefix"
    for found in _pattern().finditer(cleaned.upper()):
        read = _read(found[1], found[2], (found[3] or "").replace(" ", ""))
        if isinstance(read, Nie):
            return read
        fault = read if fault == "no_prefix" else fault
    return fault


def _read(prefix: str, run: str, tail: str) -> Nie | str:
    shape = nie_shapes()[prefix]
    digits = re.sub(r"[ .\-]", "", run)
    if len(digits) not in shape.digits:
        # A second number may follow after a blank: the first then ends with one of the blanks.
        starts = (run[: at.start()] for at in re.finditer(" ", run))
        short = [start for start in (re.sub(r"[ .\-]", "", text) for text in starts) if len(start) in shape.digits]
        if not short or shape.tailed:
            return "too_long" if len(digits) > max(shape.digits) else "too_short"
        digits = short[-1]
    if not shape.tailed:
        return Nie(prefix, digits, "", shape)
    return Nie(prefix, digits, tail, shape) if tail else "no_tail"


def _parsed(text: str | None) -> Nie | None:
    read = parse_nie(text)
    return read if isinstance(read, Nie) else None


def _drug(text: str | None) -> Nie | None:
    read = _parsed(text)
    return read if read is not None and read.shape.tailed else None


def nie(text: str | None) -> str | None:
    """The registration number in capitals and digits, what is written around it left out; NULL if there is none.

    >>> [nie(text) for text in ("BPOM: DKL9931519403A1", "Kemenkes RI: AKL 21104023171", "DKL99315194", "-")]
    ['DKL9931519403A1', 'AKL21104023171', None, None]
    """
    read = _parsed(text)
    return None if read is None else str(read)


def nie_fault(text: str | None) -> str | None:
    """Why a text is no number: `no_prefix`, `too_short`, `too_long`, `no_tail`; NULL if it is one, or holds nothing.

    >>> [nie_fault(text) for text in ("AKL 2110402317", "DKL0504381010", "izin lama", "GKL1105045110B1", None)]
    ['too_short', 'no_tail', 'no_prefix', None, None]
    """
    read = parse_nie(text)
    return read if isinstance(read, str) else None


def nie_kind(text: str | None) -> str | None:
    """What is registered: drug, supplement, traditional, cosmetic, quasi, food, device, household, emergency, donation.

    >>> [nie_kind(text) for text in ("DKI2073402117A1", "POM SD 051234567", "AKD 20903710125", "LKE20209013", "?")]
    ['drug', 'supplement', 'device', 'donation', None]
    """
    read = _parsed(text)
    return None if read is None else read.shape.kind


def nie_class(text: str | None) -> str | None:
    """What the letters say: brand or generic, class of sale, local or import; of others where it comes from.

    >>> nie_class("GKL1105045110B1"), nie_class("AKL21104023171"), nie_class("NA18131203984")
    ('generic keras local', 'import', 'asia')
    """
    read = _parsed(text)
    return None if read is None else read.shape.words


def nie_product(text: str | None) -> str | None:
    """The first 11 characters of a drug's number: the product of one maker, whatever its form, strength and pack.

    >>> nie_product("DKL0905043810B1"), nie_product("AKL21104023171")
    ('DKL09050438', None)
    """
    read = _drug(text)
    return None if read is None else str(read)[:11]


def nie_item(text: str | None) -> str | None:
    """What stays when an approval is renewed or the pack differs: maker, product, form, strength of a drug.

    Of other kinds the whole number.

    >>> nie_item("DKL0905043810B1"), nie_item("DKL1405043810B2"), nie_item("AKL 21104023171")
    ('DKL05043810B', 'DKL05043810B', 'AKL21104023171')
    """
    read = _parsed(text)
    if read is None or not read.shape.tailed:
        return None if read is None else str(read)
    return read.prefix + read.digits[2:] + read.tail[:1]


def nie_form(text: str | None) -> str | None:
    """The two digits of a drug's number that stand for its dosage form.

    >>> nie_form("DKL0905043810B1"), nie_form_name("DKL0905043810B1")
    ('10', 'tablet')
    """
    read = _drug(text)
    return None if read is None else read.digits[8:]


def nie_form_name(text: str | None) -> str | None:
    """The dosage form a drug's number stands for, in the words of `medicine_form`; NULL where the code is not known.

    >>> nie_form_name("GKL1431535849A1"), nie_form_name("GKL1431535800A1")
    ('infus', None)
    """
    return medicine_forms().by_bpom.get(nie_form(text) or "")


def nie_strength(text: str | None) -> str | None:
    """The letter of a drug's number that tells its strengths apart, in the order of approval.

    >>> nie_strength("DKL0905043810B1")
    'B'
    """
    read = _drug(text)
    return None if read is None else read.tail[0]


def nie_pack(text: str | None) -> str | None:
    """The last digit of a drug's number, which tells its packs apart.

    >>> nie_pack("DKL0905043810B1")
    '1'
    """
    read = _drug(text)
    return None if read is None else read.tail[1:]


NORMALIZERS = (
    nie,
    nie_fault,
    nie_kind,
    nie_class,
    nie_product,
    nie_item,
    nie_form,
    nie_form_name,
    nie_strength,
    nie_pack,
)
