"""Numbers of persons other than the NIK: passport, insurance card, civil servant; and a digest that stands for one."""

from __future__ import annotations

import hashlib
import re

from mdi_engine.normalize.digits import has_exponent, is_day, is_decimal, is_number, undecorated
from mdi_engine.normalize.text import MAX_CHARS, null_placeholder
from mdi_engine.reference.fillers import fillers, is_pseudo
from mdi_engine.reference.regions import kecamatan, real_region

_PASSPORT = re.compile("(?=[A-Z]*[0-9]{5})[A-Z0-9]{6,9}")
_BETWEEN = re.compile(r"[;,/|\r\n]+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_NOT_DIGIT = re.compile("[^0-9]+")
_CARD = 13
_NIP = 18
# Contract staff (PPPK) have 21 where civil servants have the month they began in.
_CONTRACT = 21
_SEXES = {"1": "male", "2": "female"}


def fingerprint(text: str | None) -> str | None:
    """A digest that stands for a number where the number itself must not: 20 hex digits; NULL for NULL.

    SHA-256 over `mdi:` and the letters and digits of the text, in capitals: how it is punctuated makes no difference.
    NULL, too, for a number with decimals (`3815.0`), which would get the digest of another number.

    >>> fingerprint("9901.0141 0190-0003") == fingerprint("9901014101900003") == "65a3225f5b2f5119f34e"
    True
    >>> fingerprint(" - ") is None
    True
    """
    cleaned = null_placeholder(text) or ""
    kept = "" if is_decimal(cleaned) else _NOT_ALNUM.sub("", cleaned).upper()
    return hashlib.sha256(f"mdi:{kept}".encode()).hexdigest()[:20] if kept else None


def passport(text: str | None) -> str | None:
    """A passport number: 6 to 9 capitals and digits, at most the first letters before at least five digits; else NULL.

    Indonesian ones have one or two letters and 6 or 7 digits; foreigners' may be digits only, but not such as begin
    with a district's code: those are pieces of a NIK.

    >>> [passport(text) for text in ("c 1234568", "X-123457", "AB1234567", "A12", "000000", "3.2E+15")]
    ['C1234568', 'X123457', 'AB1234567', None, None, None]
    """
    code = undecorated(text)
    if code is None or not _PASSPORT.fullmatch(code):
        return None
    if len({*_NOT_DIGIT.sub("", code)}) == 1 or has_exponent(code) or real_region(code[:6]) in kecamatan():
        return None
    return code


def bpjs_card(text: str | None) -> str | None:
    """The number of a BPJS Kesehatan card: 13 digits, leading zeros kept (and not put back where they are lost).

    >>> [bpjs_card(text) for text in ("0001234567894", "0001-2345-67894", "1234567894", "0000000000000")]
    ['0001234567894', '0001234567894', None, None]
    """
    digits = undecorated(text)
    return digits if digits is not None and is_number(digits, _CARD) and len(set(digits)) > 1 else None


def nip(text: str | None) -> str | None:
    """The number of a civil servant (NIP), 18 digits: birth date, month of entry, sex 1 or 2, serial; else NULL.

    Of several in one cell, parted by `;` `,` `/` or a line break, the first sound one.

    >>> [nip(text) for text in ("19900515 201503 2 001", "199005152022212001", "19901315 201503 2 001")]
    ['199005152015032001', '199005152022212001', None]
    >>> nip("-; 199005152015032001")
    '199005152015032001'
    """
    if text is None or is_decimal(text[:MAX_CHARS]):
        return None
    parts = (undecorated(part) for part in _BETWEEN.split(text[:MAX_CHARS]))
    return next((digits for digits in parts if digits is not None and _is_nip(digits)), None)


def _is_nip(digits: str) -> bool:
    if not is_number(digits, _NIP) or is_pseudo(digits) or digits[14] not in _SEXES:
        return False
    year, month, day, entry, entry_month = (int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 12), (12, 14)))
    in_time = fillers().first_year <= year < entry <= fillers().last_year
    return in_time and is_day(year, month, day) and (1 <= entry_month <= 12 or entry_month == _CONTRACT)


def nip_birth_date(text: str | None) -> str | None:
    """The birth date in a sound NIP as `YYYY-MM-DD`; else NULL.

    >>> nip_birth_date("19900515 201503 2 001")
    '1990-05-15'
    """
    digits = nip(text)
    return None if digits is None else f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"


def nip_sex(text: str | None) -> str | None:
    """The sex in a sound NIP: `male` or `female`; else NULL.

    >>> nip_sex("19900515 201503 2 001")
    'female'
    """
    digits = nip(text)
    return None if digits is None else _SEXES[digits[14]]


NORMALIZERS = (fingerprint, passport, bpjs_card, nip, nip_birth_date, nip_sex)
