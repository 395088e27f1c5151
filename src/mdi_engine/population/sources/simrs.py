"""What hospitals write about their patients: the rows of SIMRS, with all that goes wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import FORMATS, days_of, parts, text
from mdi_engine.population.draws import Ints, Mask, Strings, choose, strings
from mdi_engine.population.people.identifiers import FIRST_PHONE, PHONES
from mdi_engine.population.people.people import People
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.people.providers import Providers
from mdi_engine.population.people.visits import Visits
from mdi_engine.population.rates import Rates
from mdi_engine.population.sources import noise
from mdi_engine.population.writing.extracts import month_name

COLUMNS = (
    "kode_rs", "no_rm", "nama_pasien", "nik", "no_kk", "no_bpjs", "no_paspor", "jenis_kelamin", "tempat_lahir",
    "tanggal_lahir", "nama_ibu", "nik_ibu", "anak_ke", "alamat", "rt_rw", "kelurahan", "kecamatan", "kode_kab", "no_hp",
    "status_meninggal", "tanggal_meninggal", "tanggal_daftar",
)  # fmt: skip
_TYPED = ("nama_pasien", "tempat_lahir", "nama_ibu", "alamat", "kelurahan", "kecamatan")
# What is mended when a row is sent again.
_MENDED = (
    "newborn", "spelling", "typo", "reordered", "initial", "dropped", "cut", "no_nik", "mother_nik", "wrong_digit",
    "swapped_date", "wrong_date", "year_only",
)  # fmt: skip
_BPJS_ABSENT, _RT_ABSENT = 0.4, 0.25
_OWN_OTHER_PHONE = 0.7  # of other phones; the rest are of whoever brought the patient
_BIRTH_NAMES = ("By. Ny. {}", "By Ny {}", "Bayi Ny. {}", "By. Ny {}")
_STREETS = ("Jl. {} No. {}", "Jl {} No {}", "Jalan {} {}", "JLN. {} NO.{}")


@dataclass(slots=True)
class Sheet:
    """Rows as columns of text, and which rows have which oddity."""

    visits: Visits
    cells: dict[str, Strings] = field(default_factory=dict)
    marks: dict[str, Mask] = field(default_factory=dict)


def sheet(rng: Generator, people: People, visits: Visits, houses: Providers, rates: Rates) -> Sheet:
    """The rows of some registrations, in their order."""
    made = Sheet(visits)
    n = len(visits.person)
    month = month_name(visits.month - 1)[2:].replace("-", "") if visits.month else ""
    made.cells["kode_rs"] = houses.code[visits.house]
    made.cells["no_rm"] = strings([f"{month}{record:0{5 if month else 6}d}" for record in visits.record.tolist()])
    for column in COLUMNS[2:]:
        made.cells[column] = np.full(n, "", dtype=object)
    _names(rng, made, people, rates)
    _numbers(rng, made, people, rates)
    _birth(rng, made, people, houses, rates)
    _family(rng, made, people, rates)
    _address(rng, made, people, rates)
    _phones(rng, made, people, houses, rates)
    _ends(rng, made, people, houses)
    capitals = houses.capitals[visits.house]
    for column in _TYPED:
        cells = made.cells[column]
        cells[capitals] = strings([cell.upper() for cell in cells[capitals].tolist()])
    return made


def _names(rng: Generator, made: Sheet, people: People, rates: Rates) -> None:
    person, unnamed = made.visits.person, made.visits.unnamed
    n = len(person)
    name = people.called.name[person]
    husband = people.kin.husband[person]
    wife = choose(rng, husband >= 0, rates["husbands_name"])
    name[wife] = people.called.name[husband[wife]]
    plain = ~unnamed
    blank = noise.able(name, " ")
    marks = made.marks
    marks["wife_name"] = wife
    marks["spelling"] = noise.apply(rng, name, choose(rng, plain, rates["name_variant"], n), noise.variant)
    marks["typo"] = noise.apply(rng, name, choose(rng, plain, rates["name_typo"], n), noise.typo)
    marks["reordered"] = noise.apply(rng, name, choose(rng, plain & blank, rates["name_reordered"], n), noise.reordered)
    marks["initial"] = noise.apply(rng, name, choose(rng, plain & blank, rates["name_initial"], n), noise.initial)
    marks["dropped"] = noise.apply(rng, name, choose(rng, plain & blank, rates["name_dropped"], n), noise.dropped)
    name[wife] = strings([f"Ny. {husbands}" for husbands in name[wife].tolist()])
    mothers = people.called.name[people.kin.mother[person[unnamed]]]
    forms = rng.integers(0, len(_BIRTH_NAMES), len(mothers)).tolist()
    name[unnamed] = strings(
        [_BIRTH_NAMES[at].format(mother) for at, mother in zip(forms, mothers.tolist(), strict=True)]
    )
    marks["newborn"] = unnamed
    marks["titled"] = titled = choose(rng, plain & ~wife, rates["name_title"], n)
    who, chances = person[titled], rng.random(int(titled.sum()))
    facts = zip(name[titled], people.kin.male[who], people.kin.age[who], chances, strict=True)
    name[titled] = strings([noise.titled(*each) for each in facts])
    long = noise.lengths(name) > noise.CUT
    marks["cut"] = noise.apply(rng, name, choose(rng, long, rates["name_cut"], n), noise.cut)
    made.cells["nama_pasien"] = name


def _numbers(rng: Generator, made: Sheet, people: People, rates: Rates) -> None:
    person, unnamed = made.visits.person, made.visits.unnamed
    n = len(person)
    nik, none = people.numbers.nik[person], unnamed | people.foreign[person]
    absent = none | choose(rng, ~none, max(0.0, rates["nik_absent"] - none.sum() / max(1, n)), n)
    child = people.kin.mother[person] >= 0
    mothers = choose(rng, child & ~absent, rates["nik_mothers"], int(child.sum()))
    nik = np.where(mothers, people.numbers.nik[people.kin.mother[person]], nik)
    mothers &= nik > 0
    wrong = choose(rng, ~absent & ~mothers, rates["nik_digit"], int((~absent).sum()))
    made.cells["nik"] = _texts(np.where(wrong, _digit_off(rng, nik), nik), absent)
    kk = people.numbers.kk[person]
    old_card = districts().nik[people.elsewhere.district[person]] * 10**10 + kk % 10**10
    no_card = people.foreign[person] | choose(rng, np.full(n, True), rates["kk_absent"])
    made.cells["no_kk"] = _texts(np.where(made.visits.moved, old_card, kk), no_card)
    no_bpjs = rng.random(n) < _BPJS_ABSENT
    made.cells["no_bpjs"] = strings(
        ["" if no else f"{card:013d}" for card, no in zip(people.numbers.bpjs[person].tolist(), no_bpjs, strict=True)]
    )
    made.cells["no_paspor"] = people.numbers.passport[person]
    made.marks |= {"no_nik": absent, "mother_nik": mothers, "wrong_digit": wrong, "no_kk": no_card}


def _texts(numbers: Ints, absent: Mask) -> Strings:
    cells = strings(list(map(str, numbers.tolist())))
    cells[absent] = ""
    return cells


def _digit_off(rng: Generator, nik: Ints) -> Ints:
    """The number with one digit replaced by another; not of the province, or it might become anybody's."""
    place = 10 ** rng.integers(0, 14, len(nik))
    old = nik // place % 10
    return np.asarray(nik + ((old + rng.integers(1, 10, len(nik))) % 10 - old) * place)


