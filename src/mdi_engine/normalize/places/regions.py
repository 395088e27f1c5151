"""Region names and codes in source rows to Kemendagri codes; region names found inside other names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from mdi_engine.normalize.spelling import modern_spelling
from mdi_engine.normalize.text import ascii_lower, null_placeholder
from mdi_engine.reference.regions import Kabkota, Province, before_papua_split, kabkota, provinces, retired_kabkota

_NOT_WORD = re.compile(r"[\W_]+")
_CODE = re.compile(r"[0-9][0-9.]*")


def compact(name: str) -> str:
    """Letters and digits only, without marks and in new spelling: the form under which region names are compared.

    Folding harder would join what must stay apart (Madinah and Madina, `Kediri I` and Kediri); variants of a name
    are aliases in the table.

    >>> compact("Tanjung Pinang") == compact("TANDJUNGPINANG")
    True
    """
    return modern_spelling(_NOT_WORD.sub("", ascii_lower(name)))


@cache
def _province_names() -> Mapping[str, str]:
    return {compact(name): row.code for row in provinces().values() for name in (row.name, *row.aliases)}


def province_code(text: str | None) -> str | None:
    """Kemendagri code (2 digits) of a province given by name, or by a Kemendagri code of 2 or more digits.

    Provinces made from Papua and Papua Barat in 2022 come back under their parent, so that older and newer lists
    compare. NULL where the text names no province. Source: Kepmendagri 300.2.2-2430/2025.

    >>> [province_code(text) for text in ("D I YOGYAKARTA", "Prov. Jawa Barat", "9401", "96", "35.15", "Atlantis")]
    ['34', '32', '91', '92', '35', None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    if _CODE.fullmatch(cleaned):
        digits = cleaned.replace(".", "")
        code = digits[:2] if len(digits) == 2 or len(digits) >= 4 else ""
    else:
        code = _province_by_name(ascii_lower(cleaned))
    return before_papua_split(code) if code in provinces() else None


def _province_by_name(name: str) -> str:
    bare = re.sub(r"^\W*(provinsi|propinsi|prov|prop)\b\W*", "", name)
    return _province_names().get(compact(bare), "")


def kabkota_code(text: str | None) -> str | None:
    """Kemendagri code (4 digits) as stated, if it is or was a kab/kota, of a code of 4 or more digits; else NULL.

    A BPS code looks the same and means another place: only a column known to hold Kemendagri codes belongs here.

    >>> [kabkota_code(text) for text in ("3515", "35.15.08", "9102", "9999", "Sidoarjo")]
    ['3515', '3515', '9102', None, None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None or not _CODE.fullmatch(cleaned):
        return None
    code = cleaned.replace(".", "")[:4]
    return code if code in kabkota() or code in retired_kabkota() else None


@cache
def _places() -> Mapping[str, str]:
    """Compact form of each kab/kota or province name or alias → the name's words in lower case."""
    found: dict[str, str] = {}
    rows: list[Kabkota | Province] = [*kabkota().values(), *provinces().values()]
    for row in rows:
        words = " ".join(_NOT_WORD.split(ascii_lower(row.name)))
        for name in (row.name, *row.aliases):
            found.setdefault(compact(name), words)
    return found


_LONGEST_PLACE = 5


def place_at(words: Sequence[str], start: int) -> tuple[str, int] | None:
    """The longest region name that begins at `start`, as (its words in lower case, how many words it took), or None.

    >>> place_at(["rs", "nagan", "raya"], 1), place_at(["tanjungpinang"], 0), place_at(["rs"], 0)
    (('nagan raya', 2), ('tanjung pinang', 1), None)
    """
    for length in range(min(_LONGEST_PLACE, len(words) - start), 0, -1):
        found = _places().get(compact("".join(words[start : start + length])))
        if found is not None:
            return found, length
    return None


@cache
def _both_kinds() -> frozenset[str]:
    kinds: dict[str, set[str]] = {}
    for row in kabkota().values():
        kinds.setdefault(_places()[compact(row.name)], set()).add(row.kind)
    return frozenset(name for name, found in kinds.items() if len(found) > 1)


def has_both_kinds(place: str) -> bool:
    """Whether a regency and a city bear this name (as `place_at` gives it), such as Bogor or Solok."""
    return place in _both_kinds()


NORMALIZERS = (province_code, kabkota_code)
