"""Files of every format through the real command: taken in, or refused with one message and the home as it was."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_helpers import Shell

from mdi_engine.cli.main import main
from mdi_engine.entities import ENTITIES

pytest_plugins = ["cli_fixtures"]

SOURCE = """[source]
name = "klinik"
entity = "facility"
title = "Klinik"
delivery = "full"
key = "kode"
{options}
[columns.kode]
required = true
code = true
meaning = "code"
[columns.nama]
required = true
meaning = "name"
"""
GIVEN = {"source_key": "null_placeholder(kode)", "name": "clean_text(nama)"}
FIELDS = ", ".join(f"{GIVEN.get(name, 'NULL')} AS {name}" for name in ENTITIES["facility"].field_names)
MAPPING = f"SELECT row_id, {FIELDS} FROM raw"
# A code of 16 digits, too many for a float, and no NIK: there is no 59th or 99th day.
ROWS = [("kode", "nama"), ("9971069912000001", "Klinik \u202eSatu"), ("'007", "=1+1")]
OBJECTS = [{"kode": kode, "nama": nama} for kode, nama in ROWS[1:]]


def xlsx(*rows: tuple[object, ...]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def bomb(stated: int | None) -> bytes:
    """A workbook with a part of 80 MB; `stated` is the size it gives for it."""
    out = io.BytesIO(xlsx(*ROWS))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.png", bytes(80 << 20))
    content = out.getvalue()
    return content if stated is None else content.replace(struct.pack("<I", 80 << 20), struct.pack("<I", stated))


def html(*rows: tuple[str, ...]) -> bytes:
    return b"<table>" + b"".join(f"<tr><td>{'<td>'.join(row)}".encode() for row in rows) + b"</table>"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
SOUND = {
    "csv": "\n".join(map(",".join, ROWS)).encode(),
    "xlsx": xlsx(*((str(kode), nama) for kode, nama in ROWS[:2]), ("'007", "'=1+1")),
    "html": html(*ROWS),
    "json": json.dumps(OBJECTS).encode(),
    "jsonl": "\n".join(map(json.dumps, OBJECTS)).encode(),
    "parquet": parquet(pa.Table.from_pylist(OBJECTS)),
}

Mdi = Callable[..., tuple[int, str, str]]
Ingest = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mdi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mdi:
    """`mdi` in a folder of its own: exit code, stdout, stderr. In this process, for starting one takes seconds."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MDI_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mdi", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return code if isinstance(code, int) else 0, *capsys.readouterr()

    return run


@pytest.fixture
def ingest(tmp_path: Path, mdi: Mdi) -> Ingest:
    """Ingest a file of the source `klinik`, whose contract has these options."""

    def run(content: bytes, *options: str) -> tuple[int, str, str]:
        write_source(tmp_path, *options)
        (tmp_path / "a").write_bytes(content)
        return mdi("ingest", "klinik", "a", "--pipelines", "pipelines", "--json")

    return run


def write_source(folder: Path, *options: str) -> None:
    place = folder / "pipelines" / "klinik"
    place.mkdir(parents=True, exist_ok=True)
    (place / "source.toml").write_text(SOURCE.format(options="\n".join(options)))
    (place / "mapping.sql").write_text(MAPPING)


@pytest.mark.parametrize("format", SOUND)
def test_every_format_is_taken_in_and_kept_under_its_suffix(tmp_path: Path, ingest: Ingest, format: str) -> None:
    code, out, err = ingest(SOUND[format], f'format = "{format}"')
    assert code == 0, err
    report = json.loads(out)
    assert (report["read"], report["accepted"], report["rejected"]) == (2, 2, 0)
    (kept,) = (tmp_path / "mdi-home" / "extracts" / "klinik").iterdir()
    assert (kept.suffix, kept.read_bytes()) == (f".{format}", SOUND[format])


@pytest.mark.parametrize("format", ["csv", "html", "json", "jsonl"])
def test_formats_of_text_may_be_gzip(tmp_path: Path, ingest: Ingest, format: str) -> None:
    code, out, err = ingest(gzip.compress(SOUND[format]), f'format = "{format}"')
    assert code == 0, err
    assert json.loads(out)["accepted"] == 2
    (kept,) = (tmp_path / "mdi-home" / "extracts" / "klinik").iterdir()
    assert kept.suffixes == [f".{format}", ".gz"]


