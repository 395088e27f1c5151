"""Exit codes: 0 ok, 1 failure, 2 usage, 3 input refused, 4 not found, 5 conflict or locked."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from cli_helpers import SAMPLES, Shell

pytest_plugins = ["cli_fixtures"]

MODEL = """
name = "hospitals"
fields.name = { column = "nama_rs", normalize = "facility_core", type = "tokens" }
fields.code = { column = "kode_rs", identifier = true }
blocking = [{ keys = ["each(name)"] }]
comparisons = [{ field = "name", levels = ["same", "overlap"] }]
"""


@pytest.fixture
def model(shell: Shell) -> Path:
    path = shell.folder / "model.toml"
    path.write_text(MODEL)
    return path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ingest", "sirs"], "FILE"),
        (["train", "patients"], "facility"),
        (["link", "patients"], "facility"),
        (["lookup", "facility"], "name"),
        (["lookup", "facility", "--number", "1", "--name", "x"], "--number"),
        (["lookup", "facility", "--kode", "-", "--name", "-"], "standard input"),
        (["dedupe", "a.csv"], "--model"),
        (["explain", "a:1", "b:1", "a.csv"], "--model"),
        (["explain", "a:1", "b:1", "--model", "m.toml"], "files"),
        (["dedupe", "a.csv", "--model", "model.toml", "--output", "-", "--json"], "standard output"),
        (["dedupe", "a.csv", "--model", "model.toml", "--output", "a.xlsx"], ".parquet"),
        (["dedupe", "a.csv", "--model", "model.toml", "--truth", "kode_rs"], "code"),
        (["dedupe", "a.csv", "--model", "model.toml", "--truth", "name"], "name"),
        (["generate", "out", "--hospitals", "many"], "--hospitals"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_put_together_wrongly_is_2(arguments: list[str], says: str, shell: Shell, model: Path) -> None:
    done = shell.mdi(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in shell.folder.iterdir()) == ["model.toml"]


def test_a_column_that_is_not_there_is_2_and_names_those_that_are(shell: Shell, model: Path) -> None:
    (shell.folder / "a.csv").write_text("kode_rs,nama\n1,RS Satu\n")
    done = shell.mdi("dedupe", "a.csv", "--model", model)
    assert done.returncode == 2
    assert "nama_rs" in done.stderr
    assert "kode_rs" in done.stderr


@pytest.mark.parametrize("content", [b"", b"nama_rs,kode_rs\n\xff\xfe\xfd,1\n"], ids=["empty", "not UTF-8"])
def test_refused_input_is_3_and_leaves_no_home(content: bytes, shell: Shell, model: Path) -> None:
    file = shell.folder / "a.csv"
    file.write_bytes(content)
    calls: list[list[str | Path]] = [["ingest", "sirs", file], ["dedupe", file, "--model", model], ["profile", file]]
    for arguments in calls:
        done = shell.mdi(*arguments)
        assert (done.returncode, done.stdout) == (3, ""), done.stderr
        assert "a.csv" in done.stderr
    assert sorted(path.name for path in shell.folder.iterdir()) == ["a.csv", "model.toml"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["profile", "nowhere.csv"],
        ["ingest", "nobody", "nowhere.csv"],
        ["train", "facility"],
        ["link", "facility"],
        ["link", "facility", "--plan"],
        ["history", "1000000000"],
        ["lookup", "facility", "--number", "1000000000"],
        ["lookup", "facility", "--name", "Satu"],
        ["explain", "sirs:1", "sirs:2"],
        ["evaluate", "facility", "--truth", str(SAMPLES / "truth" / "facility.csv")],
        ["verify"],
    ],
    ids=" ".join,
)
def test_what_does_not_exist_is_4_and_asking_makes_nothing(arguments: list[str], shell: Shell) -> None:
    done = shell.mdi(*arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("mdi: ")
    assert not list(shell.folder.iterdir())


def test_not_found_within_a_home_is_4(demo: Shell) -> None:
    for arguments in (
        ["history", "1000000000"],
        ["lookup", "facility", "--number", "1000000000"],
        ["lookup", "facility", "--name", "Xyzzy"],
        ["explain", "sirs:0", "pusdatin:0"],
    ):
        assert demo.mdi(*arguments).returncode == 4, arguments


def test_a_workbench_in_use_is_5_and_names_the_holder(demo: Shell) -> None:
    code = "import duckdb, subprocess, sys; c = duckdb.connect('mdi-home/workbench.duckdb'); c.begin(); "
    code += "done = subprocess.run(sys.argv[1:], capture_output=True, text=True); "
    code += "print(done.returncode, done.stderr)"
    mdi = str(Path(sys.executable).with_name("mdi"))
    told = demo.python(code, mdi, "profile", "sirs").stdout
    assert told.startswith("5 "), told
    assert "mdi: " in told


def test_verify_is_1_when_the_ledger_was_tampered_with(demo: Shell) -> None:
    assert demo.mdi("verify").returncode == 0
    with sqlite3.connect(demo.folder / "mdi-home" / "ledger.sqlite") as ledger:
        ledger.execute("UPDATE events SET actor = 'somebody else' WHERE seq = 1")
    ledger.close()
    done = demo.mdi("verify")
    assert done.returncode == 1
    assert "chain" in done.stdout


def test_doctor_is_1_when_something_is_wrong(demo: Shell) -> None:
    assert demo.mdi("doctor").returncode == 0
    (demo.folder / "mdi-home").chmod(0o755)
    done = demo.mdi("doctor")
    assert done.returncode == 1
    assert "WRONG" in done.stdout


_FAILING = """
import sys
import mdi_engine.jobs.doctor
def doctor(settings):
    raise ValueError("3578010101010001 Siti")
