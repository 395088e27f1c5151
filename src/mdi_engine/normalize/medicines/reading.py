"""Medicines and devices by their names: what `mapping.sql` calls. `parse` does the reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from mdi_engine.normalize.medicines.packs import Pack, read_pack
from mdi_engine.normalize.medicines.parse import parse_medicine
from mdi_engine.normalize.medicines.strength import UNREAD, Strength, concentration
from mdi_engine.normalize.medicines.tokens import medicine_tokens
from mdi_engine.normalize.text import ascii_lower, capped, null_placeholder
from mdi_engine.reference.medicine_words import medicine_forms, medicine_words

_WORD = re.compile(r"[^\W_]+")
_NOTES = re.compile(r"\( ?(?:umum|tidak dipakai) ?\)", re.IGNORECASE)


def medicine_substances(text: str | None) -> str | None:
    """Active substances in English INN without their salts, one word each, sorted; NULL if the text names none.

    A substance that no table has is in folded spelling, the same for its Indonesian and its English name.

    >>> medicine_substances("Amoksisilin 500 mg + Asam Klavulanat 125 mg kaplet"), medicine_substances("Kasa steril")
    ('amoxicillin clavulanic_acid', None)
    >>> medicine_substances("kotrimoksazol tab 400/80 mg"), medicine_substances("Abacavir Sulfate 300 mg Tablet (X)")
    ('sulfamethoxazole trimethoprim', 'abacavir')
    """
    return capped(" ".join(name for name, _ in parse_medicine(text).substances))


def medicine_salts(text: str | None) -> str | None:
    """Salts, esters and water of the substances, in English, sorted; NULL if the text names none.

    >>> medicine_salts("Amlodipin besilat 5 mg"), medicine_salts("Natrium diklofenak"), medicine_salts("Acarbose 50 mg")
    ('besilate', 'sodium', None)
    """
    return capped(" ".join(salt.replace(" ", "_") for salt in parse_medicine(text).salts))


def medicine_strength(text: str | None) -> str | None:
    """The strength of each substance, in the order of `medicine_substances`, joined by `+`; NULL if there is none.

    Masses in milligrams, volumes in millilitres. `?` stands for a substance without a strength beside others that have
    one, and for a strength that may be read in two ways (`2.500 mg`); a strength given once for several substances
    stands alone.

    >>> medicine_strength("Clavulanic acid 62,5 mg / Amoxicillin 0,25 g"), medicine_strength("amoxicillin 125 mg/5 cc")
    ('250mg+62.5mg', '125mg/5ml')
    >>> medicine_strength("Amoxicillin / Clavulanic acid 625 mg"), medicine_strength("insulin 100 UI/ml")
    ('625mg', '100iu/ml')
    """
    return _strengths(text, str)


def medicine_concentration(text: str | None) -> str | None:
    """As `medicine_strength`, per one millilitre or gram, a per cent as 10 mg per one: equal solutions are equal.

    >>> medicine_concentration("Kloramfenikol tts mata 0,5 %"), medicine_concentration("Chloramphenicol 25 mg / 5 mL")
    ('5mg/1', '5mg/1')
    """
    return _strengths(text, concentration)


def _strengths(text: str | None, told: Callable[[Strength], str]) -> str | None:
    read = parse_medicine(text)
    amounts = [amounts for _, amounts in read.substances]
    each = ["+".join(map(told, of)) or UNREAD for of in amounts] if any(amounts) else map(told, read.total)
    whole = "+".join(each)
    return capped(whole) if whole.strip(f"+{UNREAD}") else None


def medicine_form(text: str | None) -> str | None:
    """The dosage form as one word of `reference/medicine_forms.csv`; NULL if the text names none.

    >>> [medicine_form(text) for text in ("tab sal selaput", "Cefixime Dry Syrup 100 mg/5 ml", "Kasa steril")]
    ['tablet_salut_selaput', 'sirup_kering', None]
    """
    return parse_medicine(text).form


def medicine_form_code(text: str | None) -> str | None:
    """The code of the dosage form in the national list (KFA); NULL where the text names none or KFA has no such form.

    >>> medicine_form_code("Abacavir Sulfate 300 mg Tablet Salut Selaput (Umum)"), medicine_form_code("serb inj")
    ('BS077', 'BS049')
    """
    return medicine_forms().kfa.get(parse_medicine(text).form or "")


def medicine_pack(text: str | None) -> str | None:
    """What one pack holds: how many of what, and how much in each; NULL if the text does not tell.

    >>> [medicine_pack(text) for text in ("DUS, 10 STRIP @ 10 TABLET", "10 x 10 tablet", "1 Dos isi 5 Strip x 6 Pcs")]
    ['100 tablet', '100 tablet', '30 pcs']
    >>> medicine_pack("Dus, 1 botol @ 60 ml"), medicine_pack("Cefixime 100 mg/5 mL Sirup Kering (STARCEF, 30 mL)")
    ('60ml', '30ml')
    """
    return str(_pack(text)) or None


def medicine_container(text: str | None) -> str | None:
    """What the whole comes in: dus, strip, botol, vial, ampul, tube …; NULL if the text does not tell.

    >>> [medicine_container(text) for text in ("Box, 10 Blister @ 10 Tablet", "Btl 60 ml", "10 tablet")]
    ['dus', 'botol', None]
    """
    return _pack(text).container


def _pack(text: str | None) -> Pack:
    read = parse_medicine(text)
    if text is None or not read.bare:
        return read.pack
    cleaned = null_placeholder(text)
    return Pack() if cleaned is None else read_pack(medicine_tokens(ascii_lower(cleaned)), whole=True)


def medicine_brand(text: str | None) -> str | None:
    """The folded words of the brand, or of the maker where KFA names it: what stands in the bracket at the end.

    Without such a bracket, the words that are no substance, salt, strength, form or pack; NULL if there are none.

    >>> medicine_brand("Acarbose 100 mg Tablet (GLUCOBAY 100)"), medicine_brand("SANMOL Parasetamol 500 mg Tablet")
    ('glucobay 100', 'sanmol')
    >>> medicine_brand("Acarbose 100 mg Tablet (Umum)") is None
    True
    """
    read = parse_medicine(text)
    return capped(" ".join(read.brand or read.rest))


def brand_core(text: str | None) -> str | None:
    """The folded words of a column that holds a brand only; NULL where it says that there is none.

    >>> brand_core("Glucobay-100®"), brand_core("GENERIK")
    ('glucobay 100', None)
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    fillers = medicine_words().fillers
    return capped(" ".join(word for word in _WORD.findall(ascii_lower(cleaned)) if word not in fillers))


def medicine_core(text: str | None) -> str | None:
    """The folded words that are no substance, salt, strength, form or pack: brands, and all a device is called by.

    >>> medicine_core("Kasa Steril 16x16 cm, box 10 lembar"), medicine_core("Acarbose 100 mg Tablet")
    ('kasa 16x16 cm', None)
    """
    return capped(" ".join(parse_medicine(text).rest))


def medicine_name(text: str | None) -> str | None:
    """The name for display: capitals, one line, without `(Umum)` and `(Tidak Dipakai)`; NULL stays NULL.

    >>> medicine_name("Acarbose 100 mg  Tablet (Umum)")
    'ACARBOSE 100 MG TABLET'
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    return capped(unicodedata.normalize("NFC", " ".join(_NOTES.sub(" ", cleaned).upper().split())))


NORMALIZERS = (
    medicine_substances,
    medicine_salts,
    medicine_strength,
    medicine_concentration,
    medicine_form,
    medicine_form_code,
    medicine_pack,
    medicine_container,
    medicine_brand,
    brand_core,
    medicine_core,
    medicine_name,
)
