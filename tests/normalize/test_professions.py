import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.persons.professions import profession, profession_of_titles, professions
from mdi_engine.reference.person_words import person_words
from mdi_engine.reference.tables import read_toml

TABLE = read_toml("professions")
NAMES = {row["name"] for row in TABLE["professions"]}


def test_each_profession_is_known_by_its_own_word_and_by_its_phrases() -> None:
    for row in TABLE["professions"]:
        assert profession(row["name"]) == row["name"]
        for phrase in row["phrases"]:
            assert profession(phrase.upper()) == row["name"], phrase


def test_titles_and_specialists_lead_to_professions_of_the_table() -> None:
    known = {*person_words().prefixes.values(), *person_words().suffixes.values()}
    assert set(TABLE["titles"]) <= known
    assert {*TABLE["titles"].values(), *TABLE["specialists"].values()} <= NAMES
    for title, name in TABLE["titles"].items():
        if title in person_words().suffixes.values():
            assert profession_of_titles(f"Siti Aminah, {title}") == name


@given(st.text())
def test_any_text_gives_words_of_the_table(text: str) -> None:
    assert {profession(text), profession_of_titles(text)} <= NAMES | {None}
    assert set((professions(text) or "").split()) <= NAMES


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dokter Umum", "dokter"), ("DOKTER", "dokter"), ("Dr. Umum", "dokter"),
        ("Dokter Spesialis Penyakit Dalam", "dokter_spesialis"),
        ("Dokter Gigi", "dokter_gigi"), ("drg.", "dokter_gigi"),
        ("Dokter Gigi Spesialis Ortodonti", "dokter_gigi_spesialis"),
        ("Perawat Ahli Muda", "perawat"), ("Perawat Gigi", "terapis_gigi"), ("Ners", "perawat"),
        ("Dokter Spesialis Kedokteran Gigi Anak", "dokter_gigi_spesialis"),
        ("Spesialis Radiologi Kedokteran Gigi", "dokter_gigi_spesialis"),
        ("Dokter Spesialis Bedah Mulut", "dokter_gigi_spesialis"), ("Dokter Spesialis Bedah", "dokter_spesialis"),
        ("Bukan Dokter", None), ("Bukan dokter spesialis, perawat", "perawat"), ("Non-Dokter", None),
        ("Perawat (bukan bidan)", "perawat"), ("Dokter Non PNS", "dokter"), ("Non PNS Perawat", "perawat"),
        ("Bidan Pelaksana", "bidan"),
        ("Asisten Apoteker", "tenaga_teknis_kefarmasian"), ("Apoteker", "apoteker"), ("Ahli Gizi", "nutrisionis"),
        ("Tenaga Kesehatan Masyarakat", "kesehatan_masyarakat"), ("Radiografer", "radiografer"), ("Sopir", None),
        ("-", None),
    ],
)  # fmt: skip
def test_professions(text: str, name: str | None) -> None:
    assert profession(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dr. Siti", "dokter"), ("DR. SITI", "dokter"), ("Dr. Siti", None), ("Dr. Siti, Sp.PD", "dokter_spesialis"),
        ("DR. SITI, S.KEP., M.KES.", "perawat"), ("drg. Siti", "dokter_gigi"),
        ("drg. Siti, Sp.Ort", "dokter_gigi_spesialis"),
        ("Ns. Siti, S.Kep., Sp.Kep.MB", "perawat"), ("apt. Siti, S.Farm", "apoteker"),
        ("Siti, S.Farm", "tenaga_teknis_kefarmasian"),
        ("Siti, A.Md.Keb", "bidan"), ("Siti Amd. Keb", "bidan"), ("Siti, SKM", "kesehatan_masyarakat"),
        ("Siti, S.E.", None),
    ],
)  # fmt: skip
def test_professions_of_titles(text: str, name: str | None) -> None:
    assert profession_of_titles(text) == name
