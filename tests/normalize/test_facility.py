import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from mdi_engine.normalize.places.facility import (
    NOTHING,
    FacilityName,
    facility_core,
    facility_name,
    parse_facility_name,
)
from mdi_engine.population.catalogue.hospital_names import HEADS, Kind, invent, vary
from mdi_engine.reference.facility_words import facility_words
from mdi_engine.reference.regions import kabkota


def parts(text: str) -> tuple[str | None, str | None, str | None, str | None]:
    name = parse_facility_name(text)
    return name.type, name.core, name.number, name.place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RSUD Cendana", "RS Umum Daerah Cendana"),
        ("RSU Daerah Cendana", "Rumah Sakit Umum Daerah CENDANA"),
        ("RSD Cendana", "RS Daerah Cendana"),
        ("RSU Umum Daerah Cendana", "RSUD Cendana"),
        ("RS Umum Dearah Cendana", "RSUD Cendana"),
        ("RSIA Kencana", "RS Ibu & Anak Kencana"),
        ("RS Khusus Ibu dan Anak Kencana", "RS Bersalin Kencana"),
        ("RSK Bedah Kencana", "Rumah Sakit Bedah Kencana"),
        ("RSGM Kencana", "RS Khusus Gigi Mulut Kencana"),
        ("RS Jiwa Daerah Kencana", "RSJD Kencana"),
        ("RSUP Kencana", "RS Umum Pusat Kencana"),
        ("R.S.U.D. Cendana", "RSUD Cendana"),
        ("UPT RSUD Cendana", "RSUD Cendana (Jst)"),
        ("RSUD dr. H. Soewarno", "RS UMUM DAERAH SUWARNO"),
        ("RSUD Drs. H. Djamil Hoesin, SH", "RSUD Jamil Husin"),
        ("RSUD Dr. (H.C.) Ir. Suwarno", "RSUD Suwarno"),
        ("RS St. Theresia", "RS Santa Teresia"),
        ("RS Sint Lukas", "RS Santo Lukas"),
        ("RS Al-Azhar", "RS Alazhar"),
        ("RSU An Nisa", "RSU Annisa"),
        ("RSU Asy-Syifa", "RSU As Shifa"),
        ("RSU Moch. Achmad", "RSU Muhammad Akhmad"),
        ("RSU Medika Abadi II", "RSU Medica Abadi 2"),
        ("RSU Kencana Medical Center (KMC)", "RSU Kencana Medical Centre"),
        ("RSU Pondok Cendana", "RSU Pondokcendana"),
        ("RS Pelabuhan Tg.Cendana", "RS Pelabuhan Tanjung Cendana"),
        ("RSUD Kelas C Cendana", "RSUD Cendana"),
        ("RS TK. IV 01.07.03", "RS Tkt. IV 01.07.03"),
        ("RS Tingkat IV Kencana", "RS Tk 4 Kencana"),
        ("RSAU Kencana", "RS TNI Angkatan Udara Kencana"),
        ("RSAL dr. Kencana", "RS AL dr. Kencana"),
        ("RS Bhayangkara Tk. III Nganjuk", "RS Bhayangkara Nganjuk"),
        ("RSUD Kab.Bintan", "RSUD Kabupaten Bintan"),
        ("RSUD Tanjungpinang", "RSUD Kota Tanjung Pinang"),
        ("RSU Cendana Jogja", "RSU Cendana Yogyakarta"),
        ("RSUD Cendana Kab. Toba Samosir", "RSUD Cendana Toba"),
        ("UPTD Puskesmas Cendana", "PKM Cendana"),
        ("Pusk. Cendana II", "UPT. PUSKESMAS CENDANA 2"),
        ("Puskesmas Rawat Inap Cendana", "Puskesmas Cendana"),
        ("Puskesmas Kec. Cendana", "Puskesmas Cendana"),
        ("Puskesmas Kel. Cendana", "PUSKESMAS KELURAHAN CENDANA"),
        ("Klinik Pratama Cendana", "BP. Cendana"),
        ("Poliklinik Cendana", "Balai Pengobatan Cendana"),
        ("Apotik Cendana", "Apt. Cendana"),
        ("Kimia Farma No. 518", "Apotek Kimia Farma 518"),
        ("IFRS Cendana", "Instalasi Farmasi RSUD Cendana"),
        ("If Rs Cendana", "Instalasi Farmasi Rumah Sakit Umum Cendana"),
        ("IFRS Ibu dan Anak Cendana", "Instalasi Farmasi RSIA Cendana"),
        ("Gudang Farmasi Kab. Bintan", "UPTD Instalasi Farmasi Kabupaten Bintan"),
        ("IFK Kota Solok", "Instalasi Farmasi Dinas Kesehatan Kota Solok"),
    ],
)
def test_two_ways_to_write_one_name_have_the_same_parts(one: str, other: str) -> None:
    assert parts(one) == parts(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RSU Aliyah II", "RSU Aliyah III"),
        ("RSUD Kota Solok", "RSUD Kabupaten Solok"),
        ("RS TK. IV 01.07.03", "RS TK. IV 01.07.02"),
        ("RS Dwi Husada", "RS Dewi Husada"),
        ("RS Mata Kencana", "RS Paru Kencana"),
        ("RSUD Kendal", "RSUD Kendari"),
        ("RSU Kencana Kediri I", "RSU Kencana Kediri"),
        ("RSUD Cendana", "Instalasi Farmasi RSUD Cendana"),
        ("Puskesmas Kecamatan Tebet", "Puskesmas Kelurahan Tebet"),
        ("Puskesmas Jailolo", "Puskesmas Kota Jailolo"),
        ("Puskesmas Cendana A", "Puskesmas Cendana B"),
        ("Puskesmas Cendana", "Puskesmas Pembantu Cendana"),
        ("Klinik Mata Cendana", "Klinik Gigi Cendana"),
        ("Kimia Farma No. 518", "Kimia Farma No. 519"),
    ],
)
def test_different_houses_keep_different_parts(one: str, other: str) -> None:
    assert parts(one) != parts(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RS Umum Daerah Sultan Iskandar Muda Nagan Raya", ("rsud", "sultan iskandar muda", None, "nagan raya")),
        ("RS Umum Daerah Ibu Cendana", ("rsud", "ibu cendana", None, None)),
        ("RS Al Huda", ("rs", "alhuda", None, None)),
        ("RS AL Ambon", ("rstni", None, None, "ambon")),
        ("RS Haji Medan", ("rs", "haji", None, "medan")),
        ("RS 3M Plus", ("rs", "plus", "3", None)),
        ("RS Metro Hospital", ("rs", "metro", None, None)),
        ("RSIA Asih Kota Metro", ("rsia", "asi", None, "metro")),
        ("RS Kencana Solo Baru", ("rs", "kencana solo baru", None, None)),
        ("RSIA Madinah Barru", ("rsia", "madina", None, "barru")),
        ("RS JIH", ("rs", "jih", None, None)),
        ("RS Batu Cendana", ("rs", "batucendana", None, None)),
        ("Charitas Hospital", ("rs", "caritas", None, None)),
        ("RS Darurat COVID-19 Cendana", ("rsdarurat", "cendana", None, None)),
        ("RS PTPN VIII", ("rs", "ptpn", "8", None)),
        ("RSUD I Lagaligo", ("rsud", "lagaligo", None, None)),
        ("RSUD Sultan Jamaludin I", ("rsud", "sultan jamaludin", "1", None)),
        ("Klinik Pratama Cendana", ("klinik", "cendana", None, None)),
        ("UPTD Puskesmas Leksono II", ("puskesmas", "leksono", "2", None)),
        ("Apotik Cendana", ("apotek", "cendana", None, None)),
        ("Puskesmas Wonogiri I", ("puskesmas", None, "1", "wonogiri")),
        ("Puskesmas Kota", ("puskesmas", "kota", None, None)),
        ("Puskesmas Mata", ("puskesmas", "mata", None, None)),
        ("Instalasi Farmasi RS TK. IV 01.07.03", ("ifrs", None, "010703", None)),
        ("Gudang Farmasi Kabupaten Bintan", ("gudang", None, None, "bintan")),
        ("Kimia Farma No. 518", ("apotek", "kimia farma", "518", None)),
        ("RS", ("rs", None, None, None)),
        ("Cendana", (None, "cendana", None, None)),
    ],
)
def test_parts_of_a_name(text: str, expected: tuple[str | None, ...]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize("text", [None, "", " - ", "NULL", "(Tidak Tercatat)", "\u202e"])
def test_nothing_is_read_from_nothing(text: str | None) -> None:
    assert parse_facility_name(text) == NOTHING


def test_a_number_at_the_length_where_lists_are_cut_stays() -> None:
    assert len("Puskesmas Pondok Permata Ju II") == 30
    assert parse_facility_name("Puskesmas Pondok Permata Ju II").number == "2"


def test_a_stump_at_the_length_where_lists_are_cut_is_left_out() -> None:
    cut = "RSU Cendana Kencana Permata Mutiara Lestari Ayu Ja"
    assert len(cut) == 50
    assert facility_core(cut) == "cendana kencana permata mutiara lestari ayu"


WORDS = sorted(
    {word for form in facility_words().heads for word in form.split()}
    | {word for form in facility_words().qualifiers for word in form.split()}
    | set(facility_words().region) | set(facility_words().titles) | set(facility_words().articles)
    | {"husada", "medika", "soewarno", "cendana", "bhakti", "ii", "x", "2", "01.07.03", "tk", "iv", "batu", "tanjung"}
    | {word.lower() for row in list(kabkota().values())[::25] for word in row.name.split()}
)  # fmt: skip
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join)