def _birth(rng: Generator, made: Sheet, people: People, houses: Providers, rates: Rates) -> None:
    person = made.visits.person
    n = len(person)
    born = people.kin.born[person]
    year, month, day = parts(born)
    sure = ~made.visits.unnamed
    swapped = choose(rng, sure & (day <= 12) & (day != month), rates["birth_swapped"], n)
    wrong = choose(rng, sure & ~swapped, rates["birth_digit"], n)
    vague = choose(rng, sure & ~swapped & ~wrong, rates["birth_year"], n)
    shown = np.where(swapped, days_of(year, day, month), np.where(wrong, _day_off(rng, year, month, day), born))
    shown = np.where(vague, days_of(year, np.ones_like(month), np.ones_like(day)), shown)
    cells = dated(shown, houses.form[made.visits.house])
    only_year = vague & (rng.random(n) < 0.5)
    cells[only_year] = strings([str(one) for one in year[only_year].tolist()])
    made.cells["tanggal_lahir"] = cells
    made.cells["tempat_lahir"] = towns().name[districts().kabkota[people.origin[person]]]
    made.marks |= {"swapped_date": swapped, "wrong_date": wrong, "year_only": vague}


def _day_off(rng: Generator, year: Ints, month: Ints, day: Ints) -> Ints:
    """A date with one digit wrong: the last of the day, else the last of the year."""
    by = rng.integers(1, 10, len(day))
    other = day - day % 10 + (day % 10 + by) % 10
    in_day = (rng.random(len(day)) < 0.5) & (other >= 1) & (other <= 28)
    other_year = year - year % 10 + (year % 10 + by) % 10
    last = np.where(month == 2, 28, 31)  # 29 February is no day of other years
    return days_of(np.where(in_day, year, other_year), month, np.where(in_day, other, np.minimum(day, last)))


def dated(days: Ints, form: Ints) -> Strings:
    """Days as text, each in its house's format."""
    cells = text(days, FORMATS[0])
    for at, pattern in enumerate(FORMATS[1:], start=1):
        cells[form == at] = text(days[form == at], pattern)
    return cells


