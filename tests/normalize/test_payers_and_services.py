import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.codes import site_code
from mdi_engine.normalize.payers import payer_core, payer_kind, payer_segment
from mdi_engine.normalize.phrases import LONGEST_PHRASE, MOST_WORDS, phrases_of, spelled_out, words_of
from mdi_engine.normalize.service_codes import icd9cm_code, kptl_code, loinc_code, plain_number
from mdi_engine.normalize.services import service_category, service_core
from mdi_engine.reference.payer_words import payer_words
from mdi_engine.reference.service_words import service_words


@pytest.mark.parametrize(
    ("text", "kind", "segment"),
    [
        ("BPJS PBI", "jkn", "pbi_apbn"),
        ("JKN-PBI", "jkn", "pbi_apbn"),
        ("KIS PBI (APBN)", "jkn", "pbi_apbn"),
        ("BPJS PBI APBD", "jkn", "pbi_apbd"),
        ("PBPU Pemda", "jkn", "pbi_apbd"),
        ("BPJS Non PBI PPU", "jkn", "ppu"),
        ("JKN Pekerja Penerima Upah", "jkn", "ppu"),
        ("PBPU/MANDIRI", "jkn", "pbpu"),
        ("BPJS Kes. Mandiri", "jkn", "pbpu"),
        ("Mandiri", None, "pbpu"),
        ("JKN Bukan Pekerja", "jkn", "bp"),
        ("B.P.J.S. Kesehatan", "jkn", None),
        ("BPJS Ketenagakerjaan", "accident", None),
        ("BPJS TK", "accident", None),
        ("PT. Jasa Raharja (Persero)", "accident", None),
        ("PT ASABRI", "accident", None),
        ("Jamkesda Kota Solok", "jamkesda", None),
        ("Jaminan Kesehatan Daerah Kab. Bintan", "jamkesda", None),
        ("PEMERINTAH DAERAH", "jamkesda", None),
        ("JAMPERSAL", "maternity", None),
        ("Kemenkes RI (KLB)", "government", None),
        ("Asuransi Umum Cendana", "private", None),
        ("AJ Cendana", "private", None),
        ("Mandiri Inhealth", "private", None),
        ("PT Bank Mandiri", "company", None),
        ("IKS Cendana", "company", None),
        ("Umum/Pribadi", "self", None),
        ("Bayar Sendiri", "self", None),
        ("LAIN-LAIN", None, None),
        ("-", None, None),
    ],
)
def test_kind_and_segment_of_a_payer(text: str, kind: str | None, segment: str | None) -> None:
    assert (payer_kind(text), payer_segment(text)) == (kind, segment)


def test_the_kind_in_its_own_column_helps_a_name_that_says_nothing_and_does_not_overrule_one_that_does() -> None:
    assert payer_kind("Cendana Sentosa ASURANSI") == "private"
    assert payer_kind("Jasa Raharja ASURANSI") == "accident"
    assert payer_kind("PT Asuransi Cendana PERUSAHAAN") == "private"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BPJS", "JKN/KIS"),
        ("BPJS Kesehatan (PBI)", "JKN PBI APBN"),
        ("PBPU/MANDIRI", "BPJS Mandiri"),
        ("BPJS TK", "Jamsostek"),
        ("Umum/Pribadi", "Bayar Sendiri"),
        ("Pasien Umum", "Umum (Tunai)"),
        ("PT. ASURANSI Tjakra Artha Tbk", "As. Cakra Arta"),
        ("P.T. Cendana", "Cendana, PT"),
        ("Jamkesda Kab. Bintan", "JKD Kabupaten Bintan"),
        ("Asuransi Jiwa Cendana", "AJ Cendana"),
    ],
)
def test_two_ways_to_write_one_payer_have_one_core(one: str, other: str) -> None:
    assert payer_core(one) == payer_core(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JKN PBI APBN", "JKN PBI APBD"),
        ("BPJS Kesehatan", "BPJS Ketenagakerjaan"),
        ("Jamkesda Kota Solok", "Jamkesda Kab. Solok"),
        ("Asuransi Jiwa Cendana", "Asuransi Cendana"),
        ("PT Cendana", "PT Kenanga"),
    ],
)
def test_two_payers_keep_two_cores(one: str, other: str) -> None:
    assert payer_core(one) != payer_core(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lab. Darah Lengkap", "DL"),
        ("Hb", "Pemeriksaan Hemoglobin"),
        ("GDS", "Gula Darah Sewaktu"),
        ("Gula Darah 2 Jam PP", "GD2PP"),
        ("Chol Total", "Cholesterol Total"),
        ("Ro Thorax PA", "Foto Toraks PA"),
        ("Rontgen Thorax Lat", "Ro. Thoraks Lateral"),
        ("USG Abd", "Ultrasonografi Abdomen"),
        ("EKG", "Tindakan ECG"),
        ("Konsul Sp.PD", "Konsultasi Dokter Spesialis Penyakit Dalam"),
        ("Kons. SpOG", "Konsul Sp OG"),
        ("Kamar Kls III", "Akomodasi Kelas 3"),
        ("Hemodialisa", "Cuci Darah (HD)"),
        ("Sectio Caesarea", "Op. SC"),
        ("Circumsisi", "Khitan"),
        ("Appendectomy", "Operasi Usus Buntu"),
    ],
)
def test_two_ways_to_write_one_service_have_one_core(one: str, other: str) -> None:
    assert service_core(one) == service_core(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GDS", "GDP"),
        ("HDL", "LDL"),
        ("Kamar Kelas II", "Kamar Kelas III"),
        ("Ro Thorax PA", "Ro Thorax Lateral"),
        ("Konsul Sp.A", "Konsul Sp.B"),
        ("CT Scan Kepala", "MRI Kepala"),
    ],
)
def test_two_services_keep_two_cores(one: str, other: str) -> None:
    assert service_core(one) != service_core(other)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("LABORATORIUM", "laboratory"),
        ("Lab. GDS", "laboratory"),
        ("RAD", "radiology"),
        ("USG Obs", "radiology"),
        ("Penunjang Medik", "diagnostic"),
        ("Treadmill Test", "diagnostic"),
        ("KONSULTASI", "consultation"),
        ("Visite dr. Sp", "consultation"),
        ("Konsul Sp.B", "consultation"),
        ("TINDAKAN", "procedure"),
        ("Pasang Infus", "procedure"),
        ("OPERASI", "surgery"),
        ("Bedah", "surgery"),
        ("Kamar VIP", "room"),
        ("ADM", "administration"),
        ("Ambulance", "ambulance"),
        ("Jasa Resep", "pharmacy"),
        ("Lain", None),
    ],
)
def test_category_of_a_service(text: str, category: str | None) -> None:
    assert service_category(text) == category


