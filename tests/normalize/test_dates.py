from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.dates import birth_date, birth_place, plain_date

DATES = st.dates(date(1902, 1, 1), date(2026, 12, 31)).filter(
    lambda day: (day.year, day.month, day.day) != (1970, 1, 1)
)
MONTHS = [
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
]  # fmt: skip
WRITINGS = [
    "{d}-{m}-{y}", "{d:02}/{m:02}/{y}", "{d:02}.{m:02}.{y}", "{d} {m} {y}", "{d} - {m} - {y}", "{y}-{m:02}-{d:02}",
    "{y}/{m}/{d}", "{y}-{m:02}-{d:02} 00:00:00", "{y}-{m:02}-{d:02}T00:00:00.000Z", "{y}-{m:02}-{d:02} 07:00:00+07:00",
    "{y}{m:02}{d:02}", "{d:02}{m:02}{y}", "{d} {name} {y}", "{d:02}-{short}-{y}", "{d} {NAME} {y}", "{d} {short}. {y}",
    "Jakarta, {d:02}-{m:02}-{y}", "JAKARTA {d} {name} {y}", "Kab. Bandung/{d}-{m}-{y}", "Jakarta, {y}-{m:02}-{d:02}",
    "{d}|{m}|{y}", "{d:02}_{m:02}_{y}", "{name} {d}, {y}", "{short} {d:02} {y}", "Jakarta, {name} {d}, {y}",
    "{d:02}/{m:02}/{y} 00:00", "'{d}-{m}-{y}", "{d:02}-{m:02}-{y} 12:30 WIB",
]  # fmt: skip


def written(day: date, form: str) -> str:
    name = MONTHS[day.month - 1]
    return form.format(d=day.day, m=day.month, y=f"{day.year}", name=name, NAME=name.upper(), short=name[:3])


@pytest.mark.parametrize("form", WRITINGS)
@given(day=DATES)
def test_every_writing_of_a_date_gives_it(form: str, day: date) -> None:
    assert birth_date(written(day, form)) == day.isoformat()
    assert plain_date(written(day, form)) == day.isoformat()


@given(day=st.dates(date(1927, 1, 1), date(2026, 12, 31)))
def test_two_digits_of_a_year_are_read_by_the_fixed_rule(day: date) -> None:
    assert birth_date(f"{day.day}/{day.month}/{day.year % 100:02}") == day.isoformat()


@given(
    st.one_of(
        st.text(), st.from_regex(r"\A[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}\Z"), st.from_regex(r"\A[0-9]{4,9}\Z")
    )
)
def test_what_comes_out_is_a_day_of_the_calendar_or_less_and_stays(text: str) -> None:
    found = birth_date(text)
    if found is not None:
        date.fromisoformat(found + {4: "-01-01", 7: "-01", 10: ""}[len(found)])
        assert birth_date(found) == found
    assert plain_date(plain_date(text)) == plain_date(text)
    assert birth_place(birth_place(text)) == birth_place(text)


@pytest.mark.parametrize(
    "text",
    ["31-02-1990", "29-02-1900", "05/25/1990", "15-13-1990", "0000-00-00", "1900-01-01", "9999-12-31", "32995",
     "32995.5",
     "1899-12-30 00:00:00", "00-00-0000", "-", "", "Seumur Hidup", "tidak tahu", "1-1", "3.2E+04", "1500",
     "31|02|1990", "May 32, 1990", "31/12/9999", "9999", "2500-01-01", "15051990123", "Jakarta"],
)  # fmt: skip
def test_no_dates_of_birth(text: str) -> None:
    assert birth_date(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [("1990", "1990"), ("Mei 1990", "1990-05"), ("05-1990", "1990-05"), ("1990-05", "1990-05"),
     ("Jakarta, 1990", "1990"),
     ("1970-01-01", "1970-01-01"), ("01-01-1990", "1990-01-01"), ("29-02-2000", "2000-02-29"),
     ("17 Agst 1945", "1945-08-17"), ("15 Mey 1990", "1990")],
)  # fmt: skip
def test_less_than_a_day_and_borders(text: str, found: str) -> None:
    assert birth_date(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("Seumur Hidup", "9999-12-31"), ("SEUMUR HIDUP", "9999-12-31"), ("9999-12-31 00:00:00", "9999-12-31"),
     ("31-12-9999", "9999-12-31"), ("31/12/9999", "9999-12-31"), ("9999", "9999-12-31"), ("31129999", "9999-12-31"),
     ("31 Desember 9999", "9999-12-31"), ("99-99-9999", None), ("Seumur Hidup (UU 17/2023)", "9999-12-31"),
     ("seumur hidup sejak 12/2023", "9999-12-31"), ("Bukan seumur hidup", None), ("selamanyaa", None),
     ("1970-01-01", None), ("31-12-2027", "2027-12-31"), ("0000-00-00", None)],
)  # fmt: skip
def test_dates_of_papers(text: str, found: str | None) -> None:
    assert plain_date(text) == found


@pytest.mark.parametrize(
    ("text", "place"),
    [("Jakarta, 15-05-1990", "jakarta"), ("Jakarta, 1990-05-15", "jakarta"), ("KAB. BANDUNG", "kabupaten bandung"),
     ("BANDUNG", "bandung"), ("KOTA BANDUNG", "kota bandung"), ("KAB. SLEMAN", "sleman"), ("Kodya Bogor", "kota bogor"),
     ("KABUPATEN BOGOR, 1 Mei 1990", "kabupaten bogor"), ("UJUNGPANDANG", "makassar"), ("Ujung Pandang", "makassar"),
     ("TANJUNGPINANG", "tanjung pinang"), ("Kab. Tandjung Pinang", "tanjung pinang"), ("Kota", None),
     ("DJAKARTA", "jakarta"),
     ("Jogja, 5 Mei 1990", "yogyakarta"), ("15-05-1990", None), ("-", None),
     ("Tanjung Pinang / 15 Mei 1990", "tanjung pinang"),
     ("Sept Lima, 1 Mei 1990", "sept lima")],
)  # fmt: skip
def test_places(text: str, place: str | None) -> None:
    assert birth_place(text) == place
