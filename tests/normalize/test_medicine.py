import pytest

from mdi_engine.normalize.medicines.fornas import FornasName, parse_fornas_name
from mdi_engine.normalize.medicines.makers import maker_core
from mdi_engine.normalize.medicines.reading import (
    brand_core,
    medicine_brand,
    medicine_concentration,
    medicine_container,
    medicine_core,
    medicine_form,
    medicine_form_code,
    medicine_name,
    medicine_pack,
    medicine_salts,
    medicine_strength,
    medicine_substances,
)


@pytest.mark.parametrize(
    ("name", "substances", "strength", "form"),
    [
        ("Paracetamol 120mg/5ml syr 60ml", "paracetamol", "120mg/5ml", "sirup"),
        ("amoksisilin sir kering 125 mg/5 mL", "amoxicillin", "125mg/5ml", "sirup_kering"),
        ("Cefixime 100 mg/5 mL dry syr 30 mL", "cefixime", "100mg/5ml", "sirup_kering"),
        ("Ceftriaxone inj 1 g", "ceftriaxone", "1000mg", "injeksi"),
        ("Trimetoprim 80 mg / Sulfametoksazol 0,4 g Tab", "sulfamethoxazole trimethoprim", "400mg+80mg", "tablet"),
        ("kotrimoksazol susp 200/40 mg/5 mL", "sulfamethoxazole trimethoprim", "200mg/5ml+40mg/5ml", "suspensi"),
        ("Amoxicillin/Clavulanate 875 mg/125 mg kaplet", "amoxicillin clavulanic_acid", "875mg+125mg", "kaplet"),
        ("Co-Amoxiclav 625 mg tablet", "amoxicillin clavulanic_acid", "625mg", "tablet"),
        ("Lidokain 2 % + epinefrin inj", "epinephrine lidocaine", "?+2%", "injeksi"),
        ("Efavirenz 200 mg / Abacavir 0,3 g/5 mL Suspensi", "abacavir efavirenz", "300mg/5ml+200mg/5ml", "suspensi"),
        ("NaCl 0,9% infus 500 ml", "sodium_chloride", "0.9%", "infus"),
        ("streptokinase inj 1,5 juta IU", "streptokinase", "1500000iu", "injeksi"),
        ("Ioheksol inj 240-350 mg Iodium/mL", "iohexol", "240-350mg/ml", "injeksi"),
        ("fentanyl patch 12.5 mcg/jam", "fentanyl", "0.0125mg/jam", "patch"),
        ("Salbutamol 100 µg/puff MDI", "salbutamol", "0.1mg/dosis", "aerosol_terukur"),
        ("500 mg Metformin tab", "metformin", "500mg", "tablet"),
        ("Furosemid e tab 40 mg", "furosemide", "40mg", "tablet"),
        ("fuorourasil inj 50 mg/ml", "fluorouracil", "50mg/ml", "injeksi"),
        ("prokain benzilpenis ilin inj 3 juta IU", "procaine_benzylpenicillin", "3000000iu", "injeksi"),
        ("Vitamin B12 50 mcg", "cyanocobalamin", "0.05mg", None),
        ("Vit. C 500 mg", "ascorbic_acid", "500mg", None),
        ("vit c 50 mg tab", "ascorbic_acid", "50mg", "tablet"),
        ("Vitamin B1 100mg / B6 200 mg / B12 200 mcg", "cyanocobalamin pyridoxine thiamine", "0.2mg+200mg+100mg", None),
        ("NEUROFOO vit B1, B6 dan B12 tab", "cyanocobalamin pyridoxine thiamine", None, "tablet"),
        ("Vitamin A & D3 krim", "colecalciferol retinol", None, "krim"),
        ("Vitamin C 500 mg kaplet E 100", "ascorbic_acid", "500mg", "kaplet"),
        ("Sulfadiazin perak krim 1 %", "silver_sulfadiazine", "1%", "krim"),
        ("tislelizumab 10 mg/ml infus", "tislelisumab", "10mg/ml", "infus"),
        ("SANMOL 500 mg Tablet (Parasetamol)", "paracetamol", "500mg", "tablet"),
        ("Foobarine Acetate 5 mg Tablet (BRAND)", "fobarin", "5mg", "tablet"),
        ("Foobarine 5 mg tablet", None, "5mg", "tablet"),
    ],
)  # fmt: skip
def test_substance_strength_and_form(name: str, substances: str | None, strength: str | None, form: str | None) -> None:
    assert (medicine_substances(name), medicine_strength(name), medicine_form(name)) == (substances, strength, form)


