"""What kind of value a key is, told without telling the value: a plan is read over shoulders and sent by mail."""

from __future__ import annotations

import re

from mdi_engine.linkage.models.expressions import KeyExpression

_DATE = re.compile(r"\d{4}-(\d\d-\d\d)")


def kind_of(text: str) -> str:
    """The kind of a text: what it is made of, how long, and what makes it look like a stand-in.

    >>> kind_of("1900-01-01"), kind_of("1971-03-09"), kind_of("0000000000000000"), kind_of("08123")
    ('a 1 January', 'a date', '16 digits, all alike', '5 digits')
    >>> kind_of("SITI"), kind_of("SITI AMINAH"), kind_of("-"), kind_of("B-12")
    ('4 letters', '2 words', '1 sign', '4 signs')
    """
    if date := _DATE.fullmatch(text):
        return "a 1 January" if date[1] == "01-01" else "a date"
    words = len(text.split())
    if words > 1:
        return f"{words} words"
    made_of = "digit" if text.isdecimal() else "letter" if text.isalpha() else "sign"
    alike = ", all alike" if len(text) > 1 and len(set(text)) == 1 else ""
    return f"{len(text)} {made_of}{'' if len(text) == 1 else 's'}{alike}"


def kinds_of(expressions: tuple[KeyExpression, ...], texts: tuple[str, ...]) -> str:
    """A key in kinds, expression by expression.

    >>> kinds_of((KeyExpression("name", "each"), KeyExpression("city")), ("SITI", "Medan"))
    'each(name): 4 letters & city: 5 letters'
    """
    return " & ".join(f"{expression}: {kind_of(text)}" for expression, text in zip(expressions, texts, strict=True))
