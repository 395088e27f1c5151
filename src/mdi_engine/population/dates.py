"""Days as numbers (from 1970-01-01) and as the texts that source systems write."""

from __future__ import annotations

from functools import cache

import numpy as np

from mdi_engine.population.draws import Ints, Strings, strings

FIRST_DAY = int(np.datetime64("1900-01-01").astype("datetime64[D]").astype(np.int64))
LAST_DAY = int(np.datetime64("2040-12-31").astype("datetime64[D]").astype(np.int64))
# Formats: each system keeps to one.
DASHES, SLASHES, ISO = "{2:02d}-{1:02d}-{0:04d}", "{2:02d}/{1:02d}/{0:04d}", "{0:04d}-{1:02d}-{2:02d}"
FORMATS = (DASHES, SLASHES, ISO)


def parts(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of each."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, month.astype(np.int64) % 12 + 1, (day - month).astype(np.int64) + 1


def day_of(year: int, month: int, day: int) -> int:
    """The number of a day.

    >>> day_of(1970, 1, 2)
    1
    """
    return int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}").astype("datetime64[D]").astype(np.int64))


def days_of(year: Ints, month: Ints, day: Ints) -> Ints:
    """The numbers of days that exist; `day` beyond the end of a month runs into the next."""
    months = (year - 1970) * 12 + month - 1
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1


@cache
def _texts(form: str) -> Strings:
    year, month, day = parts(np.arange(FIRST_DAY, LAST_DAY + 1))
    return strings([form.format(*ymd) for ymd in zip(year.tolist(), month.tolist(), day.tolist(), strict=True)])


def day_text(day: int) -> str:
    """One day in ISO form.

    >>> day_text(-1)
    '1969-12-31'
    """
    return str(np.datetime64(day, "D"))


def text(days: Ints, form: str) -> Strings:
    """Each day as a text in one format; days from 1900 to 2040."""
    return _texts(form)[days - FIRST_DAY]