mdi_engine.jobs.doctor.doctor = doctor
from mdi_engine.cli.main import main
sys.argv[1:] = ["doctor"]
main()
"""


def test_an_error_nobody_foresaw_is_1_and_quotes_nobody(shell: Shell) -> None:
    done = shell.python(_FAILING)
    assert (done.returncode, done.stdout) == (1, "")
    assert "ValueError" in done.stderr
    assert "MDI_DEBUG=1" in done.stderr
    assert "Siti" not in done.stderr
    assert "Traceback" not in done.stderr


def test_its_traceback_is_shown_when_asked_for(shell: Shell) -> None:
    done = shell.python(_FAILING, MDI_DEBUG="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "Siti" in done.stderr


def test_what_the_system_refuses_is_1_in_one_line(shell: Shell) -> None:
    (shell.folder / "taken").write_text("")
    done = shell.mdi("generate", "taken/inside", "--hospitals", "5")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("mdi: taken")
    assert "Traceback" not in done.stderr


def test_a_reader_who_leaves_early_gets_no_traceback(shell: Shell) -> None:
    told = shell.python(
        "import subprocess, sys; "
        "p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE); p.stdout.close(); "
        "print(p.stderr.read().decode()); p.wait()",
        str(Path(sys.executable).with_name("mdi")),
        "profile",
        str(SAMPLES / "sirs" / "sirs_2021.csv"),
    )
    assert not [line for line in told.stdout.splitlines() if line and not line.endswith(" …")]


def test_an_interrupt_is_130_and_quiet(shell: Shell) -> None:
    told = shell.python(
        "import signal, subprocess, sys, time; "
        "p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True); time.sleep(2); "
        "p.send_signal(signal.SIGINT); out, err = p.communicate(); print(p.returncode, out, err)",
        str(Path(sys.executable).with_name("mdi")),
        *("generate", "lists", "--hospitals", "500000"),
    )
    assert told.stdout.split() == ["130", "generate", "…"]  # nothing on standard output, and no traceback


@pytest.mark.parametrize("value", ["nonsense", '{"facility": "all of them"}'])
def test_a_setting_that_cannot_be_read_is_named(shell: Shell, value: str) -> None:
    done = shell.mdi("doctor", MDI_NUMBER_BLOCKS=value)
    assert (done.returncode, done.stdout) == (2, "")
    assert "MDI_NUMBER_BLOCKS" in done.stderr
    assert value not in done.stderr


def test_blocks_of_numbers_come_from_the_environment(shell: Shell) -> None:
    done = shell.mdi("demo", MDI_NUMBER_BLOCKS='{"facility": [[1000000500, 5000]]}')
    assert done.returncode == 0, done.stderr
    found = shell.mdi("lookup", "facility", "--name", "RSU Lentera Griya Mandiri", "--json").stdout
    assert 1000000500 <= int(json.loads(found)["matches"][0]["number"]) < 1000005500


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, ["lookup", "patient", "NIK"]),
        (2, ["lookup", "NIK"]),
        (2, ["lookup", "patient", "--limit", "x NIK"]),
        (2, ["NIK"]),
        (4, ["history", "NIK"]),
        (4, ["lookup", "facility", "--number", "NIK"]),
        (4, ["explain", "NIK", "sirs:1"]),
        (4, ["explain", "sirs:NIK", "sirs:1"]),
        (4, ["profile", "NIK"]),
        (4, ["ingest", "sirs", "NIK.csv"]),
        (4, ["ingest", "NIK", "a.csv"]),
        (2, ["train", "NIK"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("nik", ["9815014107850001", "9815 0141 0785 0001"])
def test_a_nik_typed_in_the_wrong_place_is_not_repeated(
    code: int, arguments: list[str], nik: str, demo_home: Path
) -> None:
    done = Shell(demo_home).mdi(*(argument.replace("NIK", nik) for argument in arguments))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr
    assert nik not in done.stderr
    assert "Traceback" not in done.stderr