@given(NAMES, st.sampled_from([str.upper, str.title, str.lower]))
def test_case_and_spaces_do_not_matter(name: str, case: object) -> None:
    assert callable(case)
    assert parse_facility_name(f"  {case(name).replace(' ', '   ')} ") == parse_facility_name(name)


KINDS: list[Kind] = sorted(HEADS)


@given(st.integers(0, 2**32), st.sampled_from(KINDS))
def test_the_display_form_of_a_plausible_name_is_its_own_and_has_the_same_parts(seed: int, kind: Kind) -> None:
    rng = Generator(PCG64(seed))
    written = vary(rng, invent(rng, kind, "Kota", "Solok"), "Kota", "Solok").text()
    found = parse_facility_name(written)
    again = parse_facility_name(found.display)
    assert facility_name(found.display) == found.display
    assert again == found


HEADS_ELSEWHERE = ["puskesmas", "pkm", "klinik", "bp", "apotek", "ifrs", "instalasi farmasi", "gudang farmasi", "if rs"]


@given(st.sampled_from(HEADS_ELSEWHERE), NAMES)
def test_a_name_that_begins_with_another_head_is_no_hospital(head: str, name: str) -> None:
    found = parse_facility_name(f"{head} {name}")
    assert found.type is not None
    assert not found.type.startswith("rs")


@given(NAMES)
def test_parts_are_null_or_single_spaced_tokens(name: str) -> None:
    found: FacilityName = parse_facility_name(name)
    for part in (found.display, found.type, found.core, found.number, found.place):
        assert part is None or (part and part == " ".join(part.split()))
    assert found.number is None or found.number.replace(" ", "").isdecimal()
