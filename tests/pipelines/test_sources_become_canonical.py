"""One row or two of each source, as it arrives, and what its mapping makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mdi_engine.normalize.persons.codes import fingerprint
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import shipped
from mdi_engine.workbench.contract import load_contract, sources
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.staging import stage

PIPELINES = [shipped("pipelines")]
NIK, NIK_MOTHER, KK = "5315014107850001", "5315014107600002", "5315010101150003"
Row = dict[str, str | None]


def canonical(path: Path, source: str, tmp_path: Path) -> list[Row]:
    contract = load_contract(PIPELINES, source)
    with open_scratch(tmp_path / "spill") as con:
        extract = inspect(path, contract.encoding, format=contract.layout.format)
        stage(con, contract, [extract], NORMALIZERS)
        rows: list[Row] = con.sql("SELECT * EXCLUDE row_id FROM staged ORDER BY row_id").to_arrow_table().to_pylist()
    return rows


def filled(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def test_simrs(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "kode_rs,no_rm,nama_pasien,nik,no_kk,no_bpjs,jenis_kelamin,tempat_lahir,tanggal_lahir,nama_ibu,nik_ibu,anak_ke,"
        "alamat,kode_kab,no_hp,status_meninggal\n"
        f'3515001,00-12,"Hj. Siti Djuwariyah, S.Pd",\'{NIK},{KK},0001234567890,P,Surabaya,01/07/1985,Aminah,,,'
        "Jl. Mawar No. 5,3515,0812-9876-5432_,-\n"
        f'3515001,00-13,By. Ny. Siti Djuwariyah II,{NIK_MOTHER},,,L,,2024-02-29,,{NIK_MOTHER},,"-",3515,,Y\n'
    )
    woman, newborn = canonical(path, "simrs", tmp_path)
    assert filled(woman) == {
        "source_key": "3515001-00-12",
        "nik": NIK,
        "kk": KK,
        "bpjs": "0001234567890",
        "name": "SITI DJUWARIYAH",
        "name_core": woman["name_core"],
        "name_sound": woman["name_sound"],
        "titles": "Hj. S.Pd",
        "birth_date": "1985-07-01",
        "birth_place": "surabaya",
        "sex": "female",
        "mother_name": "amina",
        "phone": "+6281298765432",
        "address": woman["address"],
        "address_core": "mawar 5",
        "kabkota": "3515",
        "province": "35",
        "facility": "3515001",
    }
    assert str(woman["name_core"]).startswith("siti juwari")
    assert (newborn["nik"], newborn["nik_mother"]) == (None, NIK_MOTHER)
    assert (newborn["name_core"], newborn["mother_name"]) == (None, woman["name_core"])
    assert (newborn["birth_order"], newborn["birth_date"], newborn["deceased"]) == ("2", "2024-02-29", "yes")


def test_dukcapil_is_called_by_a_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "NIK|NO_KK|NAMA_LGKP|JENIS_KLMIN|TMPT_LHR|TGL_LHR|NAMA_LGKP_IBU|ALAMAT|NO_PROP|NO_KAB|NO_KEC|TGL_MATI\n"
        f"{NIK}|{KK}|MOCHAMMAD BIN ALI|1|SIDOARJO|01-07-1985|FATIMAH|JL. MELATI 3|35|15|1|\n"
    )
    (row,) = canonical(path, "dukcapil", tmp_path)
    assert row["source_key"] == fingerprint(NIK)
    assert NIK not in str(row["source_key"])
    assert (row["nik"], row["kk"], row["name_core"], row["sex"]) == (NIK, KK, "muhamad", "male")
    assert (row["kecamatan"], row["kabkota"], row["province"]) == ("351501", "3515", "35")


def test_sisdmk_unfolds_the_jobs(tmp_path: Path) -> None:
    job = {"KODE_UNIT": "R3515001", "UNIT": "RSUD SIDOARJO", "JENIS_SDMK": "Dokter Spesialis Anak", "NIP": None}
    other = {
        "KODE_UNIT": "P3515010201",
        "UNIT": "PUSKESMAS TAMAN",
        "JENIS_SDMK": "Dokter Umum",
        "SIP": "503/1/SIP/2024",
    }
    jobs = [{**job, "STR": "35.1.1.100.2.14.123456"}, {**other, "STR": "AB12345678901234"}]
    person = {"NIK": NIK, "NAMA": "dr. Budi Santoso, Sp.A", "JENIS_KELAMIN": "L", "TANGGAL_LAHIR": "1985-07-01"}
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps({**person, "KODE_KAB": 3515, "PEKERJAAN": jobs})
        + "\n"
        # Without jobs, and with something that is not a list of them.
        + json.dumps({**person, "NIK": NIK_MOTHER, "PEKERJAAN": []})
        + "\n"
        + json.dumps({**person, "NIK": KK, "PEKERJAAN": "tidak ada"})
        + "\n"
    )
    doctor, idle, broken = canonical(path, "sisdmk", tmp_path)
    assert doctor["str"] == "3511100214123456 AB12345678901234"
    assert (doctor["units"], doctor["sip"]) == ("p3515010201 r3515001", "5031SIP2024")
    assert doctor["profession"] == "dokter dokter_spesialis"
    assert (doctor["name"], doctor["titles"], doctor["kabkota"]) == ("BUDI SANTOSO", "dr. Sp.A", "3515")
    assert [each["UNIT"] for each in json.loads(str(doctor["jobs"]))] == ["RSUD SIDOARJO", "PUSKESMAS TAMAN"]
    for row in (idle, broken):
        assert (row["str"], row["units"], row["profession"]) == (None, None, "dokter_spesialis")


def test_sirs_staff_reads_two_header_rows_and_titles_in_three_places(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text(
        "<html><table><tr><th rowspan=2>id_pegawai</th><th rowspan=2>kode_rs</th><th colspan=2>Identitas</th>"
        "<th colspan=3>Nama</th><th rowspan=2>jenis_kelamin</th><th rowspan=2>tempat_tanggal_lahir</th>"
        "<th rowspan=2>profesi</th><th colspan=2>Izin</th></tr>"
        "<tr><th>nik</th><th>nip</th><th>gelar_depan</th><th>nama</th><th>gelar_belakang</th><th>no_str</th>"
        "<th>berlaku_str</th></tr>"
        f"<tr><td>17</td><td>3515001</td><td>{NIK}</td><td>-</td><td>Ns.</td><td>Ni Wayan Sari</td><td>S.Kep</td>"
        "<td>Perempuan</td><td>Denpasar, 1 Juli 1985</td><td>Perawat</td><td>14 01 5 2 2 29-1234567</td>"
        "<td>Seumur Hidup</td></tr></table></html>"
    )
    (row,) = canonical(path, "sirs_staff", tmp_path)
    assert (row["source_key"], row["nik"], row["nip"]) == ("17", NIK, None)
    assert (row["name_core"], row["titles"]) == ("wayan sari", "Ns. S.Kep")
    assert (row["birth_date"], row["birth_place"], row["sex"]) == ("1985-07-01", "denpasar", "female")
    assert (row["units"], row["profession"], row["str"]) == ("r3515001", "perawat", "1401522291234567")


def test_simada_sites_and_the_pharmacy_inside_a_hospital(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["KODE_SARANA", "KODE_RS", "NAMA_SARANA", "KODE_KAB"])
    sheet.append(["S1", 3515001, "RSUD Kab. Sidoarjo", 3515])
    sheet.append(["S2", "3515001", "Instalasi Farmasi RSUD Sidoarjo", "3515"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    hospital, pharmacy = canonical(path, "simada_sites", tmp_path)
    assert (hospital["house"], hospital["kode"], hospital["kabkota"]) == ("rs", "3515001", "3515")
    assert (pharmacy["house"], pharmacy["kode"]) == ("ifrs", None)


PARACETAMOL = {
    "substances": "paracetamol",
    "strength": "500mg",
    "concentration": "500mg",
    "form": "tablet",
    "nie_item": "GBL02309710A",
}


def test_bpom_reads_what_the_register_answers(tmp_path: Path) -> None:
    product = {
        "PRODUCT_ID": "1",
        "PRODUCT_REGISTER": "GBL8902309710A1",
        "PRODUCT_NAME": "PARASETAMOL",
        "PRODUCT_PACKAGE": "DUS, 10 STRIP @ 10 TABLET",
        "PRODUCT_FORM": "TABLET",
        "MANUFACTURER_NAME": "PT. CONTOH FARMA Tbk",
        "INGREDIENTS": "PARACETAMOL 500 MG",
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"recordsTotal": 1, "data": [product]}))
    (row,) = canonical(path, "bpom", tmp_path)
    assert PARACETAMOL.items() <= filled(row).items()
    assert (row["kind"], row["maker"], row["pack"]) == ("drug", "contoh farma", "100 tablet")


@pytest.mark.parametrize(
    ("ingredients", "name", "substances", "strength"),
    [
        ("PARACETAMOL; CAFFEINE", "CAFEMOL 500 mg/65 mg TABLET", "caffeine paracetamol", None),
        ("PARACETAMOL; CAFFEINE", "CAFEMOL 565 mg TABLET", "caffeine paracetamol", "565mg"),
        ("PARACETAMOL; CAFFEINE", "PARASETAMOL 500 MG / KAFEIN 65 MG", "caffeine paracetamol", "65mg+500mg"),
        ("PARACETAMOL", "SANMOL 500 MG", "paracetamol", "500mg"),
        ("PARACETAMOL", "SANMOL 500 MG / 65 MG", "paracetamol", None),
        ("PARACETAMOL 500 MG; CAFFEINE 65 MG", "KAFEIN 100 MG", "caffeine paracetamol", "65mg+500mg"),
        (None, "PARASETAMOL 500 MG / KAFEIN 65 MG", "caffeine paracetamol", "65mg+500mg"),
        ("500 MG", "PARASETAMOL", "paracetamol", "500mg"),
        ("500 MG/65 MG", "PARASETAMOL, KAFEIN", "caffeine paracetamol", None),
        ("500 MG", "SANMOL", None, "500mg"),
    ],
)
def test_a_strength_of_one_text_is_not_given_to_substances_of_another(
    ingredients: str | None, name: str, substances: str | None, strength: str | None, tmp_path: Path
) -> None:
    product = {"PRODUCT_ID": "1", "PRODUCT_NAME": name, "INGREDIENTS": ingredients}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"data": [product]}))
    (row,) = canonical(path, "bpom", tmp_path)
    assert (row["substances"], row["strength"]) == (substances, strength)


def test_salts_and_concentrations_tell_products_apart_and_together(tmp_path: Path) -> None:
    names = [
        "Metoprolol suksinat tab 50 mg",
        "METOPROLOL TARTRATE 50 MG TAB",
        "LIDOCAINE 2 % INJ",
        "lidokain inj 20 mg/ml",
    ]
    pq.write_table(pa.table({"KODE_BARANG": list("1234"), "NAMA_BARANG": names}), tmp_path / "a.parquet")
    one, other, percent, per_ml = canonical(tmp_path / "a.parquet", "simada_items", tmp_path)
    assert (one["salts"], other["salts"]) == ("succinate", "tartrate")
    assert one["concentration"] == other["concentration"] == "50mg"
    assert percent["concentration"] == per_ml["concentration"] == "20mg/1"
    assert (percent["strength"], per_ml["strength"]) == ("2%", "20mg/ml")


def test_lkpp_and_simada_items_meet_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["id_produk", "kode_lkpp", "nama_produk", "no_izin_edar", "pabrik", "harga"])
    sheet.append(["9", "45463910", "Paracetamol tab 500 mg", "BPOM: GBL 8902309710 A1", "Contoh Farma", "Rp 250,00"])
    book.save(tmp_path / "a.xlsx")
    (listed,) = canonical(tmp_path / "a.xlsx", "lkpp", tmp_path)
    assert PARACETAMOL.items() <= filled(listed).items()
    assert (listed["lkpp_code"], listed["price"]) == ("45463910", "250")

    item = {"KODE_BARANG": ["B1"], "NAMA_BARANG": ["PARASETAMOL 0,5 G TABLET"], "NO_IZIN_EDAR": ["GBL8902309710A1"]}
    pq.write_table(pa.table(item), tmp_path / "a.parquet")
    (held,) = canonical(tmp_path / "a.parquet", "simada_items", tmp_path)
    assert PARACETAMOL.items() <= filled(held).items()


def test_payers_and_services(tmp_path: Path) -> None:
    path = tmp_path / "payers.csv"
    path.write_text("kode_faskes;kode_penjamin;nama_penjamin;jenis\nPUSAT;PJ1;JKN PBI APBN;JKN\n3515001;7;BPJS PBI;\n")
    national, own = canonical(path, "payers", tmp_path)
    assert (national["source_key"], national["facility"], own["facility"]) == ("PUSAT-PJ1", None, "3515001")
    assert [(row["kind"], row["segment"], row["name_core"]) for row in (national, own)] == [
        ("jkn", "pbi_apbn", "jkn pbi apbn")
    ] * 2

    path = tmp_path / "services.csv"
    path.write_text(
        "kode_faskes;kode_layanan;nama_layanan;kategori;kode_loinc;tarif\n"
        "PUSAT;LN1;Pemeriksaan Darah Lengkap;LABORATORIUM;58410-2;\n3515001;A;DL;;58410-9;25.000\n"
    )
    national, own = canonical(path, "services", tmp_path)
    assert national["name_core"] == own["name_core"] == "darah lengkap"
    assert (national["loinc"], own["loinc"], own["tariff"]) == ("58410-2", None, "25000")


@pytest.mark.parametrize("source", sources(PIPELINES))
def test_the_samples_become_records_with_a_key_each(source: str, tmp_path: Path) -> None:
    files = sorted(path for path in (shipped("samples") / source).iterdir() if path.is_file())
    rows = [row for path in files for row in canonical(path, source, tmp_path)]
    keys = [row["source_key"] for row in rows]
    assert len(rows) > 20
    assert None not in keys
    assert len(set(keys)) == len(keys)
