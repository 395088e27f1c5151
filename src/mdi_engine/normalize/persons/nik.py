"""The NIK (Nomor Induk Kependudukan), the resident's number of 16 digits, and the number of the family card (KK).

PPKKCC DDMMYY SSSS: province, kab/kota and kecamatan (Kemendagri codes where the number was first issued, so also codes
no longer in use), birth date with 40 added to a woman's day, serial from 0001. A NIK is kept for life: region, birth
date and sex in it are evidence, not truth. Source: PP 37/2007, article 37. A damaged number is refused, not repaired.
"""

from __future__ import annotations

import re

from mdi_engine.normalize.digits import has_exponent, is_day, is_decimal, is_number, undecorated
from mdi_engine.normalize.text import MAX_CHARS, null_placeholder
from mdi_engine.reference.fillers import full_year, is_pseudo
from mdi_engine.reference.regions import kabkota, kecamatan, real_region, retired_kabkota, retired_kecamatan

_LENGTH = 16
_FEMALE = 40
_NOT_DIGIT = re.compile("[^0-9]")
_DAYS = [(day, month) for month in range(1, 13) for day in range(1, 32) if is_day(2000, month, day)]
_MEN = frozenset(f"{day:02}{month:02}" for day, month in _DAYS)
_WOMEN = frozenset(f"{day + _FEMALE}{month:02}" for day, month in _DAYS)
_LEAP_DAYS = frozenset({"2902", "6902"})


def nik(text: str | None) -> str | None:
    """A NIK as 16 digits if its structure holds, decoration off; else NULL (see `nik_fault`).

    An unknown region is no fault (see `nik_warning`). O for 0 and l for 1 are not repaired.

    >>> [nik(text) for text in ("3815104101900003", "'3815.1041 0190-0003", "3815104101900000", "3.8E+15", "381510")]
    ['3815104101900003', '3815104101900003', None, None, None]
    """
    digits = undecorated(text)
    return digits if digits is not None and is_number(digits, _LENGTH) and _fault(digits) is None else None


def nik_fault(text: str | None) -> str | None:
    """Why a text is no NIK; NULL if it is one, and if there is none.

    `exponent`: a spreadsheet rounded it; `decimal`: one gave it decimals; `letters`: other characters than digits;
    `length`: not 16 digits; `pseudo`: a filler, or a first digit 0; `date`: no day of the calendar; `serial`: 0000.

    >>> [nik_fault(text) for text in ("3.8E+15", "38151O4101900003", "381510", "9999999999999999", "3815103202900003")]
    ['exponent', 'letters', 'length', 'pseudo', 'date']
    >>> [nik_fault(text) for text in ("3815104101900000", "381510410190003.0", "3815104101900003", "-")]
    ['serial', 'decimal', None, None]
    """
    digits = undecorated(text)
    if digits is None:
        return "decimal" if is_decimal(null_placeholder(text) or "") else None
    if has_exponent(null_placeholder((text or "")[:MAX_CHARS]) or ""):
        return "exponent"
    if _NOT_DIGIT.search(digits):
        return "letters"
    return "length" if len(digits) != _LENGTH else _fault(digits)


def _fault(digits: str) -> str | None:
    if is_pseudo(digits):
        return "pseudo"
    if not (digits[6:10] in _MEN or digits[6:10] in _WOMEN) or not _leaps(digits):
        return "date"
    return "serial" if digits.endswith("0000") else None


def _leaps(digits: str) -> bool:
    """Whether the date is no 29 February of a year that has none."""
    return digits[6:10] not in _LEAP_DAYS or is_day(full_year(int(digits[10:12])), 2, 29)


def nik_warning(text: str | None) -> str | None:
    """`unknown_region` or `retired_region` of a sound NIK whose district is not in use; NULL otherwise.

    Sample provinces count as the real ones they stand for.

    >>> [nik_warning(text) for text in ("3816034101900003", "9900004101900003", "9801014101900003")]
    [None, 'unknown_region', 'retired_region']
    """
    digits = nik(text)
    if digits is None:
        return None
    code = real_region(digits[:6])
    if code in kecamatan():
        return None
    retired = code in retired_kecamatan() or code[:4] in retired_kabkota()
    return "retired_region" if retired else "unknown_region"


def nik_birth_date(text: str | None) -> str | None:
    """The birth date in a sound NIK as `YYYY-MM-DD`: years 27 to 99 are of the 1900s, 00 to 26 of the 2000s; else NULL.

    >>> nik_birth_date("3815105505900003"), nik_birth_date("3815101505200003")
    ('1990-05-15', '2020-05-15')
    """
    digits = nik(text)
    if digits is None:
        return None
    day = int(digits[6:8])
    year = full_year(int(digits[10:12]))
    return f"{year}-{digits[8:10]}-{day - _FEMALE if day > _FEMALE else day:02}"


def nik_sex(text: str | None) -> str | None:
    """The sex in a sound NIK: `female` where 40 was added to the day, else `male`; else NULL.

    >>> nik_sex("3815105505900003"), nik_sex("3815101505900003"), nik_sex("3815")
    ('female', 'male', None)
    """
    digits = nik(text)
    return None if digits is None else "female" if int(digits[6:8]) > _FEMALE else "male"


def nik_kabkota(text: str | None) -> str | None:
    """Code (4 digits) of the kab/kota that issued a sound NIK, today's one for a retired; NULL if it is none known.

    >>> nik_kabkota("3816034101900003"), nik_kabkota("9801014101900003"), nik_kabkota("9900004101900003")
    ('1216', '9301', None)
    """
    digits = nik(text)
    if digits is None:
        return None
    code = real_region(digits[:6])
    retired = retired_kabkota().get(code[:4])
    if retired is not None:
        return (_successor(code) or retired.successor)[:4]
    return code[:4] if code[:4] in kabkota() else None


def nik_kecamatan(text: str | None) -> str | None:
    """Code (6 digits) of the district that issued a sound NIK, today's one for a retired; NULL if it is none known.

    >>> nik_kecamatan("3816034101900003"), nik_kecamatan("9801014101900003"), nik_kecamatan("9900004101900003")
    ('121603', '930101', None)
    """
    digits = nik(text)
    if digits is None:
        return None
    code = real_region(digits[:6])
    return code if code in kecamatan() else _successor(code)


def _successor(code: str) -> str | None:
    retired = retired_kecamatan().get(code)
    return retired.successor if retired else None


def kk(text: str | None) -> str | None:
    """The number of a family card (kartu keluarga) as 16 digits if its structure holds, decoration off; else NULL.

    Built as a NIK, but the date is that of registration (nothing is added to the day).

    >>> [kk(text) for text in ("3815101505120003", "3815-1015-0512-0003", "3815105505120003", "3815")]
    ['3815101505120003', '3815101505120003', None, None]
    """
    digits = nik(text)
    return digits if digits is not None and digits[6:10] in _MEN else None


NORMALIZERS = (nik, nik_fault, nik_warning, nik_birth_date, nik_sex, nik_kabkota, nik_kecamatan, kk)
