"""Sex, telephone numbers and e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from mdi_engine.normalize.digits import is_decimal
from mdi_engine.normalize.text import MAX_CHARS, null_placeholder
from mdi_engine.reference.fillers import fillers
from mdi_engine.reference.tables import read_toml

_NOT_SIGN = re.compile(r"[\W_]+")
# Indonesian mobile numbers as the library knows them: 8, not 84, 9 to 12 digits without the leading 0. Behind a 62
# without plus at least 10: the library reads shorter ones as numbers of a town with the area code 062x.
_MOBILE = re.compile(r"(?:(?:\+62|0)?|62(?=[0-9]{10}))(8[1-35-9][0-9]{7,10})")
_SPACING = re.compile(r"[ .\-()]+")
_LABEL = re.compile(r"^(?:(?:no|nomor|hp|telp|tlp|tel|phone|wa|mobile)\b[\s.:/]*)+", re.IGNORECASE)
_EXTENSION = re.compile(r"\s?\b(?:ext|pes|pswt|ekst)\b.*$", re.IGNORECASE)
_BETWEEN = re.compile(r"[;,|&\n]|/|\batau\b|\bdan\b|\s(?=\+|08|62 ?8)")
# `0812… (istri)`: whose it is. Masks (xx) are none.
_NOTE = re.compile(r"\((?!x+\))[^\W\d_][^()\d#*_]{0,40}\)", re.IGNORECASE)
_LONGEST_PHONE = 40
_FEWEST_DIFFERENT = 3
_MAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_LONGEST_MAIL = 254


@cache
def _sexes() -> Mapping[str, str]:
    return {word: name for name, words in read_toml("sexes").items() for word in words}


def sex(text: str | None) -> str | None:
    """`male` or `female`; NULL for what says neither.

    >>> [sex(text) for text in ("L", "Laki-laki", "PEREMPUAN", "p", "1", "2", "Wanita", "0", "-")]
    ['male', 'male', 'female', 'female', 'male', 'female', 'female', None, None]
    """
    if text is None:
        return None
    return _sexes().get(text) or _sexes().get(_NOT_SIGN.sub("", text[:MAX_CHARS]).lower())


def phone(text: str | None) -> str | None:
    """A valid telephone number in E.164, Indonesian where no country is said; of several in a cell the first valid one.

    NULL for numbers that are not valid, cut, masked, rounded by a spreadsheet or given decimals, or that people type to
    fill a field.

    >>> [phone(text) for text in ("0812-3456-7801", "62 812 3456 7801", "8123456701", "(021) 5501234 ext 12")]
    ['+6281234567801', '+6281234567801', '+628123456701', '+62215501234']
    >>> [phone(text) for text in ("081234567801 / 021-5501234", "08129876543__", "0812########_", "08123456789")]
    ['+6281234567801', '+628129876543', None, None]
    """
    if text is None:
        return None
    if len(text) <= _LONGEST_PHONE and not is_decimal(text):
        fast = _MOBILE.fullmatch(text) or _MOBILE.fullmatch(_SPACING.sub("", text.strip(" _'’")))
        if fast:
            return _unless_filler(f"+62{fast[1]}")
    cleaned = null_placeholder(text)
    if cleaned is None or is_decimal(cleaned):
        return None
    return next(filter(None, (_unless_filler(number) for number in _parsed(cleaned))), None)


def _parsed(cleaned: str) -> Iterator[str]:
    for part in _BETWEEN.split(_NOTE.sub(" ", cleaned)):
        bare = _LABEL.sub("", part.strip())
        number = None if is_decimal(bare) else parse_phone(bare)
        if number is not None:
            yield number


def parse_phone(text: str) -> str | None:
    """One number in E.164 as the library reads it; None if it is not a valid one, or holds letters or masks."""
    text = _EXTENSION.sub("", text).strip(" _")
    if len(text) > _LONGEST_PHONE or any(sign.isalpha() or sign in "#*_" for sign in text):
        return None
    import phonenumbers  # here: it takes a while, and most numbers never come here

    try:
        number = phonenumbers.parse(text, "ID")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _unless_filler(number: str) -> str | None:
    """Known fillers, and numbers of fewer than three different digits behind the first five signs (`0811111111`)."""
    return None if number in fillers().phones or len(set(number[5:])) < _FEWEST_DIFFERENT else number


def email(text: str | None) -> str | None:
    """An e-mail address in lower case, if it has the shape of one; of several in a cell the first; else NULL.

    >>> [email(text) for text in (" Siti.Aisyah@Example.CO.ID ", "mailto:a.b@example.com", "siti@", "tidak ada")]
    ['siti.aisyah@example.co.id', 'a.b@example.com', None, None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    for part in re.split(r"[\s;,]+", cleaned.lower()):
        address = part.removeprefix("mailto:").strip("<>()\"'.")
        if len(address) <= _LONGEST_MAIL and _MAIL.fullmatch(address) and address not in fillers().emails:
            return address
    return None


NORMALIZERS = (sex, phone, email)