@pytest.mark.parametrize(
    ("name", "strength"),
    [
        ("Warfarin 2.500 mg tablet", None),
        ("Ramipril 1,250 mg tablet", None),
        ("Leuprolide 11.250 mg inj", None),
        ("Metformin 1.000 mg", "1000mg"),
        ("Vitamin D3 1.250 IU", "1250iu"),
        ("Sodium Chloride 1,170 g", "1170mg"),
        ("Kafein 3,125 mg", "3.125mg"),
        ("Paracetamol 500 mg / Warfarin 2.500 mg", "500mg+?"),
        ("Amoxicillin / Clavulanic acid 500 mg / 2.500 mg", "500mg+?"),
        ("Paracetamol 120 mg / 2.500 ml", None),
    ],
)
def test_a_number_that_may_be_read_in_two_ways_is_not_read(name: str, strength: str | None) -> None:
    assert medicine_strength(name) == strength
    assert medicine_concentration(name) == strength


def test_a_salt_is_kept_apart_and_is_a_substance_where_nothing_else_is() -> None:
    assert medicine_salts("Amlodipine Besylate 5 mg") == medicine_salts("amlodipin besilat") == "besilate"
    assert medicine_substances("Kalium asetat inj 2 meq/ml") == "potassium_acetate"
    assert medicine_salts("Potassium Clavulanate 125 mg") == "potassium"
    assert medicine_substances("heparin, Na inj") == "heparin"


def test_a_brand_is_no_substance() -> None:
    assert medicine_substances("SANMOL TABLET 500 MG") is None
    assert medicine_substances("Zorimab metronidazol 250 mg tab") == "metronidazole"
    assert medicine_strength("Coramifen 200 mg/40 mg/5 mL suspensi") == "200mg/5ml+40mg/5ml"
    assert medicine_core("SANMOL TABLET 500 MG") == medicine_brand("SANMOL TABLET 500 MG") == "sanmol"


@pytest.mark.parametrize(
    ("text", "pack", "container"),
    [
        ("DUS, 10 STRIP @ 10 TABLET", "100 tablet", "dus"),
        ("Box, 10 blister x 10 tab", "100 tablet", "dus"),
        ("10 x 10 tablet", "100 tablet", None),
        ("1 Dos isi 5 Strip x 6 Pcs", "30 pcs", "dus"),
        ("DUS, 1 BOTOL PLASTIK @ 60 ML", "60ml", "dus"),
        ("Ktk 5 ampul @ 2 cc", "5 ampul 2ml", "dus"),
        ("Dus, 10 Vial @ 1 g + 10 ampul pelarut @ 5 mL", "10 vial 1g", "dus"),
        ("TUBE 15 G", "15g", "tube"),
        ("1.000 tablet", "1000 tablet", None),
        ("Botol 2.500 kapsul", "2500 kapsul", "botol"),
        ("Dus, 10 botol @ 1,000 tablet", "10000 tablet", "dus"),
        ("DUS, 10 STRIP @ 10 TABLET; DUS, 5 STRIP @ 10 TABLET", "100 tablet", "dus"),
        ("DUS, 10 STRIP @ 10 TABLET, DUS, 5 STRIP @ 10 TABLET", "100 tablet", "dus"),
        ("1 DUS, 10 STRIP @ 10 TABLET, 1 DUS, 5 STRIP @ 10 TABLET", "100 tablet", "dus"),
        ("DUS, 10 STRIP @ 10 TABLET, BOTOL @ 250 TABLET", "100 tablet", "dus"),
        ("DUS, 5 AMPUL @ 2 ML; DUS, 10 AMPUL @ 5 ML", "5 ampul 2ml", "dus"),
        ("DUS, 5 AMPUL @ 2 ML DUS, 10 AMPUL @ 5 ML", "5 ampul 2ml", "dus"),
        ("DUS, 1 BOTOL @ 60 ML; DUS, 1 BOTOL @ 100 ML", "60ml", "dus"),
        ("BOTOL 60 ML; BOTOL 100 ML", "60ml", "botol"),
        ("10 tablet/strip, 10 strip/dus", "100 tablet", "strip"),
        ("Amoxicillin 500 mg Kaplet (HEXPHARM) Box 100", "100", "dus"),
        ("Betametason krim 0,1% 5 g tube", "5g", "tube"),
        ("Paracetamol 120 mg/5 mL Sirup (PYREX, 60 mL)", "60ml", None),
        ("X 25 mcg / 0.5 mL Infus (PNEUMOVAX 23, 10 PRE-FILLED SYRINGE)", "10 syringe", "syringe"),
        ("Paracetamol 500 mg Tablet", None, None),
        ("Kasa 16 x 16 cm", None, None),
    ],
)
def test_packs(text: str, pack: str | None, container: str | None) -> None:
    assert (medicine_pack(text), medicine_container(text)) == (pack, container)


