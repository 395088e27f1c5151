"""Tables of any kind as records, and tables written: what is refused, and that nothing is quoted or left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mdi_engine.errors import InputRefused, MdiError, ModelError, UsageError
from mdi_engine.jobs.output import write_table
from mdi_engine.jobs.tables import frame_tables, read_table, source_name, source_names, to_records
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.records import Records

MODEL = """
name = "people"
[fields.nik]
column = "nik"
identifier = true
[fields.name]
column = "nama"
[fields.weight]
column = "berat"
type = "number"
[[blocking]]
keys = ["name"]
[[comparisons]]
field = "name"
levels = ["exact"]
[[comparisons]]
field = "nik"
levels = ["exact"]
[[comparisons]]
field = "weight"
levels = ["exact"]
"""
NIK = 3171234567890123
PERSON = f"{NIK},SITI,SITI"


def records(model: str = MODEL, **columns: object) -> Records:
    given = {"nik": [str(NIK), "2"], "nama": ["A", "B"], "berat": ["3", "4"], **columns}
    return to_records(frame_tables({"t": pa.table(given)}, parse_model(model)), parse_model(model))


@pytest.mark.parametrize("column", ["nik", "nama"])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_a_column_of_floats_is_no_text(column: str, kind: str) -> None:
    with pytest.raises(InputRefused, match=f"t: the column '{column}' holds floating-point numbers") as caught:
        records(MODEL, **{column: np.array([NIK, 2], dtype=kind)})
    assert "dtype=str" in str(caught.value)
    assert "3.17" not in str(caught.value)


def test_an_identifier_that_is_a_number_is_no_float_either() -> None:
    model = MODEL.replace("identifier = true", 'identifier = true\ntype = "number"')
    with pytest.raises(InputRefused, match="'nik' holds floating-point"):
        records(model, nik=[float(NIK), 2.0])
    model = MODEL.replace('name = "people"', 'name = "people"\nkey = "weight"')
    with pytest.raises(InputRefused, match="'berat' holds floating-point"):
        records(model, berat=[1.5, 2.5])


def test_a_quantity_may_be_floats_and_a_code_whole_numbers() -> None:
    found = records(nik=[NIK, 2], berat=[2.5, None])
    assert [found.columns["nik"].text(row) for row in (0, 1)] == [str(NIK), "2"]
    assert [found.columns["weight"].text(row) for row in (0, 1)] == ["2.5", None]


def test_a_column_that_pandas_makes_floats_is_refused_unless_it_is_empty(tmp_path: Path) -> None:
    frame = pd.DataFrame({"nik": [NIK, None], "nama": ["A", "B"], "berat": [None, None]})
    frame.to_parquet(tmp_path / "a.parquet")
    held = read_table(tmp_path / "a.parquet", ("nik", "nama", "berat"))
    for table in (frame, held):
        with pytest.raises(InputRefused, match="'nik' holds floating-point"):
            to_records(frame_tables({"t": table}, parse_model(MODEL)), parse_model(MODEL))
    empty = frame.assign(nik=[float("nan")] * 2)
    assert to_records(frame_tables(empty, parse_model(MODEL)), parse_model(MODEL)).columns["nik"].text(0) is None


@pytest.mark.parametrize("values", [[["SITI"], ["B"]], [{"a": "SITI"}, {"a": "B"}], [b"SITI\xff", b"B"]])
def test_a_column_that_is_no_text_is_named(values: list[object]) -> None:
    with pytest.raises(UsageError, match=r"t: the column 'nama' holds .*, which is not text") as caught:
        records(nama=values)
    assert "SITI" not in str(caught.value)


def test_a_category_is_text() -> None:
    assert records(nama=pa.array(["A", "B"]).dictionary_encode()).columns["name"].values == ("A", "B")


@pytest.mark.parametrize("first", [PERSON, f"nama,nama,{NIK}", f"{NIK},SITI"])
def test_a_first_line_that_is_data_is_quoted_nowhere(tmp_path: Path, first: str) -> None:
    path, model = tmp_path / "a.csv", parse_model(MODEL)
    path.write_text(first + "\n1,2,3\n".replace(",3", ",3" * (first.count(",") - 1)))
    with pytest.raises(MdiError) as caught:
        to_records({"a": read_table(path, ("nik", "nama", "berat"))}, model)
    told = f"{caught.value} {caught.value.facts}"
    assert str(NIK) not in told
    assert "SITI" not in told


def test_a_table_that_the_model_does_not_map_is_not_left_out_in_silence() -> None:
    model = parse_model(
        MODEL.replace('column = "nama"', 'column = { a = "nama" }')
        .replace('column = "nik"', 'column = { a = "nik" }')
        .replace('column = "berat"', 'column = { a = "berat" }')
    )
    frame = pd.DataFrame({"nik": ["1"], "nama": ["A"], "berat": ["2"]})
    with pytest.raises(ModelError, match="b is named by no field, so all its rows would be left out; mapped are a"):
        to_records(frame_tables({"a": frame, "b": frame}, model), model)


def test_names_of_a_frame_that_are_data_are_quoted_nowhere() -> None:
    frame = pd.DataFrame([["3", "B"]], columns=[str(NIK), "SITI"])
    with pytest.raises(ModelError, match="its first line may be data") as caught:
        to_records(frame_tables(frame, parse_model(MODEL)), parse_model(MODEL))
    assert str(NIK) not in str(caught.value)
    with pytest.raises(ModelError, match="of the model's columns it has nama"):
        to_records(frame_tables(frame.rename(columns={"SITI": "nama"}), parse_model(MODEL)), parse_model(MODEL))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 3, "looks like data"),
        (["--encoding", "klingon"], 2, "accepted are utf-8"),
        (["--separator", ";;"], 2, "accepted are a comma"),
    ],
)
def test_the_command_line_says_what_is_wrong_and_quotes_nobody(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "a.csv").write_text(f"{PERSON}\n1,2,3\n")
    (tmp_path / "model.toml").write_text(MODEL)
    done = subprocess.run(
        [Path(sys.executable).with_name("mdi"), "dedupe", "a.csv", "--model", "model.toml", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert str(NIK) not in done.stderr
    assert "SITI" not in done.stderr


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("list.csv", "list"),
        ("list.2021.csv", "list.2021"),
        ("list.2021.CSV.gz", "list.2021"),
        ("list.2021.parquet", "list.2021"),
        ("a.tsv", "a"),
        ("a.txt", "a"),
        ("a.jsonl.gz", "a"),
        ("list.2021", "list.2021"),
        ("list.gz", "list"),
        ("=a.csv", "=a"),
    ],
)
def test_a_source_is_called_by_its_files_stem(file: str, name: str) -> None:
    assert source_name(Path("in.d") / file) == name


def test_files_that_differ_behind_a_dot_are_two_sources() -> None:
    assert source_names([Path("list.2021.csv"), Path("list.2022.csv")]) == ["list.2021", "list.2022"]
    with pytest.raises(UsageError, match="share a name"):
        source_names([Path("list.csv"), Path("list.csv.gz")])


def test_rows_of_one_column_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nama\nA\n\nB\n")
    assert read_table(path, ("nama",)).column("nama").to_pylist() == ["A", "", "B"]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fills_the_disk(*arguments: object) -> None:
        (tmp_path / f"out.{form}.part").write_text("half")
        raise OSError(28, "No space left on device")

    for name in ("write_csv", "write_json_lines", "write_parquet"):
        monkeypatch.setattr(f"mdi_engine.jobs.output.{name}", fills_the_disk)
    (tmp_path / f"out.{form}").write_text("of yesterday")
    with pytest.raises(InputRefused, match="No space left"):
        write_table(pa.table({"a": ["b"]}), tmp_path / f"out.{form}")
    assert [path.name for path in tmp_path.iterdir()] == [f"out.{form}"]
    assert (tmp_path / f"out.{form}").read_text() == "of yesterday"


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, form: str) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputRefused, match=r"cannot be written: .*Not a directory"):
        write_table(pa.table({"a": ["b"]}), tmp_path / "taken" / f"out.{form}")
    write_table(pa.table({"a": ["b"]}), tmp_path / f"out.{form}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"out.{form}", "taken"]
    if form == "parquet":
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 1
