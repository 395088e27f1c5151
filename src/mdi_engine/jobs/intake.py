"""What a registration may give of a thing, and the canonical fields that come of it.

As the pipelines do it: for each field the normalisers that are tried, in order, and on which of the things given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import UsageError, storable
from mdi_engine.normalize.registry import NORMALIZERS

Tries = tuple[tuple[str, str], ...]  # (what was given, normaliser), the first that reads it wins
Values = Mapping[str, str | None]

_PERSON: Mapping[str, Tries] = {
    "titles": (("name", "person_titles"),),
    "birth_place": (("birthplace", "birth_place"),),
    "phone": (("phone", "phone"),),
    "address": (("address", "address"),),
    "kabkota": (("kabkota", "kabkota_code"),),
    "province": (("province", "province_code"), ("kabkota", "province_code")),
}
_MORE: Mapping[str, Mapping[str, Tries]] = {
    "patient": {
        **_PERSON,
        "name": (("name", "person_name"), ("name", "null_placeholder")),
        "nik_mother": (("mother_nik", "nik"),),
        "kk": (("kk", "kk"),),
        "bpjs": (("bpjs", "bpjs_card"),),
        "passport": (("passport", "passport"),),
        "birth_order": (("birth_order", "plain_number"), ("name", "newborn_order")),
        "mother_name": (("mother", "person_core"), ("name", "newborn_mother")),
        "address_core": (("address", "address_core"),),
        "kecamatan": (("kecamatan", "kecamatan_code"),),
        "facility": (("facility", "hospital_code"),),
    },
    "practitioner": {
        **_PERSON,
        "nip": (("nip", "nip"),),
        "profession": (("profession", "professions"), ("name", "profession_of_titles")),
        "email": (("email", "email"),),
    },
}


def _fields(entity: str) -> Mapping[str, Tries]:
    asked = ENTITIES[entity].asked
    told = {field: ((given, by),) for given, fields in asked.items() for field, by in fields.items()}
    return MappingProxyType({**told, **_MORE.get(entity, {})})


INTAKE: Mapping[str, Mapping[str, Tries]] = MappingProxyType({entity: _fields(entity) for entity in ENTITIES})


def accepted(entity: str) -> list[str]:
    """What a registration may give, by name."""
    return sorted({given for tries in INTAKE[entity].values() for given, _ in tries})


def canonical(entity: str, values: Values) -> dict[str, str]:
    """The canonical fields of what was given; those of which nothing is known are left out.

    A NIK that is also the mother's is the mother's alone. Raises `UsageError` if nothing was given, something that
    `accepted` does not name, or something that cannot be read or kept; the message says which, never what it said.
    """
    unknown = sorted(set(values) - set(accepted(entity)))
    stated = [name for name, value in values.items() if value and storable(f"{entity}: {name}", value).strip()]
    if unknown or not stated:
        raise UsageError(
            f"{entity}: a registration takes {', '.join(accepted(entity))}; got {', '.join(unknown) or 'no value'}"
        )
    found: dict[str, str] = {}
    read: set[str] = set()
    for field, tries in INTAKE[entity].items():
        for given, text in _read(tries, values):
            read.add(given)
            found.setdefault(field, text)
    if lost := sorted(set(stated) - read):
        raise UsageError(f"{entity}: not understood: {', '.join(lost)}", hint="Mend these values, or leave them out.")
    if found.get("nik") is not None and found.get("nik") == found.get("nik_mother"):
        del found["nik"]
    return found


def _read(tries: Tries, values: Values) -> Iterator[tuple[str, str]]:
    """What was given and could be read, as it is written down."""
    for given, by in tries:
        if (text := NORMALIZERS[by](values.get(given))) is not None:
            yield given, text
