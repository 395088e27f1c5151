"""Practitioner (nakes, tenaga kesehatan): a person who cares for patients. What a row of any source becomes."""

from __future__ import annotations

from mdi_engine.entities.fields import Entity, Field, Rule

PRACTITIONER = Entity(
    "practitioner",
    (
        Field("source_key", "what the source itself calls the row by; a digest where that would be the NIK"),
        Field("nik", "the NIK, 16 digits of sound structure"),
        Field("nip", "number of a civil servant, 18 digits"),
        Field("str", "registration certificates (STR), old and new ones, joined by a blank"),
        Field("sip", "licences of practice (SIP), joined by a blank"),
        Field("name", "the name for display, titles off"),
        Field("name_core", "folded words of the name"),
        Field("name_sound", "the words of name_core by sound"),
        Field("titles", "titles before and behind the name"),
        Field("birth_date", "YYYY-MM-DD, or YYYY-MM or YYYY where no more is known"),
        Field("birth_place", "folded words of the place of birth"),
        Field("sex", "male or female"),
        Field("profession", "professions as words of our table (dokter, perawat, bidan …), joined by a blank"),
        Field("units", "codes of the units the person works in, joined by a blank"),
        Field("unit_names", "names of those units, for display"),
        Field("phone", "E.164"),
        Field("email", "lower case"),
        Field("address", "the address for display"),
        Field("kabkota", "Kemendagri code of where the person lives or works, 4 digits"),
        Field("province", "Kemendagri code, 2 digits; provinces made in 2022 under the one they came from"),
        Field("jobs", "the jobs as the source lists them: a JSON list of objects, NULL where the row is one job"),
    ),
    asked={
        "nik": {"nik": "nik"},
        "name": {"name": "person_name", "name_core": "person_core", "name_sound": "person_sound"},
        "birthdate": {"birth_date": "birth_date"},
        "gender": {"sex": "sex"},
        "str": {"str": "str_numbers"},
        "sip": {"sip": "sip_numbers"},
    },
    sources=("sisdmk", "sirs_staff"),
    golden=(
        Rule(("nik",), ("source", "frequent", "recent")),
        Rule(("nip",), ("source", "frequent", "recent")),
        Rule(("str",), ("source", "recent"), each=" "),
        Rule(("sip",), ("source", "recent"), each=" "),
        Rule(("name", "name_core", "name_sound"), ("source", "frequent", "complete", "recent"), alike="name_core"),
        Rule(("titles",), ("complete", "recent")),
        Rule(("birth_date",), ("complete", "source", "frequent", "recent")),
        Rule(("birth_place",), ("source", "frequent", "recent")),
        Rule(("sex",), ("source", "frequent", "recent")),
        Rule(("profession",), ("source", "recent"), each=" "),
        Rule(("units",), ("source", "recent"), each=" "),
        Rule(("unit_names",), ("source", "recent"), each=";"),
        Rule(("phone",), ("recent", "frequent")),
        Rule(("email",), ("recent", "frequent")),
        Rule(("address", "kabkota", "province"), ("source", "recent", "complete")),
        Rule(("jobs",), ("source", "recent", "complete")),
    ),
)