def _family(rng: Generator, made: Sheet, people: People, rates: Rates) -> None:
    person, unnamed = made.visits.person, made.visits.unnamed
    n = len(person)
    wrong = choose(rng, np.full(n, True), rates["sex_wrong"])
    made.cells["jenis_kelamin"] = np.where(people.kin.male[person] ^ wrong, "L", "P").astype(object)
    absent = choose(rng, ~unnamed, rates["mother_absent"], n)
    made.cells["nama_ibu"] = np.where(absent, "", people.called.mother[person])
    known = unnamed & (rng.random(n) < 0.8) & (people.numbers.nik[people.kin.mother[person]] > 0)
    made.cells["nik_ibu"] = _texts(people.numbers.nik[people.kin.mother[person]], ~known)
    twin = people.kin.twin[person]
    single = np.where(rng.random(n) < 0.5, "0", "")
    made.cells["anak_ke"] = np.where(unnamed, np.where(twin > 0, twin.astype(str), single), "").astype(object)
    made.marks |= {"wrong_sex": wrong, "no_mother": absent}


def _address(rng: Generator, made: Sheet, people: People, rates: Rates) -> None:
    person = made.visits.person
    home = people.home.at(person).where(made.visits.moved, people.elsewhere.at(person))
    form = rng.choice(len(_STREETS), len(person), p=(0.6, 0.2, 0.12, 0.08))
    lines = zip(form.tolist(), home.street.tolist(), home.number.tolist(), strict=True)
    made.cells["alamat"] = strings([_STREETS[at].format(street, number) for at, street, number in lines])
    corners = zip(home.rt.tolist(), home.rw.tolist(), (rng.random(len(person)) < _RT_ABSENT).tolist(), strict=True)
    made.cells["rt_rw"] = strings(["" if none else f"{rt:03d}/{rw:03d}" for rt, rw, none in corners])
    made.cells["kelurahan"] = home.village_name()
    made.cells["kecamatan"] = districts().name[home.district]
    made.cells["kode_kab"] = towns().code[districts().kabkota[home.district]]
    made.marks["moved"] = made.visits.moved


_PHONES = ("0{0}", "0{0}", "0{0}", "0{0}", "0{0}", "0{0}", "+62{0}", "62{0}", "0{1}-{2}-{3}", "+62 {1} {2} {3}")


def _phones(rng: Generator, made: Sheet, people: People, houses: Providers, rates: Rates) -> None:
    person = made.visits.person
    n = len(person)
    absent = choose(rng, np.full(n, True), rates["phone_absent"])
    changed = choose(rng, ~absent, rates["phone_changed"])
    anybodys = FIRST_PHONE + rng.integers(0, PHONES, n)
    other = np.where(rng.random(n) < _OWN_OTHER_PHONE, people.numbers.other_phone[person], anybodys)
    number = np.where(changed, other, people.numbers.phone[person])
    forms = rng.integers(0, len(_PHONES), n).tolist()
    cells = strings(
        [
            _PHONES[at].format(one, one[:3], one[3:7], one[7:])
            for at, one in zip(forms, map(str, number.tolist()), strict=True)
        ]
    )
    habitual = houses.habit[made.visits.house]
    habit = choose(rng, habitual & changed, rates["hospital_phone"], int(habitual.sum()))
    cells[habit] = houses.phone[made.visits.house[habit]]
    cells[absent] = ""
    made.cells["no_hp"] = cells
    made.marks |= {"no_phone": absent, "other_phone": changed, "hospital_phone": habit}


def _ends(rng: Generator, made: Sheet, people: People, houses: Providers) -> None:
    person, form = made.visits.person, houses.form[made.visits.house]
    dead = (people.leaves[person] <= made.visits.month) & (rng.random(len(person)) < 0.5)
    made.cells["status_meninggal"] = np.where(dead, "Y", "").astype(object)
    made.cells["tanggal_meninggal"] = np.where(dead, dated(people.died[person], form), "")
    made.cells["tanggal_daftar"] = dated(made.visits.day, form)


def faulty(made: Sheet) -> Mask:
    """The rows that a hospital could mend."""
    found = np.zeros(len(made.visits.person), dtype=np.bool_)
    for mark in _MENDED:
        found |= made.marks[mark]
    return found


def mended(made: Sheet, rows: Ints, people: People, houses: Providers) -> Mapping[str, Strings]:
    """Some rows as the hospital sends them again: name, NIK and date of birth as they are."""
    person, house = made.visits.person[rows], made.visits.house[rows]
    cells = {column: values[rows] for column, values in made.cells.items()}
    name = people.called.name[person]
    cells["nama_pasien"] = np.where(houses.capitals[house], strings([one.upper() for one in name.tolist()]), name)
    cells["nik"] = _texts(people.numbers.nik[person], people.numbers.nik[person] == 0)
    cells["tanggal_lahir"] = dated(people.kin.born[person], houses.form[house])
    return cells
