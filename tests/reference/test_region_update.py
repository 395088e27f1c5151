"""Newer lists of regions, on a small country and on the real one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.reference.change import ListUpdate, Tables
from mdi_engine.reference.incoming import Line
from mdi_engine.reference.region_update import update_regions
from mdi_engine.reference.succession import LEVEL_NAMES, changes
from mdi_engine.reference.tables import Row, read_csv

# A province with a regency and a city of one name; two districts each, two villages each.
COUNTRY = {
    "35": "Timur",
    "3501": "Melati",
    "3571": "Melati",
    "350101": "Anggrek",
    "350102": "Kenanga",
    "357101": "Utara",
    "3501012001": "Sukamaju",
    "3501012002": "Sukajadi",
    "3501022001": "Sukamaju",
    "3571011001": "Pasar",
}


def lines(names: Mapping[str, str], **more: Mapping[str, str]) -> list[Line]:
    """A list of these names, further columns by code."""
    return [
        Line(number, {"code": code, "name": name} | {column: cells.get(code, "") for column, cells in more.items()})
        for number, (code, name) in enumerate(names.items(), 2)
    ]


def row(**cells: str | None) -> Row:
    return cells


def tables(names: Mapping[str, str] = COUNTRY) -> Tables:
    plain = {
        level: [row(code=c, name=n) for c, n in sorted(names.items()) if len(c) == level] for level in (2, 4, 6, 10)
    }
    return {
        "provinces": [one | row(bps=one["code"], old=None, aliases="Jawa Timur") for one in plain[2]],
        "kabkota": [one | row(kind="", bps=f"9{str(one['code'])[1:]}", old=None, aliases=None) for one in plain[4]],
        "kecamatan": plain[6],
        "villages": plain[10],
        "kabkota_retired": [],
        "kecamatan_retired": [row(code="350199", name="Lama", successor="350102", last_seen="2018")],
        "villages_retired": [],
    }


def renewed(names: Mapping[str, str], now: Tables | None = None, **more: Mapping[str, str]) -> ListUpdate:
    faults: list[str] = []
    done = update_regions(now or tables(), lines(names, **more), faults, last_seen=2025)
    assert faults == []
    return done


def refused(names: Mapping[str, str], **more: Mapping[str, str]) -> str:
    faults: list[str] = []
    update_regions(tables(), lines(names, **more), faults, last_seen=2025)
    return "\n".join(faults)


def recoded(names: Mapping[str, str], **codes: str) -> dict[str, str]:
    """The list with codes that begin so begin otherwise: c3501="3601"."""
    found = {}
    for code, name in names.items():
        old = max((old[1:] for old in codes if code.startswith(old[1:])), key=len, default="")
        found[codes[f"c{old}"] + code[len(old) :] if old else code] = name
    return found


def followed(rows: Iterable[Row]) -> dict[str | None, str | None]:
    return {one["code"]: one["successor"] for one in rows}


def test_the_same_list_changes_nothing_however_it_is_spelt() -> None:
    spelt = {"35": "JAWA TIMUR", "3501": "KAB. MELATI", "3571": "Kota Administrasi Melati", "350101": "ANGGREK"}
    dotted = {"35.01.02.2001" if code == "3501022001" else code: name for code, name in (COUNTRY | spelt).items()}
    done = renewed(dotted)
    assert all(not (change.added or change.gone or change.renamed) for change in done.changes.values())
    assert done.tables["provinces"] == tables()["provinces"]
    assert [one["name"] for one in done.tables["kabkota"]] == ["Melati", "Melati"]


def test_a_province_that_is_divided_takes_its_codes_along() -> None:
    done = renewed(recoded(COUNTRY, c3501="3701") | {"37": "TIMUR LAUT II"})
    assert done.changes["provinces"].added == {"37": "Timur Laut II"}
    assert followed(done.tables["kabkota_retired"]) == {"3501": "3701"}
    assert followed(done.tables["kecamatan_retired"]) == {"350199": "370102", "350101": "370101", "350102": "370102"}
    assert followed(done.tables["villages_retired"])["3501022001"] == "3701022001"
    assert [(one["code"], one["old"]) for one in done.tables["provinces"]] == [("35", None), ("37", "35")]
    moved = done.tables["kabkota"][-1]
    assert (moved["code"], moved["bps"], moved["old"], moved["kind"]) == ("3701", "9501", "3501", "kabupaten")
    whole = done.tables["kecamatan_retired"][1]
    assert (whole["shared"], whole["villages"], whole["last_seen"]) == ("2", "2", "2025")


def test_codes_that_move_twice_are_led_on_and_one_that_comes_back_is_in_use() -> None:
    first = renewed(recoded(COUNTRY, c350102="350103"))
    assert followed(first.tables["kecamatan_retired"]) == {"350199": "350103", "350102": "350103"}
    again = renewed(recoded(COUNTRY, c350102="350199"), first.tables)
    assert followed(again.tables["kecamatan_retired"]) == {"350102": "350199", "350103": "350199"}
    assert again.notes == ("350199 (Kenanga) was retired and is in use again",)


def test_a_village_that_becomes_a_kelurahan_is_followed_and_one_that_is_dissolved_is_not() -> None:
    names = {code: name for code, name in COUNTRY.items() if code != "3501012002"}
    done = renewed(recoded(names, c3501012001="3501011001"))
    assert followed(done.tables["villages_retired"]) == {"3501012001": "3501011001", "3501012002": None}


def test_of_two_of_one_name_at_the_same_distance_none_is_taken() -> None:
    names = recoded(COUNTRY, c350102="350104") | {"350105": "Kenanga"}
    assert followed(renewed(names).tables["kecamatan_retired"])["350102"] is None


def test_a_regency_does_not_follow_a_city_of_its_name_and_one_that_is_gone_needs_a_code_that_does() -> None:
    names = {code: name for code, name in COUNTRY.items() if not code.startswith("3501")} | {"3572": "Melati"}
    assert "3501 (Melati) is gone and nothing follows it" in refused(names)
    assert followed(renewed(names, replaces={"3572": "3501"}).tables["kabkota_retired"]) == {"3501": "3572"}


def test_a_name_that_was_changed_becomes_an_alias() -> None:
    done = renewed(COUNTRY | {"3501": "Kabupaten Mawar"})
    assert done.changes["kabkota"].renamed == {"3501": ("Melati", "Mawar")}
    assert (done.tables["kabkota"][0]["name"], done.tables["kabkota"][0]["aliases"]) == ("Mawar", "Melati")
    back = renewed(COUNTRY | {"3501": "Kabupaten Melati"}, done.tables)
    assert back.changes["kabkota"].renamed == {}


def test_a_list_without_villages_keeps_those_under_districts_that_stay() -> None:
    names = {code: name for code, name in COUNTRY.items() if len(code) < 10}
    assert renewed(names).changes["villages"].gone == {}
    del names["350102"]
    assert renewed(names).changes["villages"].gone == {"3501022001": "Sukamaju"}


@pytest.mark.parametrize(
    ("code", "name", "why"),
    [
        ("350", "Ganjil", "line 12: the code has not 2, 4, 6 or 10 digits"),
        ("35.1", "Titik", "line 12: the code has not 2, 4, 6 or 10 digits"),
        ("३५", "Angka", "line 12: the code has not 2, 4, 6 or 10 digits"),
        ("=35", "Rumus", "line 12: the code has not 2, 4, 6 or 10 digits"),
        ("", "Kosong", "line 12: the code has not 2, 4, 6 or 10 digits"),
        ("35.01.01", "Anggrek", "line 12: 350101 stands in line 5 already"),
        ("350103", "--", "line 12: 350103 has no name"),
        ("3502", "Kota Baru", "line 12: 3502 is a code of a kabupaten, and the name says otherwise"),
        ("3572", "Kabupaten Baru", "line 12: 3572 is a code of a kota, and the name says otherwise"),
        ("350301", "Yatim", "line 12: 350301 has no parent 3503 in the list"),
        ("3501014001", "Laut", "line 12: 3501014001 is of no kind of village: its 7th digit is not 1, 2 or 3"),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_line(code: str, name: str, why: str) -> None:
    faults: list[str] = []
    bad = [*lines(COUNTRY), Line(12, {"code": code, "name": name})]
    update_regions(tables(), bad, faults, last_seen=2025)
    assert faults == [why]


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ("3501", "cannot replace 3501, which is in the list itself"),
        ("3509", "cannot replace 3509, which is no code of its level"),
        ("350199", "cannot replace 350199, which is no code of its level"),
    ],
)
def test_a_code_is_replaced_only_if_it_was_one_and_is_no_more(codes: str, why: str) -> None:
    assert why in refused(COUNTRY | {"3502": "Baru"}, replaces={"3502": codes})


def test_a_bps_code_is_of_one_region() -> None:
    assert refused(COUNTRY | {"3502": "Baru"}, bps={"3502": "9501"}) == "3502 has the BPS code of 3501"
    assert (
        refused(COUNTRY | {"3502": "Baru"}, bps={"3502": "950"}) == "line 12: 3502: the BPS code has not as many digits"
    )
    assert renewed(COUNTRY | {"3502": "Baru"}, bps={"3502": "9502"}).tables["kabkota"][1]["bps"] == "9502"


NAMES = st.sampled_from(["Sukamaju", "Sukajadi", "Melati", "Agung", "XII", "Ø"])


@st.composite
def countries(draw: st.DrawFn) -> dict[str, str]:
    """Any country of few codes, every parent in it."""
    villages = draw(
        st.lists(
            st.builds("{}{}01{}001".format, *map(st.sampled_from, (["35", "36"], ["01", "02", "71"], "12"))), max_size=6
        )
    )
    codes = {code[:width] for code in ["3501012001", *villages] for width in (2, 4, 6, 10)}
    return {code: draw(NAMES) for code in sorted(codes)}


@settings(max_examples=60)
@given(countries(), countries())
def test_after_any_list_every_code_is_in_use_or_leads_to_one_that_is_or_to_none(
    before: dict[str, str], after: dict[str, str]
) -> None:
    now = tables(before)
    now["kecamatan_retired"] = []
    faults: list[str] = []
    done = update_regions(now, lines(after), faults, last_seen=2025)
    in_use = {
        str(one["code"]) for name in ("provinces", "kabkota", "kecamatan", "villages") for one in done.tables[name]
    }
    assert in_use == set(after)
    retired = {
        str(one["code"]): one["successor"]
        for name in ("kabkota_retired", "kecamatan_retired", "villages_retired")
        for one in done.tables[name]
    }
    assert set(retired) == {code for code in before if code not in after and len(code) > 2}
    assert {then for then in retired.values() if then} <= in_use
    assert all(then is None or len(then) == len(code) for code, then in retired.items())
    if not faults:
        again = renewed(after, done.tables)
        assert again.tables == done.tables


def test_successors_of_the_real_papua_are_found_from_names_alone() -> None:
    """Give the districts of 2025 that followed others their old codes and names back, and ask who follows whom."""
    from mdi_engine.reference.regions import kabkota, kecamatan, provinces, retired_kabkota, retired_kecamatan

    new = {code: row.name for code, row in provinces().items()}
    new |= {code: row.name for code, row in kabkota().items()} | {code: row.name for code, row in kecamatan().items()}
    towns, districts = retired_kabkota(), retired_kecamatan()
    truth = {code: row.successor for code, row in towns.items()}
    truth |= {code: row.successor for code, row in districts.items() if row.successor}
    old = {code: name for code, name in new.items() if code not in set(truth.values())}
    old |= {code: row.name for code, row in towns.items()} | {code: row.name for code, row in districts.items()}
    found = changes(old, new, {})
    follows = {**found[4].follows, **found[6].follows}
    assert {code: then for code, then in follows.items() if then is not None} == truth
    assert len(truth) == 607
    assert {code for code, then in follows.items() if then is None} == set(districts) - set(truth)


def test_the_shipped_list_put_in_place_of_itself_gives_the_same_tables() -> None:
    now = {name: list(read_csv(name)) for name in tables()}
    names = {str(one["code"]): str(one["name"]) for name in LEVEL_NAMES.values() for one in now[name]}
    done = renewed(names, now)
    assert not any(change.added or change.gone or change.renamed for change in done.changes.values())
    assert done.tables == now
    assert done.notes == ()
