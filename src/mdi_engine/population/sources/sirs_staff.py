"""What hospitals report of their staff: an HTML table that calls itself .xls, with two rows of headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import day_text
from mdi_engine.population.draws import rank_within
from mdi_engine.population.people.licences import FOR_LIFE
from mdi_engine.population.people.people import LONGEST, People
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.people.providers import Providers
from mdi_engine.population.people.workers import CIVIL_SERVICE, Job, Worker
from mdi_engine.population.rates import Rates
from mdi_engine.population.sources.staff import day_wrong, digit_wrong, misspelt, titles, with_titles

FILE = "sirs_staff.xls"
# Columns; those under one heading stand together.
HEADS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("id_pegawai", "kode_rs", "nama_rs")),
    ("Identitas", ("nik", "nip")),
    ("Nama", ("gelar_depan", "nama", "gelar_belakang")),
    ("", ("jenis_kelamin", "tempat_tanggal_lahir", "profesi")),
    ("Izin", ("no_str", "berlaku_str", "no_sip", "berlaku_sip")),
    ("Kontak", ("no_hp", "email")),
    ("", ("status_pegawai",)),
)
LAST = "</tbody>\n</table>\n</body></html>\n"
_TITLES_IN_NAME = 0.3  # of rows


def first() -> str:
    """The head of the file: the first row has headings over several columns, the second their names."""
    over = "".join(
        f'<th colspan="{len(names)}">{head}</th>' if head else "".join(f'<th rowspan="2">{name}</th>' for name in names)
        for head, names in HEADS
    )
    under = "".join(f"<th>{name}</th>" for head, names in HEADS if head for name in names)
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>\n'
        f'<table border="1">\n<thead>\n<tr>{over}</tr>\n<tr>{under}</tr>\n</thead>\n<tbody>\n'
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A row: the months it is first and no longer delivered in, its cells, whose it is, and what is odd about it."""

    worker: Worker
    enters: int
    leaves: int
    cells: Sequence[str]
    flags: Sequence[str]
    mends: int

    @property
    def key(self) -> str:
        """The number of the row's person in this list."""
        return self.cells[0]


def lines(
    rng: Generator, people: People, workers: Sequence[Worker], houses: Providers, block: tuple[int, int], rates: Rates
) -> list[Line]:
    """A row for each job in a hospital that is reported; `block` is the number of this one and how many there are."""
    reported = [
        (worker, job)
        for worker in workers
        for job in worker.jobs
        if job.unit.house >= 0 and rng.random() >= rates["sirs_staff_missing"]
    ]
    ranks = rank_within(np.array([job.unit.house for _, job in reported], dtype=np.int64))
    rows = []
    for (worker, job), rank in zip(reported, ranks, strict=True):
        number = f"{job.unit.house + 1:05d}{1 + block[0] + block[1] * int(rank):05d}"
        cells, flags = _cells(rng, people, worker, job, houses, rates)
        leaves = worker.leaves if rng.random() > 0.05 else int(rng.integers(1, LONGEST))
        rows.append(
            Line(worker, max(worker.enters, job.month), leaves, (number, *cells), flags, int(rng.geometric(0.1)))
        )
    return rows


def _cells(
    rng: Generator, people: People, worker: Worker, job: Job, houses: Providers, rates: Rates
) -> tuple[list[str], list[str]]:
    at, house = worker.person, job.unit.house
    name, flags = misspelt(rng, str(people.called.name[at]), rates)
    front, back = titles(rng, worker.front, worker.back, rates)
    nik, born = int(people.numbers.nik[at]), int(people.kin.born[at])
    if rng.random() < rates["staff_nik_absent"]:
        nik, flags = 0, [*flags, "no_nik"]
    elif rng.random() < rates["staff_nik_digit"]:
        nik, flags = digit_wrong(rng, nik), [*flags, "wrong_digit"]
    if rng.random() < rates["staff_birth_wrong"]:
        born, flags = day_wrong(rng, born), [*flags, "wrong_date"]
    name = name.upper() if houses.capitals[house] else name
    names = ("", with_titles(front, name, back), "") if rng.random() < _TITLES_IN_NAME else (front, name, back)
    year, month, day = day_text(born).split("-")
    place = towns().name[districts().kabkota[people.origin[at]]]
    contact = _contact(rng, people, at, name, worker.own, rates)
    male = bool(people.kin.male[at])
    cells = [
        str(houses.code[house]),
        str(houses.name[house]),
        str(nik or ""),
        worker.nip if job.status in CIVIL_SERVICE else "",
        *names,
        ("L" if male else "P") if houses.form[house] else ("Laki-laki" if male else "Perempuan"),
        f"{place}, {day}-{month}-{year}",
        worker.profession["profesi"][int(rng.integers(len(worker.profession["profesi"])))],
        *_strs(rng, worker, rates),
        job.sip,
        f"{job.sip_year + 5}-03-01",
        *contact,
        job.status,
    ]
    return cells, flags


def _strs(rng: Generator, worker: Worker, rates: Rates) -> tuple[str, str]:
    """The cell of registrations and the cell of their expiry; two numbers may stand in one."""
    if rng.random() < rates["staff_str_absent"]:
        return ("", "") if rng.random() < 0.7 else ("-", "-")
    told = worker.strs
    if len(told) == 2 and rng.random() < rates["staff_one_str"]:
        told = (told[int(rng.integers(2))],)
    between = ("; ", " / ", ", ")[int(rng.integers(3))]
    until = told[-1].until
    return between.join(one.number for one in told), until if until != FOR_LIFE or rng.random() < 0.8 else ""


def _contact(rng: Generator, people: People, at: int, name: str, own: int, rates: Rates) -> tuple[str, str]:
    phone = f"0{people.numbers.phone[at]}" if rng.random() >= rates["staff_phone_absent"] else ""
    handle = "".join(c for c in name.lower().split()[0] if c.isascii() and c.isalpha()) or "nakes"
    return phone, f"{handle}{own % 10_000}@example.com" if rng.random() < 0.5 else ""


def delivered(known: Sequence[Line], people: People, month: int) -> Iterator[str]:
    """The rows of a month's table."""
    for line in known:
        if line.enters <= month < line.leaves:
            cells = list(line.cells)
            if "no_nik" in line.flags and line.mends <= month:
                cells[3] = str(people.numbers.nik[line.worker.person])
            yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"


def ever(known: Sequence[Line], months: int) -> list[Line]:
    """The rows that any of the first deliveries has."""
    return [line for line in known if line.enters < months and line.enters < line.leaves]