def test_the_same_rows_in_another_format_are_the_same_records(ingest: Ingest) -> None:
    ingest(SOUND["csv"])
    for format in ("html", "json", "parquet"):
        report = json.loads(ingest(SOUND[format], f'format = "{format}"')[1])
        assert (report["new"], report["changed"], report["unchanged"]) == (0, 0, 2)


REFUSED = [
    ("xlsx", SOUND["csv"], "to be read as xlsx, but is plain text, such as CSV.\nCall it .csv"),
    ("xlsx", html(*ROWS), 'state format = "html"'),
    ("xlsx", OLE, "an old binary .xls.\nOpen it in Excel or LibreOffice, and save as .xlsx."),
    ("xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
    ("xlsx", bomb(None), "inflate to more than"),
    ("xlsx", bomb(10), "inflate to more than"),
    ("xlsx", xlsx(), "has no header"),
    ("xlsx", xlsx(("kode", "kode")), "the header names 'kode' more than once"),
    ("xlsx", xlsx(("a", "b")), "missing column kode, nama"),
    ('xlsx"\nsheet = "Data', SOUND["xlsx"], "there is no sheet 'Data' among its 1 sheet"),
    ("html", b"<p>Session expired", "has no HTML table"),
    ("html", SOUND["xlsx"], 'state format = "xlsx"'),
    ("html", OLE, "an old binary .xls"),
    ("html", html(("kode", "kode")), "the header names 'kode' more than once"),
    ("json", b'[{"kode": "1"},\n{"kode" "2"}]', "line 2: not JSON"),
    ("json", b"[" * 100_000, "nested too deep"),
    ("json", b'{"data": []}', "one list of records was expected"),
    ("json", b'[{"kode": "1"}]', "missing column nama: no record has it"),
    ("jsonl", b"\xff", "is not utf-8"),
    ("jsonl", b"", "the file is empty"),
    ("parquet", SOUND["parquet"][:-6], "not a readable Parquet file"),
    ("parquet", SOUND["csv"], "to be read as parquet, but is plain text"),
    ("csv", SOUND["xlsx"], 'state format = "xlsx"'),
    ("csv", gzip.compress(SOUND["csv"])[:-9], "the gzip ends too early"),
]


@pytest.mark.parametrize(("format", "content", "says"), REFUSED, ids=[f"{f[:7]} {s[:30]}" for f, _, s in REFUSED])
def test_what_cannot_be_read_is_refused_and_the_home_is_as_it_was(
    tmp_path: Path, ingest: Ingest, format: str, content: bytes, says: str
) -> None:
    code, out, err = ingest(content, f'format = "{format}"')
    assert (code, out) == (3, ""), err
    assert says in err.replace("\n", " ") or says in err
    assert err.count("refused") + err.count("rror:") <= 1
    assert "Traceback" not in err
    assert "9971069912000001" not in err
    assert not (tmp_path / "mdi-home").exists()


def test_rows_that_cannot_be_read_are_set_aside_and_not_the_file(ingest: Ingest) -> None:
    lines = [
        *SOUND["jsonl"].decode().splitlines(),
        '{"kode": ',
        '{"kode": 3.2E+15, "nama": "x"}',
        '{"kode": 9, "nama": []}',
    ]
    code, out, err = ingest("\n".join(lines).encode(), 'format = "jsonl"')
    assert code == 0, err
    report = json.loads(out)
    assert (report["read"], report["accepted"], report["rejected"]) == (5, 3, 2)
    assert report["reasons"] == {
        "kode: written as a number with an exponent: its digits are lost": 1,
        "not JSON: Expecting value (line 3)": 1,
    }


def test_a_code_that_a_spreadsheet_rounded_is_set_aside(ingest: Ingest) -> None:
    content = xlsx(("kode", "nama"), (9971069912000001, "a"), (3171001, "b"), ("9971069912000001", "c"))
    report = json.loads(ingest(content, 'format = "xlsx"')[1])
    assert (report["accepted"], report["rejected"]) == (2, 1)
    lost = "kode: a number of 16 digits lost its last digits in the spreadsheet; export this column as text"
    assert report["reasons"][lost] == 1


MODEL = """
name = "clinics"
fields.name = { column = "nama", type = "tokens" }
fields.code = { column = "kode", identifier = true }
blocking = [{ keys = ["each(name)"] }]
comparisons = [{ field = "name", levels = ["same", "overlap"] }]
"""


@pytest.mark.parametrize("format", SOUND)
def test_tables_of_every_format_are_profiled_and_linked(tmp_path: Path, mdi: Mdi, format: str) -> None:
    for stem in ("a", "b"):
        (tmp_path / f"{stem}.{format}").write_bytes(SOUND[format])
    (tmp_path / "model.toml").write_text(MODEL)
    code, out, err = mdi("profile", f"a.{format}", "--json")
    assert json.loads(out)["rows"] == 2, err
    code, out, err = mdi("dedupe", f"a.{format}", f"b.{format}", "--model", "model.toml", "--plan")
    assert code == 0, err


def test_an_xls_is_what_its_content_says(tmp_path: Path, mdi: Mdi) -> None:
    (tmp_path / "a.xls").write_bytes(SOUND["html"])
    assert json.loads(mdi("profile", "a.xls", "--json")[1])["rows"] == 2
    (tmp_path / "c.xls").write_bytes(SOUND["csv"])
    code, _, err = mdi("profile", "c.xls", "--json")
    assert (code, "plain text, such as CSV.\nCall it .csv" in err, "stated" in err) == (3, True, False)
    (tmp_path / "b.xls").write_bytes(OLE)
    code, _, err = mdi("profile", "b.xls", "--json")
    assert (code, "an old binary .xls" in err) == (3, True)


def test_standard_input_is_a_file_called_stdin(shell: Shell) -> None:
    write_source(shell.folder)
    rows = SOUND["csv"].decode()
    ingest = ("ingest", "klinik", "-", "--pipelines", "pipelines", "--json")
    told = json.loads(shell.mdi(*ingest, stdin=rows).stdout)
    assert (told["read"], told["accepted"], [file["name"] for file in told["files"]]) == (2, 2, ["stdin"])
    (kept,) = (shell.folder / "mdi-home" / "extracts" / "klinik").iterdir()
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (SOUND["csv"], 0o600)
    (shell.folder / "a.csv").write_bytes(SOUND["csv"])
    again = shell.mdi("ingest", "klinik", "a.csv", "--pipelines", "pipelines", "--json")
    assert json.loads(again.stdout)["outcome"] == "known"
    told = json.loads(shell.mdi("profile", "-", "--separator", ";", "--json", stdin=rows.replace(",", ";")).stdout)
    assert (told["target"], told["rows"], len(told["columns"])) == ("stdin", 2, 2)


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "says"),
    [
        (("ingest", "klinik", "-"), "", 3, "mdi: stdin: the file is empty."),
        (("profile", "-"), "", 3, "mdi: stdin: the file is empty."),
        (("ingest", "klinik", "-"), "a,b\n1,2\n", 3, "mdi: stdin: missing column kode, nama"),
        (("ingest", "klinik", "-", "-"), "kode,nama\n", 2, "mdi: standard input can be one file only"),
    ],
)
def test_standard_input_may_be_refused(
    shell: Shell, arguments: tuple[str, ...], stdin: str, code: int, says: str
) -> None:
    write_source(shell.folder)
    done = shell.mdi(*arguments, "--pipelines", "pipelines", stdin=stdin)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert [path.name for path in shell.folder.iterdir()] == ["pipelines"]


def test_a_refusal_by_the_installed_command(shell: Shell) -> None:
    write_source(shell.folder, 'format = "xlsx"')
    (shell.folder / "a.xls").write_bytes(OLE)
    done = shell.mdi("ingest", "klinik", "a.xls", "--pipelines", "pipelines")
    assert (done.returncode, done.stdout) == (3, "")
    assert "mdi: a.xls: to be read as xlsx, but is an old binary .xls." in done.stderr
    assert sorted(path.name for path in shell.folder.iterdir()) == ["a.xls", "pipelines"]
