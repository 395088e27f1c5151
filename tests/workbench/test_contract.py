from __future__ import annotations

from pathlib import Path

import pytest

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import ModelError, NotFound
from mdi_engine.workbench.contract import load_contract, sources
from mdi_engine.workbench.readers.formats import Layout

SOURCE = """[source]
name = "toko"
entity = "facility"
title = "Toko"
delivery = "full"
key = "kode"

[columns.kode]
required = true
pattern = '\\d+'
meaning = "code"
"""
MAPPING = "SELECT row_id FROM raw -- what else;\n"


def folder_of(tmp_path: Path, source: str = SOURCE, mapping: str | None = MAPPING) -> list[Path]:
    home = tmp_path / "toko"
    home.mkdir()
    (home / "source.toml").write_text(source)
    if mapping is not None:
        (home / "mapping.sql").write_text(mapping)
    return [tmp_path]


def faults_of(folders: list[Path]) -> list[str]:
    with pytest.raises(ModelError) as caught:
        load_contract(folders, "toko")
    return list(caught.value.faults)


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    contract = load_contract(folder_of(tmp_path), "toko")
    assert (contract.full, contract.encoding, contract.layout) == (True, "utf-8", Layout())
    assert contract.max_withdrawn_share == 0.1


def test_the_digest_is_of_both_files(tmp_path: Path) -> None:
    folders = folder_of(tmp_path)
    first = load_contract(folders, "toko").digest
    (tmp_path / "toko" / "mapping.sql").write_text("SELECT row_id FROM raw\n")
    assert load_contract(folders, "toko").digest != first


def test_the_first_folder_wins(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder, title in ((near, "Near"), (far, "Far")):
        folder.mkdir()
        folder_of(folder, SOURCE.replace('"Toko"', f'"{title}"'))
    assert load_contract([near, far], "toko").title == "Near"
    assert sources([near, far]) == ("toko",)


def test_an_unknown_source_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no source 'tokoh'; known are: toko"):
        load_contract(folder_of(tmp_path), "tokoh")


def test_all_faults_of_the_shape_come_together_with_their_lines(tmp_path: Path) -> None:
    source = SOURCE.replace('"full"', '"sometimes"').replace("required = true", 'required = "perhaps"')
    faults = faults_of(folder_of(tmp_path, source + "unit = 3\n"))
    assert [fault.split(":")[0] for fault in faults] == [
        "source.delivery (line 5)",
        "columns.kode.required (line 9)",
        "columns.kode.unit (line 12)",
    ]
    assert "'full' or 'delta'" in faults[0]


def test_all_faults_of_sense_come_together_with_their_lines(tmp_path: Path) -> None:
    source = SOURCE.replace('"facility"', '"shop"').replace('key = "kode"', 'key = "code"')
    source = source.replace(r"\d+", "(a").replace('name = "toko"', 'name = "shop"')
    faults = faults_of(folder_of(tmp_path, source + '[columns.row_id]\nmeaning = ""\n', "DROP TABLE raw; SELECT 1"))
    assert [fault.split(":")[0] for fault in faults] == [
        "source.name (line 2)",
        "source.entity (line 3)",
        "source.key (line 6)",
        "columns.kode.pattern (line 10)",
        "columns.row_id (line 12)",
        "mapping.sql",
    ]
    assert "accepted: " + ", ".join(ENTITIES) in faults[1]


def test_the_source_of_corrections_is_no_other_source(tmp_path: Path) -> None:
    (tmp_path / "steward").mkdir()
    (tmp_path / "steward" / "source.toml").write_text(SOURCE.replace('"toko"', '"steward"'))
    (tmp_path / "steward" / "mapping.sql").write_text(MAPPING)
    with pytest.raises(ModelError) as caught:
        load_contract([tmp_path], "steward")
    (fault,) = caught.value.faults
    assert fault.startswith("source.name (line 2): 'steward' is the source of stewards' corrections")
    assert "take another name" in fault


@pytest.mark.parametrize("check", ["nik", "clean_text", "no_such_fault", "fingerprint", "_fault"])
def test_a_check_names_a_fault_and_never_gives_the_value_back(tmp_path: Path, check: str) -> None:
    found = faults_of(folder_of(tmp_path, SOURCE + f'check = "{check}"\n'))
    assert len(found) == 1
    assert found[0].startswith("columns.kode.check (line 12): ")


@pytest.mark.parametrize("check", ["nik_fault", "nik_warning"])
def test_a_check_may_be_of_faults_or_warnings(tmp_path: Path, check: str) -> None:
    assert load_contract(folder_of(tmp_path, SOURCE + f'check = "{check}"\n'), "toko").columns["kode"].check == check


def test_the_key_must_be_required(tmp_path: Path) -> None:
    (fault,) = faults_of(folder_of(tmp_path, SOURCE.replace("required = true", "required = false")))
    assert fault == "columns.kode (line 8): the key column must say required = true"


def test_names_that_differ_only_in_case_are_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(folder_of(tmp_path, SOURCE + '[columns.KODE]\nmeaning = ""\n'))
    assert "differs from 'kode' only in case" in fault


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        (None, "the file is missing"),
        ("", "mapping.sql: it holds nothing"),
        ("INSERT INTO raw SELECT 1", "mapping.sql: it holds INSERT"),
        ("SELEC", "syntax error"),
    ],
)
def test_a_mapping_is_one_query(tmp_path: Path, mapping: str | None, fault: str) -> None:
    (found,) = faults_of(folder_of(tmp_path, mapping=mapping))
    assert fault in found


