"""Data on standard output, everything else on standard error; nothing of a file reaches a terminal raw."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli_helpers import SAMPLES, Shell

pytest_plugins = ["cli_fixtures"]

SIRS = SAMPLES / "sirs" / "sirs_2021.csv"
PUSDATIN = SAMPLES / "pusdatin" / "pusdatin_2022.csv"
CODE = "7103103"
LISTS = """
name = "lists"
pairs = "between"
one_per_source = true
key = "code"

[fields.core]
column = { sirs_2021 = "nama_rs", pusdatin_2022 = "unit_kerja" }
normalize = "facility_core"
type = "tokens"

[fields.type]
column = { sirs_2021 = "nama_rs", pusdatin_2022 = "unit_kerja" }
normalize = "facility_type"

[fields.province]
column = { sirs_2021 = "nama_prop", pusdatin_2022 = "kode_kab" }
normalize = "province_code"

[fields.code]
column = { sirs_2021 = "kode_rs", pusdatin_2022 = "kode_instansi" }
identifier = true

[fields.label]
column = { sirs_2021 = "kode_rs", pusdatin_2022 = "kode_instansi" }
identifier = true

[[blocking]]
keys = ["each(core)"]

[[blocking]]
keys = ["province", "type"]

[[comparisons]]
field = "core"
levels = ["same", "similar", "subset", "overlap"]

[[comparisons]]
field = "type"
levels = ["exact"]

