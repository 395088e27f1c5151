"""Payer (pembiayaan): who pays for care, from the national insurance to the patient alone."""

from __future__ import annotations

from mdi_engine.entities.fields import Entity, Field, Rule

PAYER = Entity(
    "payer",
    (
        Field("source_key", "facility or PUSAT (the national list), and the code it uses"),
        Field("code", "the code in the list it comes from"),
        Field("name", "the name for display"),
        Field("name_core", "folded words of the name, company words off"),
        Field("kind", "one word of our table: jkn, jamkesda, accident, private, company, self …"),
        Field("segment", "segment of the national insurance: pbi_apbn, pbi_apbd, ppu, pbpu, bp; NULL for others"),
        Field("kabkota", "for insurance of a region: its Kemendagri code"),
        Field("facility", "code of the facility whose list it is; NULL for the national list"),
    ),
    asked={
        "name": {"name": "clean_text", "name_core": "payer_core", "kind": "payer_kind", "segment": "payer_segment"},
    },
    sources=("payers:PUSAT-",),  # the national list, before the lists that facilities keep
    golden=(
        Rule(("code", "facility"), ("source", "frequent", "recent")),
        Rule(("name", "name_core"), ("source", "frequent", "complete", "recent"), alike="name_core"),
        Rule(("kind",), ("source", "frequent", "recent")),
        Rule(("segment",), ("source", "frequent", "recent")),
        Rule(("kabkota",), ("source", "frequent", "recent")),
    ),
)