def test_a_device_keeps_its_words() -> None:
    name = "Spuit 3 cc Terumo, box 100 pcs"
    assert (medicine_substances(name), medicine_core(name), medicine_pack(name)) == (
        None,
        "spuit 3ml terumo",
        "100 pcs 3ml",
    )
    assert medicine_core("Infus set dewasa, dus 50 pcs") == "infus set dewasa"
    assert medicine_core("Disposable Syringe 3cc TERUMO") == "spuit 3ml terumo"
    assert medicine_core("Kapas 250 gram") == medicine_core("Absorbent Cotton 250 G") == "kapas 250g"
    assert medicine_strength("Abocath 24G") is None
    assert medicine_core("Kateter K wire") == "kateter k wire"
    assert medicine_core("Tablet salut selaput") is None
    assert medicine_core("Panadol Extra 10 Kaplet") == "panadol extra"
    assert medicine_core("Sarung Tangan Latex ukuran M (ONEMED)") == "sarung tangan latex ukuran m onemed"


def test_brands_of_the_bracket() -> None:
    assert medicine_brand("Abiraterone Acetate 250 mg Tablet (BIRATO 250, BOTOL PLASTIK)") == "birato 250"
    assert medicine_brand("Piroxicam 20 mg Tablet (KIMIA FARMA BJN (Tidak Dipakai))") == "kimia farma bjn"
    assert brand_core("tidak ada") is None


def test_the_name_for_display() -> None:
    assert medicine_name("Clopidogrel 75 mg Tablet (Tidak Dipakai) (X)") == "CLOPIDOGREL 75 MG TABLET (X)"


def test_solutions_of_one_concentration_are_equal() -> None:
    same = ("Ambroxol 15 mg/5 mL", "Ambroxol 3 mg/ml", "Ambroxol 0,3 %", "Ambroxol 0,3 g/100 ml", "Ambroxol 3 mg/g")
    assert {medicine_concentration(name) for name in same} == {"3mg/1"}
    assert len({medicine_strength(name) for name in same}) == 5


def test_codes_of_forms() -> None:
    texts = ("Tablet", "kaps", "serb inj", "tts mata", "Cairan Inhalasi", "losio")
    assert [medicine_form_code(text) for text in texts] == ["BS066", "BS019", "BS049", "BS084", "BS033", None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PT. KIMIA FARMA Tbk.", "Kimia Farma (Persero), PT"),
        ("PYRIDAM FARMA TBK", "PT Pyridam Pharma"),
        ("Merck Sharp & Dohme LLC", "MERCK SHARP DOHME Ltd."),
        ("NULAB PHARMACEUTICAL INDONESIA", "PT Nulab Farmasi"),
        ("DEXA MEDICA", "Dexa Medica, PT."),
    ],
)
def test_one_maker_under_two_names(one: str, other: str) -> None:
    assert maker_core(one) == maker_core(other) is not None


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("morphin inj inj 10 mg/ml", ("morphin inj", "inj", "10", "mg/ml")),
        ("tacrolimus serb inj + pelarut 0.75 mg/ml", ("tacrolimus", "serb inj + pelarut", "0.75", "mg/ml")),
        ("x tab/kaps 250 mg", ("x", "tab/kaps", "250", "mg")),
        ("y bubuk, pasta", ("y", "bubuk, pasta", None, None)),
        ("z susp (intratrakeal) 25 mg/ml", ("z", "susp (intratrakeal)", "25", "mg/ml")),
        ("bismut salep mata 300; 300; 50 mg", ("bismut", "salep mata", "300; 300; 50", "mg")),
        ("kapsul", ("kapsul", None, None, None)),
        ("a inj mg/ml", ("a", "inj", None, "mg/ml")),
        ("garam 5 g", ("garam", None, "5", "g")),
        ("OAT Kategori 2", ("OAT Kategori 2", None, None, None)),
        ("satu 2 mL tab 10 mg", ("satu 2 mL", "tab", "10", "mg")),
    ],
)
def test_names_of_fornas(name: str, parts: tuple[str | None, ...]) -> None:
    assert parse_fornas_name(name) == FornasName(*parts)
