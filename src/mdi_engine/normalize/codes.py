"""Codes of facilities in source rows."""

from __future__ import annotations

import re

from mdi_engine.normalize.text import null_placeholder

# 7 digits (BPS kab/kota 4 + serial 3); a letter behind them marks a temporary site, some newer lists have 8 digits.
_HOSPITAL_CODE = re.compile(r"[0-9]{7,8}[A-Z]?")
_DECORATION = re.compile(r"[\s.\-']+")


def hospital_code(text: str | None) -> str | None:
    """A hospital's code in SIRS (`kode_rs`), as 7 or 8 digits, perhaps a letter; SISDMK's leading `R` goes; else NULL.

    >>> [hospital_code(text) for text in (" 3508055 ", "R3508055", "3504089s", "35-08.055", "3508")]
    ['3508055', '3508055', '3504089S', '3508055', None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    code = _DECORATION.sub("", cleaned).upper().removeprefix("R")
    return code if _HOSPITAL_CODE.fullmatch(code) else None


NORMALIZERS = (hospital_code,)
