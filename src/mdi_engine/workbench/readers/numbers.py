"""Numbers that a file keeps as floats, as text: exact, or said to be lost."""

from __future__ import annotations

from mdi_engine.workbench.readers.chunks import Lost

# Decimal digits that a float keeps whatever they are (IEEE 754: DBL_DIG, FLT_DIG, and of 16 bits).
DOUBLE_DIGITS, SINGLE_DIGITS, HALF_DIGITS = 15, 6, 3
# From here on, whole numbers have gaps.
_WHOLE = 2.0**53


def number_text(number: float) -> str:
    """The shortest text that gives the number again; a whole one without a point.

    >>> number_text(812345678901.0), number_text(3.5), number_text(9271060312000001.0), number_text(-0.0)
    ('812345678901', '3.5', '9271060312000000.0', '0')
    """
    return str(int(number)) if abs(number) < _WHOLE and number == int(number) else repr(number)


def number_cell(number: float, digits: int, where: str) -> str | Lost:
    """A float in a column of codes: its text if it is a whole number of at most so many digits, else lost in `where`.

    >>> number_cell(3171.0, DOUBLE_DIGITS, "spreadsheet")
    '3171'
    >>> number_cell(9271060312000001.0, DOUBLE_DIGITS, "spreadsheet").reason
    'a number of 16 digits lost its last digits in the spreadsheet; export this column as text'
    >>> number_cell(0.5, DOUBLE_DIGITS, "spreadsheet").reason
    'a number that is not whole is no code; export this column as text'
    """
    if number - number != 0 or number != int(number):
        return Lost(repr(number), "a number that is not whole is no code; export this column as text")
    length = len(str(abs(int(number))))
    if length > digits:
        reason = f"a number of {length} digits lost its last digits in the {where}; export this column as text"
        return Lost(repr(number), reason)
    return str(int(number))
