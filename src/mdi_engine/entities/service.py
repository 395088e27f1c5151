"""Service (layanan): something done for a patient that has a price, as each facility lists it."""

from __future__ import annotations

from mdi_engine.entities.fields import Entity, Field, Rule

SERVICE = Entity(
    "service",
    (
        Field("source_key", "facility or PUSAT (the national list), and the code it uses"),
        Field("code", "the code in the list it comes from"),
        Field("name", "the name for display"),
        Field("name_core", "folded words of the name, abbreviations spelled out"),
        Field("category", "one word of our table: laboratory, radiology, procedure, consultation, room …"),
        Field("kptl", "code in the national terminology of services (KPTL)"),
        Field("icd9cm", "ICD-9-CM code of a procedure"),
        Field("loinc", "LOINC code of a laboratory service"),
        Field("tariff", "price in rupiah, as text"),
        Field("facility", "code of the facility whose list it is; NULL for the national list"),
    ),
    asked={
        "name": {"name": "clean_text", "name_core": "service_core", "category": "service_category"},
        "code": {"kptl": "kptl_code", "icd9cm": "icd9cm_code", "loinc": "loinc_code"},
    },
    sources=("services:PUSAT-",),  # the national list, before the price lists of facilities
    golden=(
        Rule(("code", "facility"), ("source", "frequent", "recent")),
        Rule(("name", "name_core"), ("source", "frequent", "complete", "recent"), alike="name_core"),
        Rule(("category",), ("source", "frequent", "recent")),
        Rule(("kptl",), ("source", "frequent", "recent")),
        Rule(("icd9cm",), ("source", "frequent", "recent")),
        Rule(("loinc",), ("source", "frequent", "recent")),
        Rule(("tariff",), ("source", "recent")),
    ),
)