[[comparisons]]
field = "province"
levels = ["exact"]
"""
# Clear the screen, turn the text round, set the terminal's title, an eight-bit control, what looks like markup.
HOSTILE = "RS \x1b[2J\x1b]0;owned\x07 \u202eUmum\u2066 \x9b31m [red]Sidoarjo[/red]"
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def lists(shell: Shell) -> Path:
    path = shell.folder / "lists.toml"
    path.write_text(LISTS)
    return path


def number_of(demo: Shell) -> str:
    told = json.loads(demo.mdi("lookup", "facility", "--kode", CODE, "--json").stdout)
    return str(told["matches"][0]["number"])


READING = [
    ["profile", "sirs"],
    ["profile", str(SIRS)],
    ["link", "--plan"],
    ["lookup", "facility", "--name", "RS Umum Lentera Griya Mandiri", "--province", "Sulawesi Utara"],
    ["explain", f"sirs:{CODE}", f"pusdatin:{CODE}"],
    ["evaluate", "facility", "--truth", str(SAMPLES / "truth" / "facility.csv")],
    ["verify"],
    ["doctor"],
]


@pytest.mark.parametrize("arguments", READING, ids=lambda words: " ".join(words[:2]))
def test_what_reads_prints_text_or_one_json_object_and_changes_nothing(arguments: list[str], demo_home: Path) -> None:
    shell = Shell(demo_home)
    ledger = demo_home / "mdi-home" / "ledger.sqlite"
    before = ledger.read_bytes()
    text, told = shell.mdi(*arguments), shell.mdi(*arguments, "--json")
    assert (text.returncode, told.returncode) == (0, 0), told.stderr
    assert text.stdout.strip()
    # Of what takes long, a line says that a stage begins.
    assert not [line for line in (text.stderr + told.stderr).splitlines() if not line.endswith(" …")]
    assert isinstance(json.loads(told.stdout), dict)
    assert ledger.read_bytes() == before


def test_a_number_is_looked_up_and_its_history_told(demo_home: Path) -> None:
    shell = Shell(demo_home)
    number = number_of(shell)
    assert f"sirs:{CODE}" in shell.mdi("lookup", "facility", "--number", number).stdout
    assert json.loads(shell.mdi("history", number, "--json").stdout)["master"]["number"] == number


def test_a_dash_reads_the_value_from_standard_input(demo_home: Path) -> None:
    shell = Shell(demo_home)
    told = shell.mdi("lookup", "facility", "--kode", "-", stdin=f"{CODE}\n")
    assert told.stdout == shell.mdi("lookup", "facility", "--kode", CODE).stdout
    assert told.returncode == 0


def test_an_empty_answer_in_json_is_still_an_answer(demo_home: Path) -> None:
    done = Shell(demo_home).mdi("lookup", "facility", "--name", "Xyzzy", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["matches"] == []
    assert "nothing like that is known" in done.stderr or "too little to tell" in done.stderr


def test_explain_tells_the_pair_in_words_in_both_languages(demo_home: Path) -> None:
    told = Shell(demo_home).mdi("explain", f"sirs:{CODE}", f"pusdatin:{CODE}").stdout
    for expected in ("the same words", "kata-katanya sama", "before comparing", "probability", "match", "lentera"):
        assert expected in told


def test_the_steps_of_a_waterfall_add_up(demo_home: Path) -> None:
    told = json.loads(Shell(demo_home).mdi("explain", f"sirs:{CODE}", f"pusdatin:{CODE}", "--json").stdout)
    assert told["prior"] + sum(step["weight"] for step in told["steps"]) == told["weight"]
    assert told["verdict"] == "match"


def test_a_plan_knows_what_it_does_not_know_before_the_first_training(shell: Shell, lists: Path) -> None:
    told = shell.mdi("dedupe", SIRS, PUSDATIN, "--model", lists, "--plan")
    assert told.returncode == 0
    assert "unknown before the first training" in told.stdout
    found = json.loads(shell.mdi("dedupe", SIRS, PUSDATIN, "--model", lists, "--plan", "--json").stdout)
    assert found["recall_lost"] is None
    assert found["pairs"] == sum(way["pairs"] for way in found["ways"]) > 0


def test_a_plan_after_training_tells_seconds_and_loss(demo_home: Path) -> None:
    found = json.loads(Shell(demo_home).mdi("link", "facility", "--plan", "--json").stdout)["plans"]["facility"]
    assert 0 <= found["recall_lost"] < 1
    assert found["seconds"] > 0


def test_dedupe_writes_its_clusters_and_measures_itself(shell: Shell, lists: Path) -> None:
    lists.write_text(LISTS.replace('key = "code"\n', ""))
    done = shell.mdi(
        "dedupe", SIRS, PUSDATIN, "--model", lists, "--output", "out.parquet", "--truth", "label", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"pairwise", "b_cubed", "cluster_sizes", "candidate_pairs", "candidate_recall", "seconds"} <= set(told)
    assert set(told["pairwise"]) == set(told["b_cubed"]) == {"precision", "recall", "f1"}
    table = pq.read_table(shell.folder / "out.parquet")
    assert {"source", "record_id", "cluster_id"} <= set(table.column_names)
    assert table.num_rows == told["records"]


def test_dedupe_to_standard_output_leaves_nothing_else_there(shell: Shell, lists: Path) -> None:
    done = shell.mdi("dedupe", SIRS, PUSDATIN, "--model", lists, "--output", "-")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == sum(len(path.read_text().splitlines()) - 1 for path in (SIRS, PUSDATIN))
    assert {"source", "record_id", "cluster_id"} == set(rows[0])
    assert "clusters" in done.stderr


def test_explain_on_files_needs_no_home(shell: Shell, lists: Path) -> None:
    pair = (f"sirs_2021:{CODE}", f"pusdatin_2022:{CODE}")
    done = shell.mdi("explain", *pair, SIRS, PUSDATIN, "--model", lists)
    assert done.returncode == 0, done.stderr
    assert "verdict" in done.stdout
    assert [path.name for path in shell.folder.iterdir()] == ["lists.toml"]


def test_separator_and_encoding_are_passed_on(shell: Shell) -> None:
    (shell.folder / "a.csv").write_bytes("nama\tkode\nRS Café\t1\n".encode("cp1252"))
    options = ("--separator", r"\t", "--encoding", "cp1252", "--show-values", "--json")
    told = json.loads(shell.mdi("profile", "a.csv", *options).stdout)
    assert told["columns"][0]["top"] == [["RS Café", 1]]


def test_progress_goes_to_standard_error_a_line_per_stage(shell: Shell) -> None:
    done = shell.mdi("ingest", "sirs", SIRS)
    assert "inspect …" in done.stderr.splitlines()
    assert "…" not in done.stdout


def test_rejected_rows_are_counted_with_their_reasons(shell: Shell, sirs: Callable[..., Path]) -> None:
    path = sirs("RS Satu", "RS Dua")
    path.write_text(path.read_text() + "nonsense,RS Tiga,JAWA TIMUR,RSU,C,Pemkab,10\n")
    told = json.loads(shell.mdi("ingest", "sirs", path, "--json").stdout)
    assert (told["read"], told["accepted"], told["rejected"]) == (3, 2, 1)
    assert "kode_rs" in shell.mdi("ingest", "sirs", path).stdout


def test_hostile_text_never_reaches_the_terminal_raw(demo: Shell, sirs: Callable[..., Path]) -> None:
    path = sirs(HOSTILE, "RS Umum Surabaya Sejahtera", "RS Ibu dan Anak Kenanga")
    calls: list[list[str | Path]] = []
    calls += [
        ["ingest", "sirs", path, "--yes"],
        ["profile", "sirs"],
        ["profile", path],
        ["train", "facility"],
        ["link"],
    ]
    calls += [["lookup", "facility", "--kode", "3578001"], ["explain", "sirs:3578001", f"pusdatin:{CODE}"]]
    for arguments in calls:
        done = demo.mdi(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert not ACTING.search(done.stdout + done.stderr), arguments
    told = demo.mdi("profile", path, "--json")
    assert not ACTING.search(told.stdout.replace("\n", ""))
    values = [value for column in json.loads(told.stdout)["columns"] for value, _ in column["top"]]
    assert HOSTILE in values


def test_a_terminal_gets_no_escape_but_our_own(shell: Shell, sirs: Callable[..., Path]) -> None:
    told = shell.on_a_terminal("profile", sirs(HOSTILE))
    ours = re.sub("\x1b\\[[0-9;?]*[mhlKA]", "", told)
    # A bar begins its line again and again.
    assert not ACTING.search(ours.replace("\r", "\n"))
    assert "[2J" not in re.findall("\x1b(.{3})", told)
    assert "[red]Sidoarjo[/red]" in re.sub(r"\s+", "", ours)


def test_hostile_arguments_do_not_come_back_raw(shell: Shell) -> None:
    done = shell.mdi("profile", "\x1b[2J\u202e.csv")
    assert done.returncode == 4
    assert not ACTING.search(done.stderr)


def test_colour_is_for_terminals_and_not_with_no_color(demo_home: Path) -> None:
    shell, colour = Shell(demo_home), re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|38|9[0-7])[0-9;]*m")
    assert "\x1b" not in shell.mdi("link").stdout
    assert colour.search(shell.on_a_terminal("link"))
    assert not colour.search(shell.on_a_terminal("link", NO_COLOR="1"))


def test_a_terminal_that_knows_no_unicode_gets_escapes_not_a_crash(demo_home: Path) -> None:
    told = Shell(demo_home).on_a_terminal("explain", f"sirs:{CODE}", f"pusdatin:{CODE}", PYTHONIOENCODING="ascii")
    assert "\\u201c" in told


def test_data_in_a_pipe_is_utf_8_whatever_the_locale(demo_home: Path) -> None:
    done = Shell(demo_home).mdi("explain", f"sirs:{CODE}", f"pusdatin:{CODE}", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert "“" in done.stdout
