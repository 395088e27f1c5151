"""Text from anybody's file, made safe for where a person will see it: a spreadsheet, a terminal."""

from __future__ import annotations

import unicodedata

# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Marks that turn the direction of what follows on a terminal, beside the controls themselves.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe_cell(text: str) -> str:
    """The text with `'` before it where a spreadsheet would run it.

    >>> safe_cell("=1+1"), safe_cell("RSUD Blora")
    ("'=1+1", 'RSUD Blora')
    """
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def safe_terminal(text: str) -> str:
    """One line that a terminal shows as it is: controls become blanks, marks of direction and lone surrogates go.

    >>> safe_terminal("RS\\x1b[2J \\u202eUmum\\n")
    'RS [2J Umum '
    """
    kept = (character for character in text if character not in _DIRECTION)
    return "".join(" " if _is_control(c) else c for c in kept if unicodedata.category(c) != "Cs")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp")
