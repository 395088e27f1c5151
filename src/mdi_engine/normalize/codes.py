"""Codes of facilities in source rows."""

from __future__ import annotations

import re
import unicodedata

from mdi_engine.normalize.digits import is_decimal
from mdi_engine.normalize.text import null_placeholder

# 7 digits (BPS kab/kota 4 + serial 3); a letter behind them marks a temporary site, some newer lists have 8 digits.
_HOSPITAL_CODE = re.compile(r"[0-9]{7,8}[A-Z]?")
_DECORATION = re.compile(r"[\s.\-']+")
_BLANKS = re.compile(r"[\s'’`]+")


def hospital_code(text: str | None) -> str | None:
    """A hospital's code in SIRS (`kode_rs`), as 7 or 8 digits, perhaps a letter; SISDMK's leading `R` goes; else NULL.

    >>> [hospital_code(text) for text in (" 3508055 ", "R3508055", "3504089s", "35-08.055", "3508", "3508055.0")]
    ['3508055', '3508055', '3504089S', '3508055', None, None]
    """
    cleaned = (null_placeholder(text) or "").upper()
    if is_decimal(cleaned.removeprefix("R")):
        return None
    code = _DECORATION.sub("", cleaned).removeprefix("R")
    return code if _HOSPITAL_CODE.fullmatch(code) else None


_LONGEST_CODE = 64


def site_code(text: str | None) -> str | None:
    """Any code a source gives its rows: capitals, without blanks and apostrophes; NULL if longer than 64 characters.

    Points, dashes and strokes stay, since some lists tell codes apart by them alone; a number with decimals is none.

    >>> [site_code(text) for text in (" pj-007 ", "'0012", "OB 12/3", "-", "12.0")]
    ['PJ-007', '0012', 'OB12/3', None, None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None or is_decimal(cleaned):
        return None
    code = unicodedata.normalize("NFC", _BLANKS.sub("", cleaned).upper())
    return code if 0 < len(code) <= _LONGEST_CODE else None


NORMALIZERS = (hospital_code, site_code)
