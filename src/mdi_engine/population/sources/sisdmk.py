"""What SISDMK has of health workers: one object for each, with the list of jobs; everybody, each month."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from mdi_engine.population.dates import day_text
from mdi_engine.population.people.people import People
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.people.workers import CIVIL_SERVICE, Job, Worker
from mdi_engine.population.rates import Rates
from mdi_engine.population.sources.staff import day_wrong, digit_wrong, misspelt, titles, with_titles
from mdi_engine.reference.regions import provinces

_INTEGER_CODES = 0.5  # of objects have region codes as numbers, the others as text
FILE = "sisdmk.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """A worker as SISDMK has it: the NIK it goes by, what does not depend on jobs, and what is odd about it."""

    worker: Worker
    nik: str
    facts: dict[str, object]
    flags: Sequence[str]
    numeric: bool
    mends: int


def entries(rng: Generator, people: People, workers: Sequence[Worker], rates: Rates) -> list[Entry]:
    """The workers that SISDMK knows."""
    known = (worker for worker in workers if rng.random() >= rates["sisdmk_missing"])
    return [_entry(rng, people, worker, rates) for worker in known]


def _entry(rng: Generator, people: People, worker: Worker, rates: Rates) -> Entry:
    at = worker.person
    name, flags = misspelt(rng, str(people.called.name[at]), rates)
    front, back = titles(rng, worker.front, worker.back, rates)
    nik, born = int(people.numbers.nik[at]), int(people.kin.born[at])
    if rng.random() < rates["staff_nik_digit"]:
        nik, flags = digit_wrong(rng, nik), [*flags, "wrong_digit"]
    if rng.random() < rates["staff_birth_wrong"]:
        born, flags = day_wrong(rng, born), [*flags, "wrong_date"]
    district = int(people.home.district[at])
    code = str(districts().code[district])
    numeric = rng.random() < _INTEGER_CODES
    facts: dict[str, object] = {
        "NIK": str(nik),
        "NAMA": with_titles(front, name.upper(), back) if rng.random() < 0.5 else with_titles(front, name, back),
        "JENIS_KELAMIN": "L" if people.kin.male[at] else "P",
        "TEMPAT_LAHIR": str(towns().name[districts().kabkota[people.origin[at]]]).upper(),
        "TANGGAL_LAHIR": day_text(born),
        **_region(code, numeric, "NAMA_PROV", "NAMA_KAB"),
        "ALAMAT": f"JL. {people.home.street[at].upper()} NO. {people.home.number[at]}, KEC. "
        f"{districts().name[district].upper()}",
    }
    return Entry(worker, str(nik), facts, flags, numeric, int(rng.geometric(0.1)))


def _region(code: str, numeric: bool, province: str, town: str) -> dict[str, object]:
    kab = code[:4]
    place = int((towns().code == kab).argmax())
    return {
        "KODE_PROV": int(code[:2]) if numeric else code[:2],
        province: provinces()[code[:2]].name.upper(),
        "KODE_KAB": int(kab) if numeric else kab,
        town: str(towns().name[place]).upper(),
    }


def delivered(known: Sequence[Entry], people: People, month: int) -> Iterator[str]:
    """The lines of a month's extract."""
    for entry in known:
        if entry.worker.enters <= month < entry.worker.leaves:
            jobs = [_job(entry, job, at) for at, job in enumerate(entry.worker.jobs_in(month))]
            facts = entry.facts
            if "typo" in entry.flags and entry.mends <= month:
                facts = {**facts, "NAMA": str(people.called.name[entry.worker.person]).upper()}
            yield json.dumps({**facts, "PEKERJAAN": jobs}, ensure_ascii=False) + "\n"


def _job(entry: Entry, job: Job, at: int) -> dict[str, object]:
    worker = entry.worker
    registration = worker.strs[min(at, len(worker.strs) - 1)]
    region = _region(str(towns().code[job.unit.town]), entry.numeric, "PROVINSI", "KABKOT")
    return {
        "KODE_UNIT": job.unit.code,
        "UNIT": job.unit.name,
        "ALAMAT": "-",
        **region,
        "ID_JENIS_SDMK": worker.profession["id"],
        "JENIS_SDMK": worker.profession["jenis"],
        "STATUS": job.status,
        "NIP": worker.nip if job.status in CIVIL_SERVICE else None,
        "STR": registration.number,
        "TANGGAL_STR": f"{registration.year}-01-15",
        "TANGGAL_AKHIR_STR": registration.until,
        "SIP": job.sip,
        "TANGGAL_SIP": f"{job.sip_year}-03-01",
        "TANGGAL_MULAI": f"{job.started}-04-01",
        "TANGGAL_AKHIR": None if entry.numeric else "-",
    }


def ever(known: Sequence[Entry], months: int) -> list[Entry]:
    """The workers that any of the first deliveries has."""
    return [one for one in known if one.worker.enters < months and one.worker.enters < one.worker.leaves]
