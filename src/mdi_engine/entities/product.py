"""Product (KFA): a medicine or a device as it is registered and sold. What a row of any source becomes."""

from __future__ import annotations

from mdi_engine.entities.fields import Entity, Field, Rule

PRODUCT = Entity(
    "product",
    (
        Field("source_key", "what the source itself calls the row by"),
        Field("kind", "what its registration says it is: drug, device, supplement …"),
        Field("name", "the name for display"),
        Field("name_core", "folded words of the name beside substances, strength, form and pack"),
        Field("brand", "folded words of the brand"),
        Field("nie", "registration number (nomor izin edar), capitals and digits"),
        Field("nie_item", "the NIE without approval year and pack: maker, product, form, strength; other kinds: whole"),
        Field("substances", "active substances in English INN, one word each, sorted"),
        Field("salts", "salts, esters and water of the substances in English, one word each, sorted"),
        Field("strength", "strength of each substance in that order, such as 500mg or 125mg/5ml"),
        Field("concentration", "the same per one ml or g, 1 % as 10 mg: one text for all spellings of a strength"),
        Field("form", "dosage form, one word of our table"),
        Field("pack", "what one pack holds"),
        Field("maker", "folded words of who makes it"),
        Field("maker_name", "who makes it, for display"),
        Field("registrar", "folded words of who registered or sells it"),
        Field("kfa_code", "code in the national list of medicines and devices (KFA)"),
        Field("lkpp_code", "code in the procurement catalogue"),
        Field("price", "price of one unit in rupiah, as text"),
        Field("status", "in force or not, in the words of the source"),
    ),
    asked={
        "name": {
            "name": "medicine_name",
            "name_core": "medicine_core",
            "brand": "medicine_brand",
            "substances": "medicine_substances",
            "salts": "medicine_salts",
            "strength": "medicine_strength",
            "concentration": "medicine_concentration",
            "form": "medicine_form",
        },
        "nie": {"kind": "nie_kind", "nie": "nie", "nie_item": "nie_item"},
        "maker": {"maker": "maker_core"},
    },
    sources=("bpom", "lkpp", "simada_items"),
    golden=(
        Rule(("nie", "nie_item", "kind"), ("source", "frequent", "recent")),
        Rule(("name", "name_core"), ("source", "frequent", "recent")),
        Rule(("brand",), ("source", "frequent", "recent")),
        Rule(("substances", "salts", "strength", "concentration"), ("source", "complete", "recent")),
        Rule(("form",), ("source", "frequent", "recent")),
        Rule(("pack",), ("source", "recent")),
        Rule(("maker", "maker_name"), ("source", "frequent", "recent")),
        Rule(("registrar",), ("source", "recent")),
        Rule(("kfa_code",), ("frequent", "recent")),
        Rule(("lkpp_code",), ("frequent", "recent")),
        Rule(("price",), ("recent",)),
        Rule(("status",), ("source", "recent")),
    ),
)
