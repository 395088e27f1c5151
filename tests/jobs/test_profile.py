from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.errors import InputRefused, ModelError, NotFound, UsageError
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.profile import profile
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.reference.tables import read_toml
from mdi_engine.settings import Settings
from mdi_engine.workbench.profiling.columns import ColumnProfile, Format
from mdi_engine.workbench.profiling.findings import Finding
from mdi_engine.workbench.profiling.overview import Profile

FILE = """kode_kab,kode_instansi,unit_kerja
3171,3171001,RS A
3171,3171002,-
3172,3171003,RS Panjang Namanya
,3171004,RS A
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(FILE)
    return path


NAMES = ColumnProfile(
    name="unit_kerja",
    personal=False,
    filled=3,
    placeholders=1,
    empty=0,
    completeness=0.75,
    distinct=2,
    distinct_share=2 / 3,
    shortest=4,
    longest=18,
    most_frequent=2,
    top=(("RS A", 2), ("RS Panjang Namanya", 1)),
    placeholder_values=(("-", 1),),
    formats=(Format("AA A", 2, 2 / 3), Format("AA Aa{6} Aa{6}", 1, 1 / 3)),
)


def codes(found: Profile) -> list[tuple[str, str | None, int]]:
    return [(each.code, each.column, each.rows) for each in found.findings]


def test_a_file_needs_no_contract(settings: Settings, file: Path) -> None:
    found = profile(settings, str(file))
    assert (found.rows, found.rejected, found.columns[2]) == (4, 0, NAMES)
    assert (found.columns[0].filled, found.columns[0].placeholders, found.columns[0].empty) == (3, 0, 1)
    assert not settings.home.exists()


def test_a_source_is_its_newest_delivery(settings: Settings, file: Path) -> None:
    ingest(settings, "pusdatin", [file])
    assert profile(settings, "pusdatin").columns[2] == NAMES
    file.write_text(FILE.replace("RS A", "RS B").replace("\n,3171004", "\n3172,3171004") + "9999,few\n")
    ingest(settings, "pusdatin", [file])
    found = profile(settings, "pusdatin")
    assert (found.read, found.rows, found.rejected) == (5, 4, 1)
    assert found.columns[2].top == (("RS B", 2), ("RS Panjang Namanya", 1))


def test_the_counts_of_a_delivery_are_those_of_its_ingest(settings: Settings, file: Path) -> None:
    """One row does not fit the header; another does, and is profiled, though the contract sets it aside."""
    file.write_text(FILE + "9999,few\n3171,no code,RS C\n")
    taken = ingest(settings, "pusdatin", [file])
    found = profile(settings, "pusdatin")
    assert (found.read, found.rows, found.rejected) == (6, 5, 2) == (taken.read, taken.read - 1, taken.rejected)
    (finding,) = (each for each in found.findings if each.code == "rejected_rows")
    assert finding.share == 2 / 6


def test_a_personal_column_shows_no_values(settings: Settings, file: Path) -> None:
    folder = settings.home / "pipelines" / "pusdatin"
    folder.mkdir(parents=True)
    for name in ("source.toml", "mapping.sql"):
        text = (Path(__file__).parents[2] / "pipelines" / "pusdatin" / name).read_text()
        (folder / name).write_text(text.replace("[columns.unit_kerja]", "[columns.unit_kerja]\npersonal = true"))
    ingest(settings, "pusdatin", [file])
    found = profile(settings, "pusdatin")
    assert found.columns[2].top is None
    assert (found.columns[2].distinct, found.columns[2].most_frequent) == (2, 2)
    # Runs of letters are not counted.
    assert [form.shape for form in found.columns[2].formats] == ["A A", "A Aa Aa"]
    assert "RS A" not in str(found.to_dict())


@pytest.mark.parametrize("header", ["kode\n", 'file_row,other,"a""b",A,a\n'])
def test_any_header_will_do(settings: Settings, file: Path, header: str) -> None:
    file.write_text(header)
    found = profile(settings, str(file))
    assert found.rows == 0
    assert {column.completeness for column in found.columns} == {1.0}


def test_encoding_and_separator_of_a_file_can_be_stated(settings: Settings, file: Path) -> None:
    file.write_bytes("kota;kode\nÉmilie;1\n".encode("cp1252"))
    found = profile(settings, str(file), encoding="cp1252", separator=";")
    assert found.columns[0].top == (("Émilie", 1),)
    with pytest.raises(InputRefused, match="is not utf-8"):
        profile(settings, str(file))


def test_encoding_and_separator_that_are_none_are_usage(settings: Settings, file: Path) -> None:
    with pytest.raises(UsageError, match="no encoding 'utf-16x'"):
        profile(settings, str(file), encoding="utf-16x")
    with pytest.raises(UsageError, match="the separator ';;'"):
        profile(settings, str(file), separator=";;")


def test_neither_source_nor_file(settings: Settings) -> None:
    with pytest.raises(NotFound, match=r"neither a source \(.*pusdatin, .*\) nor a file"):
        profile(settings, "absent.csv")
    with pytest.raises(NotFound, match="nothing was ingested yet"):
        profile(settings, "sirs")
    assert not settings.home.exists()


@pytest.mark.parametrize("header", ["nik", "Nama Pasien", "no_hp", "TGL_LAHIR", "alamat", "nama_ibu"])
def test_a_file_hides_what_looks_personal_unless_told_otherwise(settings: Settings, file: Path, header: str) -> None:
    file.write_text(f"{header},nama_rs\nrahasia 12,RS A\nrahasia 12,RS B\n")
    found = profile(settings, str(file))
    assert (found.columns[0].personal, found.columns[0].top, found.columns[0].most_frequent) == (True, None, 2)
    assert found.columns[1].top == (("RS A", 1), ("RS B", 1))
    assert "rahasia" not in str(found.to_dict())
    assert profile(settings, str(file), show_values=True).columns[0].top == (("rahasia 12", 2),)


def test_long_numbers_are_hidden_whatever_their_column_is_called(settings: Settings, file: Path) -> None:
    file.write_text("lainnya,kode\ntelepon 081200000000 saja,1\nlain,2\n")
    found = profile(settings, str(file))
    assert [column.top for column in found.columns] == [None, (("1", 1), ("2", 1))]
    assert "081200000000" not in str(found.to_dict())
    assert "081200000000" in str(profile(settings, str(file), show_values=True).to_dict())


NUMBERS = [
    *("3815 1041 0190 0003", "3815104101900003"),
    "0812-3456-7801",
    "0812345678",
    "(0812) 34.567.801",
    "+62 812 3456 7801",
    "0812‑3456‑7801",
]


@pytest.mark.parametrize(
    "number", [*NUMBERS, "hp 0812345678", "08-12-3456-7801", "NIK3815104101900003", "021-5551234, 0812-345-678"]
)
def test_a_number_in_pieces_is_hidden_too(settings: Settings, file: Path, number: str) -> None:
    file.write_text("id;kode\n" + "lain;1\n" * 40 + f"{number};2\n")
    found = profile(settings, str(file), separator=";")
    assert found.columns[0].top is None
    assert number not in str(found.to_dict())
    assert found.columns[1].top is not None


@pytest.mark.parametrize(("numbers", "hidden"), [(1, False), (10, True)])
def test_eight_digits_are_hidden_where_a_tenth_of_the_values_has_them(
    settings: Settings, file: Path, numbers: int, hidden: bool
) -> None:
    file.write_text("id\n" + "555-12345\n" * numbers + "lain\n" * (100 - numbers))
    assert (profile(settings, str(file)).columns[0].top is None) == hidden


THINGS = [
    "2020-01-02",
    "02-01-2020",
    "2020-01-02 10:00:00",
    "2.1.2020 8:15",
    "02/01/2020",
    "DKL9931519403A1",
    "3508055",
]


@pytest.mark.parametrize("value", [*THINGS, "-7.25044", "Rp 1.500.000", "12-14 Mei 2020", "RW 04/RT 012"])
def test_dates_and_numbers_of_things_are_shown(settings: Settings, file: Path, value: str) -> None:
    file.write_text(f"kolom\n{value}\n{value}\n")
    assert profile(settings, str(file)).columns[0].top == ((value, 2),)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_first_line_with_a_number_in_pieces_is_no_header(settings: Settings, file: Path, number: str) -> None:
    file.write_text(f"Siti Aminah;{number}\nBudi;3\n")
    found = profile(settings, str(file), separator=";")
    assert ("header_is_data", None, 1) in codes(found)
    assert "Siti" not in str(found.to_dict())


def test_a_first_line_that_is_a_person_is_no_header(settings: Settings, file: Path) -> None:
    file.write_text("Siti Aminah,9901015708850001\nBudi,9901010101010002\n")
    found = profile(settings, str(file))
    assert ("header_is_data", None, 1) in codes(found)
    assert [column.name for column in found.columns] == ["column 1", "column 2"]
    told = str(found.to_dict())
    assert not [word for word in ("Siti", "9901", "Budi") if word in told]


def test_values_of_a_source_cannot_be_asked_for(settings: Settings) -> None:
    with pytest.raises(UsageError, match="the contract of a source"):
        profile(settings, "pusdatin", show_values=True)


def test_rows_that_do_not_fit_are_a_finding(settings: Settings, file: Path) -> None:
    file.write_text(FILE + "9999,few\n")
    found = profile(settings, str(file))
    assert (found.rejected, codes(found)[0]) == (1, ("rejected_rows", None, 1))
    assert found.findings[0].share == 1 / 5


def ingested(settings: Settings, file: Path, contract: str) -> Profile:
    """The profile of what `file` holds, after the contract of pusdatin was changed as the text `old -> new` says."""
    folder = settings.home / "pipelines" / "pusdatin"
    folder.mkdir(parents=True)
    old, new = contract.split(" -> ")
    for name in ("source.toml", "mapping.sql"):
        text = (Path(__file__).parents[2] / "pipelines" / "pusdatin" / name).read_text()
        (folder / name).write_text(text.replace(old, new))
    ingest(settings, "pusdatin", [file])
    return profile(settings, "pusdatin")


def test_a_check_of_the_contract_is_counted_by_what_it_says(settings: Settings, file: Path) -> None:
    """Any check will do: here the hospitals' names are no licences, told in words of the check's own."""
    found = ingested(settings, file, "[columns.unit_kerja] -> [columns.unit_kerja]\ncheck = 'nie_fault'")
    assert [
        (each.facts["check"], each.facts["kind"], each.rows) for each in found.findings if each.code == "fault"
    ] == [("nie_fault", "no_prefix", 3)]


@pytest.mark.parametrize("check", ["no_such_check", "nik", "facility_number"])
def test_a_check_that_would_tell_the_value_is_a_fault_of_the_contract(
    settings: Settings, file: Path, check: str
) -> None:
    with pytest.raises(
        ModelError, match=rf"columns\.unit_kerja\.check \(line \d+\): .*'{check}'.*accepted: .*nik_fault"
    ):
        ingested(settings, file, f"[columns.unit_kerja] -> [columns.unit_kerja]\ncheck = '{check}'")


@given(text=st.text(max_size=40) | st.from_regex(r"[A-Z]{0,3}[0-9 .,E+]{5,20}[A-Z]?"))
def test_what_a_check_says_is_a_word_of_its_own(text: str) -> None:
    for name, check in NORMALIZERS.items():
        if name.endswith(("_fault", "_warning")):
            assert check(text) in {None, *read_toml("check_words")[name]}


def test_a_default_in_a_column_of_few_values_many_times(settings: Settings, file: Path) -> None:
    """One coordinate on far more rows than the line through the others allows."""
    rows = [f"{-7 - n / 1000:.4f}" for n in range(200) for _ in range(1 + 400 // (n + 20))]
    file.write_text("\n".join(["garis_lintang", *rows, *["-2.4185"] * 2000, ""]))
    each = next(each for each in profile(settings, str(file)).findings if each.code == "default_value")
    assert (each.severity, each.rows, each.facts["values"], each.facts["most"]) == ("medium", 2000, 1, 2000)


def test_progress_is_told(settings: Settings, file: Path) -> None:
    told: list[str] = []

    class Told:
        def stage(self, name: str, total: int | None = None) -> None:
            told.append(f"{name} {total}")

        def advance(self, n: int = 1) -> None:
            told.append("+")

    profile(settings, str(file), progress=Told())
    assert told == ["inspect None", "read None", "columns 3", "+", "+", "+"]


def test_findings_come_gravest_first_and_with_numbers_as_each_language_writes_them(
    settings: Settings, file: Path
) -> None:
    file.write_text("\n".join(["kota,kelas", *["Blora ,"] * 1100, *["Palu\x07,"] * 900, ""]))
    found = profile(settings, str(file)).findings
    assert [each.severity for each in found] == sorted(
        (each.severity for each in found), key=["high", "medium", "low"].index
    )
    spaces = next(each for each in found if each.code == "spaces")
    assert isinstance(spaces, Finding)
    assert (spaces.rows, spaces.share) == (1100, 0.55)
    assert "1,100" in spaces.english
    assert "1.100" in spaces.indonesian


def test_two_lines_of_header_are_seen(settings: Settings, tmp_path: Path) -> None:
    table = "<table><tr><th colspan=2>Izin</th><th colspan=2>Izin</th></tr>"
    table += "<tr><th>no</th><th>kota</th><th>tgl</th><th>kelas</th></tr><tr><td>1</td><td>Palu</td></tr></table>"
    path = tmp_path / "a.xls"
    path.write_text(table)
    assert [column.name for column in profile(settings, str(path)).columns] == [
        *("Izin no", "Izin kota", "Izin tgl", "Izin kelas")
    ]