@pytest.mark.parametrize(
    ("text", "code"),
    [("01.11", "01.11"), ("0111", "01.11"), ("11,1", "11.1"), ("111", None), ("87.445", None), ("8744.0", None)],
)
def test_icd9cm_code_that_may_have_lost_its_zero_is_none(text: str, code: str | None) -> None:
    assert icd9cm_code(text) == code


@pytest.mark.parametrize("code", ["718-7", "4548-4", "2345-7", "57743-7", "58410-2", "24356-8", "48065-7", "883-9"])
def test_real_loinc_codes_hold_their_check_digit(code: str) -> None:
    assert loinc_code(code) == code


@given(st.integers(1, 9_999_999))
def test_a_loinc_number_has_one_check_digit_and_a_wrong_digit_breaks_it(number: int) -> None:
    good = [code for digit in range(10) if (code := loinc_code(f"{number}-{digit}"))]
    assert len(good) == 1
    base, check = good[0].split("-")
    wrong = base[:-1] + str((int(base[-1]) + 1) % 10)
    assert loinc_code(f"{wrong}-{check}") is None


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_one_price_in_every_notation_is_one_number(whole: int, cents: int) -> None:
    grouped = f"{whole:,}"
    expected = f"{whole}.{cents:02d}".rstrip("0").rstrip(".")
    english, dotted = f"{grouped}.{cents:02d}", grouped.replace(",", ".") + f",{cents:02d}"
    assert plain_number(english) == plain_number(f"Rp {dotted}") == plain_number(f"{whole}.{cents:02d}") == expected
    assert plain_number(f"Rp. {grouped.replace(',', '.')},-") == plain_number(grouped) == plain_number(str(whole))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.500", "12500"),
        ("12,500", "12500"),
        ("0.500", "0.5"),
        ("12500.000", "12500"),
        ("IDR 1.250.000", "1250000"),
        ("1.250,000", "1250"),
        ("007", "7"),
        ("38400.0", "38400"),
        ("500.", "500"),
        ("500.-", "500"),
        ("12.50.00", None),
        ("1,250.000,00", None),
        ("1.2345.678", None),
        ("12..5", None),
        ("-500", None),
        ("(500)", None),
        ("12 500", None),
        ("3.2E+15", None),
        ("٣٤", None),
        ("Rp", None),
        ("1" * 41, None),
    ],
)
def test_prices_of_odd_shape(text: str, number: str | None) -> None:
    assert plain_number(text) == number


@given(st.text("0123456789.,-Rp ", max_size=70))
def test_a_price_is_digits_and_its_own_price(text: str) -> None:
    number = plain_number(text)
    assert number is None or re.fullmatch(r"(0|[1-9]\d*)(\.\d*[1-9])?", number)
    assert number is None or "." in number or plain_number(number) == number


@given(st.text(max_size=80))
def test_a_code_is_its_own_code(text: str) -> None:
    for normalize in (site_code, kptl_code, icd9cm_code, loinc_code):
        code = normalize(text)
        assert normalize(code) == code


@pytest.mark.parametrize(
    ("text", "code"), [("pj-007", "PJ-007"), (" P 00'1 ", "P001"), ("x" * 65, None), ("\u202e0012", "0012"), ("", None)]
)
def test_site_code(text: str, code: str | None) -> None:
    assert site_code(text) == code


def test_long_texts_are_cut_to_words_that_a_name_can_have() -> None:
    assert len(words_of("kata " * 1_000)) == MOST_WORDS


def test_no_phrase_of_a_table_is_longer_than_is_looked_for() -> None:
    tables = [*payer_words().spelled, *service_words().spelled]
    tables += [phrase for _, phrases in (*payer_words().kinds, *service_words().categories) for phrase in phrases]
    tables += [phrase for rule in payer_words().segments for phrase in (*rule.phrases, *rule.alone)]
    assert max(len(phrase.split()) for phrase in tables) <= LONGEST_PHRASE
    assert all(phrase == " ".join(words_of(phrase)) for phrase in tables)


WORDS = st.lists(st.sampled_from([w for form in service_words().spelled for w in form.split()]), max_size=12)


@given(WORDS)
def test_the_longest_phrase_from_the_left_is_what_a_plain_search_finds(words: list[str]) -> None:
    table = service_words().spelled
    slow: list[str] = []
    rest = words
    while rest:
        ends = [end for end in range(1, len(rest) + 1) if " ".join(rest[:end]) in table]
        end = max(ends, default=1)
        slow += table[" ".join(rest[:end])].split() if ends else rest[:1]
        rest = rest[end:]
    assert list(spelled_out(words, table)) == slow
    assert all(phrase in " ".join(words) for phrase in phrases_of(words))