def test_what_is_no_toml_is_said_so(tmp_path: Path) -> None:
    (fault,) = faults_of(folder_of(tmp_path, "[source\n"))
    assert fault.startswith("not TOML: ")
    assert "line 1" in fault


def test_how_a_file_is_read_is_stated_in_the_contract(tmp_path: Path) -> None:
    stated = SOURCE.replace('key = "kode"', 'key = "kode"\nformat = "xlsx"\nsheet = "Data"\nheader_rows = 2')
    contract = load_contract(folder_of(tmp_path, stated.replace("required", "code = true\nrequired")), "toko")
    assert contract.layout == Layout("xlsx", sheet="Data", header_rows=2)
    assert contract.columns["kode"].code


@pytest.mark.parametrize(
    ("format", "options", "faults"),
    [
        ("json", 'separator = ";"\nencoding = "utf-8"\nsheet = "x"\nheader_rows = 1', 4),
        ("csv", 'records = "data"\nsheet = "x"\nheader_rows = 2', 3),
        ("parquet", 'encoding = "utf-8"', 1),
        ("html", 'separator = ";"\nencoding = "cp1252"', 1),
        ("xlsx", 'header_rows = 2\nsheet = "x"', 0),
        ("json", 'records = "a.b"', 0),
    ],
)
def test_an_option_of_another_format_is_a_fault(tmp_path: Path, format: str, options: str, faults: int) -> None:
    folders = folder_of(tmp_path, SOURCE.replace('key = "kode"', f'key = "kode"\nformat = "{format}"\n{options}'))
    if not faults:
        assert load_contract(folders, "toko").layout.format == format
        return
    found = faults_of(folders)
    assert len(found) == faults
    assert all("(line " in fault and f"this source is {format}" in fault for fault in found)


@pytest.mark.parametrize(
    "option", ['format = "xls"', "header_rows = 3", 'records = ""', 'records = "a..b"', 'sheet = ""', 'separator = "x"']
)
def test_a_value_that_no_option_has_is_a_fault_with_its_line(tmp_path: Path, option: str) -> None:
    name = option.split(" ")[0]
    (fault,) = faults_of(folder_of(tmp_path, SOURCE.replace('key = "kode"', f'key = "kode"\n{option}')))
    assert fault.startswith(f"source.{name} (line 7): ")
