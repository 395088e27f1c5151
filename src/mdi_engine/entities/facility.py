"""Facility (sarana): hospitals, and later every place of care. What a row of any source becomes."""

from __future__ import annotations

from mdi_engine.entities.fields import Entity, Field, Rule

FACILITY = Entity(
    "facility",
    (
        Field("source_key", "what the source itself calls the row by; one value, one row"),
        Field("name", "the name, cleaned for display"),
        Field("name_type", "the kind of house the name says, one word such as rsud; NULL if it says nothing"),
        Field("house", "rs for every hospital, else the type: what a facility cannot be two of"),
        Field("name_core", "folded words of the name that carry identity, joined by a blank"),
        Field("name_number", "numbers in the name, roman ones turned to arabic"),
        Field("name_place", "names of a kab/kota or province found in the name"),
        Field("province", "Kemendagri code, 2 digits; provinces made in 2022 under the one they came from"),
        Field("kabkota", "Kemendagri code, 4 digits, as the source states it"),
        Field("kode", "the code the Ministry of Health gives the house (kode_rs)"),
        Field("class", "class of the hospital: A, B, C, D, D Pratama"),
        Field("owner", "who runs it, in the words of the source"),
        Field("beds", "number of beds, as text"),
    ),
    asked={
        "name": {
            "name": "clean_text",
            "name_type": "facility_type",
            "house": "facility_house",
            "name_core": "facility_core",
            "name_number": "facility_number",
            "name_place": "facility_place",
        },
        "province": {"province": "province_code"},
        "kode": {"kode": "hospital_code"},
    },
    sources=("sirs", "pusdatin", "simada_sites"),
    golden=(
        Rule(("name", "name_type", "house", "name_core", "name_number", "name_place"), ("source", "recent")),
        Rule(("kabkota", "province"), ("complete", "frequent", "source", "recent")),
        Rule(("kode",), ("frequent", "source", "recent")),
        Rule(("class",), ("source", "recent")),
        Rule(("owner",), ("source", "recent")),
        Rule(("beds",), ("source", "recent")),
    ),
)
