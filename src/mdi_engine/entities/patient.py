"""Patient (MPI): a person who was or will be cared for. What a row of any source becomes."""

from __future__ import annotations

from mdi_engine.entities.fields import Entity, Field, Rule

PATIENT = Entity(
    "patient",
    (
        Field("source_key", "what the source itself calls the row by; a digest where that would be the NIK"),
        Field("nik", "the NIK (resident number), 16 digits of sound structure; never the mother's"),
        Field("nik_mother", "the mother's NIK, where a newborn has none of its own"),
        Field("kk", "number of the family card (kartu keluarga), 16 digits: a household, not a person"),
        Field("bpjs", "card number of the national insurance, 13 digits"),
        Field("passport", "passport number, capitals and digits"),
        Field("name", "the name for display, titles off; of a newborn without one, as it was written"),
        Field("name_core", "folded words of the name; NULL for a newborn that is only called its mother's child"),
        Field("name_sound", "the words of name_core by sound"),
        Field("titles", "titles that stood with the name"),
        Field("birth_date", "YYYY-MM-DD, or YYYY-MM or YYYY where no more is known"),
        Field("birth_place", "folded words of the place of birth"),
        Field("sex", "male or female"),
        Field("birth_order", "the how-manieth child of one delivery, from 1; 0 for a single one"),
        Field("mother_name", "folded words of the mother's name, also out of `By. Ny. …`"),
        Field("phone", "E.164, such as +6281234567890"),
        Field("address", "the address for display"),
        Field("address_core", "folded words and numbers of the address"),
        Field("kecamatan", "Kemendagri code of the district, 6 digits"),
        Field("kabkota", "Kemendagri code of the regency or city, 4 digits"),
        Field("province", "Kemendagri code, 2 digits; provinces made in 2022 under the one they came from"),
        Field("deceased", "date of death, or `yes` where only the fact is known"),
        Field("facility", "code of the facility that registered the person"),
    ),
    asked={
        "nik": {"nik": "nik"},
        "name": {"name": "person_name", "name_core": "person_core", "name_sound": "person_sound"},
        "birthdate": {"birth_date": "birth_date"},
        "gender": {"sex": "sex"},
        "mother": {"mother_name": "person_core"},
        "phone": {"phone": "phone"},
    },
    # The civil registry verifies who a person is; how to reach a person, the newest record knows best.
    verifiers=("dukcapil",),
    sources=("dukcapil", "simrs"),
    golden=(
        Rule(("nik",), ("verified", "frequent", "recent")),
        Rule(("nik_mother",), ("verified", "frequent", "recent")),
        Rule(("kk",), ("verified", "recent", "frequent")),
        Rule(("bpjs",), ("frequent", "recent")),
        Rule(("passport",), ("recent", "frequent")),
        Rule(("name", "name_core", "name_sound"), ("verified", "frequent", "complete", "recent"), alike="name_core"),
        Rule(("titles",), ("complete", "recent")),
        Rule(("birth_date",), ("verified", "complete", "frequent", "recent")),
        Rule(("birth_place",), ("verified", "frequent", "recent")),
        Rule(("sex",), ("verified", "frequent", "recent")),
        Rule(("birth_order",), ("frequent", "recent")),
        Rule(("mother_name",), ("verified", "frequent", "complete", "recent")),
        Rule(("phone",), ("recent", "frequent")),
        Rule(
            ("address", "address_core", "kecamatan", "kabkota", "province"),
            ("verified", "recent", "frequent", "complete"),
            alike="address_core",
        ),
        Rule(("deceased",), ("verified", "complete", "recent")),
        Rule(("facility",), ("recent",), each=" "),
    ),
)
