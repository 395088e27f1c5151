"""Which person each record is, and what is odd about it: the subgroups that quality is measured on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mdi_engine.normalize.persons.codes import fingerprint
from mdi_engine.population.draws import Ints, Mask, Strings, strings
from mdi_engine.population.people.names import CULTURES
from mdi_engine.population.people.people import People
from mdi_engine.population.people.workers import Worker
from mdi_engine.population.sources import sirs_staff, sisdmk
from mdi_engine.population.sources.simrs import Sheet

# Marks of a row of SIMRS that stand in the truth; the others are told by the extract itself.
TOLD = (
    "newborn", "wife_name", "no_nik", "mother_nik", "wrong_digit", "moved", "spelling", "typo", "reordered", "initial",
    "dropped", "titled", "cut", "swapped_date", "wrong_date", "year_only", "default_date", "wrong_sex",
    "swapped_nik_kk", "scientific_nik",
)  # fmt: skip
Rows = Iterator[tuple[str, str, str, str]]


def flags_of(people: People) -> Strings:
    """The words that hold of the person, for each, joined by blanks."""
    twin, called = people.kin.twin > 0, people.called
    marks = {"twin": twin, "father_son": called.father_son, "mononym": called.mononym, "migrant": people.migrant}
    return joined(strings([CULTURES[number] for number in called.culture.tolist()]), marks)


def joined(words: Strings, marks: Mapping[str, Mask]) -> Strings:
    """Words, and after them the name of each mark where it holds."""
    result = words.copy()
    for name, rows in marks.items():
        result[rows] += " " + name
    return result


def simrs_truth(people: People, flags: Strings, made: Sheet) -> Rows:
    """The rows of the truth for a sheet of SIMRS."""
    person = made.visits.person
    told = joined(flags[person], {name: made.marks[name] for name in TOLD})
    columns = (made.cells["kode_rs"], made.cells["no_rm"], people.entity[person], told)
    for house, record, entity, words in zip(*(column.tolist() for column in columns), strict=True):
        yield "simrs", f"{house}-{record}", entity, words


def staff_truth(
    people: People, flags: Strings, entries: Iterable[sisdmk.Entry], lines: Iterable[sirs_staff.Line]
) -> Rows:
    """The rows of the truth for health workers in both lists."""
    for one in entries:
        yield "sisdmk", str(fingerprint(one.nik)), *_whose(people, flags, one.worker, one.flags)
    for line in lines:
        yield "sirs_staff", line.key, *_whose(people, flags, line.worker, line.flags)


def _whose(people: People, flags: Strings, worker: Worker, own: Iterable[str]) -> tuple[str, str]:
    return str(people.entity[worker.person]), " ".join((str(flags[worker.person]), *worker.flags, *own))


def dukcapil_truth(people: People, flags: Strings, rows: Ints) -> Rows:
    """The rows of the truth for people whom the registry has at any time."""
    niks = people.numbers.nik[rows].tolist()
    for nik, entity, words in zip(niks, people.entity[rows].tolist(), flags[rows].tolist(), strict=True):
        yield "dukcapil", str(fingerprint(str(nik))), entity, words
