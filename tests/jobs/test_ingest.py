from __future__ import annotations

import gzip
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from mdi_engine.errors import Conflict, InputRefused, NotFound, UsageError
from mdi_engine.jobs import ingest as job
from mdi_engine.jobs.ingest import IngestReport, ingest
from mdi_engine.ledger.events import head
from mdi_engine.ledger.records import AppendCounts, append_versions, live_records
from mdi_engine.ledger.store import open_ledger, reading
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings, shipped
from mdi_engine.workbench import landing
from mdi_engine.workbench.contract import load_contract
from mdi_engine.workbench.readers.extract import Extract, receive
from mdi_engine.workbench.readers.formats import Format

HEADER = "kode_rs,nama_rs,nama_prop,jenis_rs,kelas,pemilik,total_tt"


def row(code: object, name: str = "RS Contoh", beds: int = 10) -> str:
    return f"{code},{name},JAWA TIMUR,RSU,C,Pemkab,{beds}"


CODE = load_contract([shipped("pipelines")], "sirs").columns["kode_rs"].pattern
ROWS = [row(3500001 + n, f"RS Contoh {n}") for n in range(10)]


class Desk:
    """A home, and files to hand in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(home=folder / "home")

    def file(self, *rows: str, header: str = HEADER, name: str = "a.csv") -> Path:
        return self.binary("\n".join([header, *rows, ""]).encode(), name)

    def binary(self, content: bytes, name: str = "a.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def ingest(self, *files: Path, yes: bool = False) -> IngestReport:
        return ingest(self.settings, "sirs", files, yes=yes)

    def live(self) -> dict[str, str | None]:
        """Name by key, from the ledger."""
        engine = open_ledger(self.settings.ledger_path)
        with reading(engine) as conn:
            found = {record.source_key: record.payload.get("name") for record in live_records(conn, "facility")}
        engine.dispose()
        return found

    def events(self) -> int:
        engine = open_ledger(self.settings.ledger_path)
        with reading(engine) as conn:
            number = head(conn)
        engine.dispose()
        return number

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(self.settings.workbench_path, read_only=True) as con:
            return con.execute(sql).fetchall()

    def everything(self) -> dict[str, bytes]:
        home = self.settings.home
        return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.withdrawn


def test_a_first_delivery_reaches_workbench_and_ledger(desk: Desk) -> None:
    path = desk.file(*ROWS[:3], row("x"), "too,few")
    report = desk.ingest(path)
    assert (report.read, report.accepted, report.rejected) == (5, 3, 2)
    assert (report.outcome, counts(report)) == ("taken", (3, 0, 0, 0))
    assert report.reasons == {
        "2 fields where the header has 7": 1,
        f"kode_rs: does not match {CODE}": 1,
    }
    assert desk.live() == {str(3500001 + n): f"RS Contoh {n}" for n in range(3)}
    assert desk.query("SELECT count(*) FROM raw_sirs") == [(4,)]
    assert desk.query("SELECT file_row, column_name, value FROM rejects ORDER BY file_row") == [
        (4, "kode_rs", "x"),
        (5, None, "too,few"),
    ]


def test_the_files_are_kept_verbatim(desk: Desk) -> None:
    path = desk.binary(gzip.compress(desk.file(*ROWS).read_bytes()), "b.csv.gz")
    (report,) = desk.ingest(path).files
    kept = desk.settings.extracts_path / "sirs" / f"{report.sha256}.csv.gz"
    assert kept.read_bytes() == path.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert desk.settings.home.stat().st_mode & 0o777 == 0o700


def test_the_same_delivery_again_changes_nothing(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    events, kept = desk.events(), desk.everything()
    renamed = desk.file(*ROWS, name="other-name.csv")
    report = desk.ingest(renamed)
    assert (report.outcome, counts(report)) == ("known", (0, 0, 10, 0))
    assert desk.events() == events
    assert desk.everything() == kept


def test_several_files_are_one_delivery_whatever_their_order(desk: Desk) -> None:
    first, second = desk.file(*ROWS[:5]), desk.file(*ROWS[5:], name="b.csv")
    report = desk.ingest(first, second)
    assert [(file.name, file.read) for file in report.files] == [("a.csv", 5), ("b.csv", 5)]
    assert counts(report) == (10, 0, 0, 0)
    assert desk.ingest(second, first).outcome == "known"


def test_a_later_delivery_changes_adds_and_withdraws(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    later = desk.file(*ROWS[1:9], row(3500010, "RS Baru"), row(3500011))
    assert counts(desk.ingest(later)) == (1, 1, 8, 1)
    live = desk.live()
    assert "3500001" not in live
    assert live["3500010"] == "RS Baru"


def test_the_order_of_rows_and_files_is_no_change(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    events = desk.events()
    shuffled = random.Random(1).sample(ROWS, len(ROWS))
    assert counts(desk.ingest(desk.file(*shuffled[:4]), desk.file(*shuffled[4:], name="b.csv"))) == (0, 0, 10, 0)
    assert desk.events() == events


def test_an_older_delivery_is_not_taken_in_again_unless_told_so(desk: Desk) -> None:
    old = desk.file(*ROWS)
    desk.ingest(old)
    desk.ingest(desk.file(row(3500001, "RS Lain"), *ROWS[1:], name="b.csv"))
    events = desk.events()
    before = desk.everything()
    with pytest.raises(Conflict, match="sirs: these files were delivered before") as caught:
        desk.ingest(old)
    assert caught.value.exit_code == 5
    assert "--yes" in str(caught.value)
    assert desk.events() == events
    assert desk.everything() == before
    assert counts(desk.ingest(old, yes=True)) == (0, 1, 9, 0)
    assert desk.ingest(old).outcome == "known"


def test_a_row_that_is_set_aside_does_not_withdraw_its_record(desk: Desk) -> None:
    pipelines = desk.folder / "home" / "pipelines" / "sirs"
    pipelines.mkdir(parents=True)
    for name in ("source.toml", "mapping.sql"):
        text = (Path(__file__).parents[2] / "pipelines" / "sirs" / name).read_text()
        pipelines.joinpath(name).write_text(text.replace("[columns.total_tt]", "[columns.total_tt]\npattern = '\\d+'"))
    desk.ingest(desk.file(*ROWS))
    report = desk.ingest(desk.file(*ROWS[:9], ROWS[9].replace(",10", ",banyak")))
    assert (report.rejected, counts(report)) == (1, (0, 0, 9, 0))
    assert len(desk.live()) == 10


def test_a_delta_withdraws_nothing(desk: Desk) -> None:
    pipelines = desk.folder / "home" / "pipelines" / "sirs"
    pipelines.mkdir(parents=True)
    for name in ("source.toml", "mapping.sql"):
        text = (Path(__file__).parents[2] / "pipelines" / "sirs" / name).read_text()
        pipelines.joinpath(name).write_text(text.replace('"full"', '"delta"'))
    desk.ingest(desk.file(*ROWS))
    assert counts(desk.ingest(desk.file(ROWS[3], row(3500001, "RS Lain")))) == (0, 1, 1, 0)
    assert len(desk.live()) == 10


def test_a_widened_contract_widens_the_tables(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    pipelines = desk.folder / "home" / "pipelines" / "sirs"
    pipelines.mkdir(parents=True)
    for name in ("source.toml", "mapping.sql"):
        text = (Path(__file__).parents[2] / "pipelines" / "sirs" / name).read_text()
        extra = '\n[columns."alamat ""]\nmeaning = "address"\n'.replace('""', '\\""') if name == "source.toml" else ""
        pipelines.joinpath(name).write_text(text + extra)
    wider = desk.file(*(f"{line},Jl. Raya" for line in ROWS), header=HEADER + ',alamat "')
    assert counts(desk.ingest(wider)) == (0, 0, 10, 0)
    assert desk.query('SELECT DISTINCT delivery, "alamat """ FROM raw_sirs ORDER BY 1') == [(1, None), (2, "Jl. Raya")]


def test_columns_nobody_asked_for_are_kept(desk: Desk) -> None:
    desk.ingest(desk.file(row(3500001) + ",Jl. Raya", header=HEADER + ",alamat"))
    assert desk.query("SELECT other FROM raw_sirs") == [('{"alamat": "Jl. Raya"}',)]


@pytest.mark.parametrize("place", ["first chunk", "last chunk"])
def test_a_run_that_broke_off_before_the_ledger_had_all_is_completed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    desk.ingest(desk.file(*ROWS))
    whole = append_versions
    calls = iter(range(99))

    def breaks_off(*args: object, **kwargs: object) -> object:
        if next(calls) == (0 if place == "first chunk" else 2):
            raise KeyboardInterrupt
        return whole(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "CHUNK", 4)
    monkeypatch.setattr(job, "append_versions", breaks_off)
    second = desk.file(*ROWS[1:], row(3500011), name="b.csv")
    with pytest.raises(KeyboardInterrupt):
        desk.ingest(second)
    monkeypatch.setattr(job, "append_versions", whole)
    report = desk.ingest(desk.file(*ROWS[2:], row(3500011), row(3500012), name="c.csv"))
    assert counts(report) == (1, 0, 9, 1)
    assert report.healed == AppendCounts(new=1, unchanged=9, withdrawn=1)
    assert sorted(desk.live()) == [str(3500003 + n) for n in range(10)]
    assert desk.query("SELECT delivery, appended FROM deliveries ORDER BY 1") == [(1, True), (2, True), (3, True)]


def test_a_lost_workbench_is_made_again_and_the_ledger_finds_nothing_new(desk: Desk) -> None:
    path = desk.file(*ROWS)
    desk.ingest(path)
    events = desk.events()
    desk.settings.workbench_path.unlink()
    assert counts(desk.ingest(path)) == (0, 0, 10, 0)
    assert desk.events() == events


def test_a_lost_ledger_is_filled_again_only_where_that_is_wanted(desk: Desk) -> None:
    path = desk.file(*ROWS)
    desk.ingest(path)
    desk.settings.ledger_path.unlink()
    with pytest.raises(Conflict, match="the ledger is gone"):
        desk.ingest(path)
    assert counts(desk.ingest(path, yes=True)) == (10, 0, 0, 0)


def test_a_file_called_by_a_nik_is_not_called_so_by_us(desk: Desk) -> None:
    path = desk.file(*ROWS)
    named = path.rename(path.with_name("9815014107850001.csv"))
    report = desk.ingest(named)
    assert [file.name for file in report.files] == ["################.csv"]
    assert desk.query("SELECT name FROM files") == [("################.csv",)]
    assert b"9815014107850001" not in desk.settings.ledger_path.read_bytes()


def test_hostile_text_survives(desk: Desk) -> None:
    hostile = ["'; DROP TABLE raw_sirs; --", '""RS""', "RS\x00\u202e\x1b[2J", "=1+1", "RS\n\r\nBaru", "R" * 10_000_000]
    desk.ingest(desk.file(*(row(3500001 + n, f'"{name}"') for n, name in enumerate(hostile))))
    kept = [name for (name,) in desk.query("SELECT nama_rs FROM raw_sirs ORDER BY row_id")]
    assert kept == [name.replace('""', '"') for name in hostile]
    assert desk.live()["3500003"] == "RS [2J"


def encoded(lines: list[str], encoding: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_read_as_they_say(desk: Desk, encoding: str) -> None:
    desk.ingest(desk.binary(encoded([row(3500001, "RS Émilie")], encoding)))
    assert desk.live() == {"3500001": "RS Émilie"}


GOOD = "\n".join([HEADER, *ROWS, ""]).encode()
PERSON = "3171234567890123,SITI"
REFUSALS = {
    "missing column": (GOOD.replace(b"nama_prop", b"provinsi"), "missing column nama_prop"),
    "doubled header": (GOOD.replace(b"nama_prop", b"nama_rs"), "the header names 'nama_rs' more than once"),
    "no header": ("\n".join([PERSON, *ROWS, ""]).encode(), "looks like data and no header"),
    "no header, a value twice": ("\n".join([PERSON + ",SITI", *ROWS]).encode(), "looks like data and no header"),
    "another source": (
        b"kode_kab,kode_instansi,unit_kerja\n3171,3171001,RS A\n",
        "are those of pusdatin and not of sirs",
    ),
    "another source, divided otherwise": (
        ";".join(load_contract([shipped("pipelines")], "payers").columns).encode() + b"\n1;2;3\n",
        "are those of payers and not of sirs",
    ),
    "another separator": (GOOD.replace(b",", b";"), r"its one column holds 6 ';' in its name"),
    "undecodable": (GOOD.replace(b"Contoh 3", b"\xc9milie"), "line 5, byte offset [0-9]+: byte 0xc9 is not utf-8"),
    "undecodable by its mark": (b"\xff\xfe" + GOOD + b"\x00\xd8\x00", "is not utf-16-le, which its byte-order mark"),
    "empty": (b"", "the file is empty"),
    "no rows": (HEADER.encode() + b"\n", "has a header and no row"),
    "truncated gzip": (gzip.compress(os.urandom(20_000).hex().encode())[:9_000], "the gzip ends too early"),
    "damaged gzip": (gzip.compress(GOOD)[:-8] + bytes(8), "the gzip is damaged"),
    "gzip bomb": (gzip.compress(GOOD + b"1,2\n" * (20 << 20)), "inflate to more than"),
    "doubled key": (
        GOOD + ROWS[4].encode() + b"\n",
        "1 value of the key kode_rs in more than one row: a.csv row 5, a.csv row 11",
    ),
    "open quote": (GOOD + b'3500099,"RS', "is never closed"),
    "withdrawal beside a row too short": (
        "\n".join([HEADER, *ROWS[:9], "3500010;RS", ""]).encode(),
        "the key of 1 row cannot be read, and this full delivery would withdraw 1 of 10 records",
    ),
    "withdrawal beside a wrong quote": (
        "\n".join([HEADER, *ROWS[:9], row(3500010, '"RS" Contoh'), ""]).encode(),
        "the key of 1 row cannot be read",
    ),
    "withdrawal beside a wrong key": (
        "\n".join([HEADER, *ROWS[:9], row("35OOO1O"), ""]).encode(),
        "the key of 1 row cannot be read",
    ),
    "too many withdrawals": ("\n".join([HEADER, *ROWS[:8], ""]).encode(), "would withdraw 2 of 10 records"),
}


@pytest.mark.parametrize(("content", "message"), REFUSALS.values(), ids=list(REFUSALS))
def test_a_refusal_says_why_once_and_leaves_the_home_as_it_was(desk: Desk, content: bytes, message: str) -> None:
    desk.ingest(desk.file(*ROWS))
    before = desk.everything()
    with pytest.raises(InputRefused, match=message) as caught:
        desk.ingest(desk.binary(content))
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert not any(value in f"{caught.value} {caught.value.facts}" for value in PERSON.split(","))
    assert desk.everything() == before


@pytest.mark.parametrize("case", [case for case in REFUSALS if "withdrawal" not in case])
def test_a_refused_first_delivery_leaves_no_home(desk: Desk, case: str) -> None:
    with pytest.raises(InputRefused):
        desk.ingest(desk.binary(REFUSALS[case][0]))
    assert not desk.settings.home.exists()


def test_many_withdrawals_are_taken_when_told_so(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    assert counts(desk.ingest(desk.file(*ROWS[:8]), yes=True)) == (0, 0, 8, 2)
    assert len(desk.live()) == 8


def test_rows_without_a_key_are_no_reason_to_refuse_when_told_so_or_when_nothing_is_withdrawn(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    assert counts(desk.ingest(desk.file(*ROWS, "too,few"))) == (0, 0, 10, 0)
    assert counts(desk.ingest(desk.file(*ROWS[:9], "too,few"), yes=True)) == (0, 0, 9, 1)


def test_rows_that_the_mapping_leaves_out_may_be_withdrawn(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    pipelines = desk.folder / "home" / "pipelines"
    shutil.copytree(shipped("pipelines") / "sirs", pipelines / "sirs")
    mapping = pipelines / "sirs" / "mapping.sql"
    mapping.write_text(mapping.read_text() + " WHERE nama_rs <> 'RS Contoh 3'")
    assert counts(desk.ingest(desk.file(*ROWS))) == (0, 0, 9, 1)


def test_the_command_line_quotes_nothing_of_a_first_line_that_is_data(desk: Desk) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("mdi"), "ingest", "sirs", desk.file(*ROWS, header=PERSON), "--home", "home"],
        cwd=desk.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "missing column kode_rs" in done.stderr
    assert not any(value in done.stderr for value in PERSON.split(","))


def test_what_is_kept_is_what_was_read_though_the_file_changes_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.file(*ROWS)
    content = path.read_bytes()

    def receives_and_is_overtaken(path: Path, copy: Path, encoding: str, *, format: Format) -> Extract:
        extract = receive(path, copy, encoding, format=format)
        desk.file(row(3500099))
        return extract

    monkeypatch.setattr(job, "receive", receives_and_is_overtaken)
    (report,) = desk.ingest(path).files
    assert (report.sha256, report.read) == (hashlib.sha256(content).hexdigest(), 10)
    assert (desk.settings.extracts_path / "sirs" / f"{report.sha256}.csv").read_bytes() == content
    assert len(desk.live()) == 10


def test_nothing_but_whole_extracts_is_kept(desk: Desk) -> None:
    folder = desk.settings.extracts_path / "sirs"
    folder.mkdir(parents=True)
    (folder / "7.part").write_text("of a run that was killed")
    (report,) = desk.ingest(desk.file(*ROWS)).files
    desk.ingest(desk.file(*ROWS, name="again.csv"))
    assert [path.name for path in folder.iterdir()] == [f"{report.sha256}.csv"]


_NEWER = """
import sys
from pathlib import Path
import mdi_engine
mdi_engine.__version__ = "99"
from mdi_engine.jobs.ingest import ingest
from mdi_engine.settings import Settings
print(ingest(Settings(home=Path(sys.argv[1])), "sirs", [Path(sys.argv[2])]).outcome)
"""


def test_a_new_version_of_the_program_knows_a_delivery_again(desk: Desk) -> None:
    path = desk.file(*ROWS)
    desk.ingest(path)
    told = subprocess.check_output([sys.executable, "-c", _NEWER, desk.settings.home, path], text=True)
    assert told == "known\n"


_KILLED = """
import os, signal, sys
from pathlib import Path
from mdi_engine.jobs import ingest as job
from mdi_engine.settings import Settings

whole, calls = getattr(job, sys.argv[1]), iter(range(99))
def killed(*args, **kwargs):
    if next(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*args, **kwargs)

setattr(job, sys.argv[1], killed)
job.CHUNK = 4
job.ingest(Settings(home=Path(sys.argv[3])), "sirs", [Path(sys.argv[4])])
"""


@pytest.mark.parametrize(
    ("step", "call", "left"),
    [
        ("delivery_digest", 0, (1, 1, 8, 1)),
        ("_ledger", 1, (1, 1, 8, 1)),
        ("append_versions", 0, (1, 1, 8, 1)),
        ("append_versions", 1, (1, 0, 9, 1)),
        ("append_versions", 3, (0, 0, 10, 1)),
        ("finish_delivery", 0, (0, 0, 10, 1)),
    ],
)
@pytest.mark.parametrize("then", ["the same", "another"])
def test_a_killed_run_is_completed_by_the_next(
    desk: Desk, step: str, call: int, left: tuple[int, int, int, int], then: str
) -> None:
    desk.ingest(desk.file(*ROWS))
    rows = [row(3500002, "RS Baru"), *ROWS[2:], row(3500011)]
    second = desk.file(*rows, name="b.csv")
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, step, str(call), desk.settings.home, second], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    report = desk.ingest(second if then == "the same" else desk.file(*rows, row(3500012), name="c.csv"))
    landed = step != "delivery_digest"
    if then == "the same":
        assert (report.outcome, counts(report)) == ("taken", left)
    elif landed:
        assert counts(report) == (1, 0, 10, 0)
        assert report.healed == AppendCounts(*left)
        assert report.to_dict()["healed"] == asdict(report.healed)
    assert desk.live()["3500002"] == "RS Baru"
    assert sorted(desk.live()) == [str(3500002 + n) for n in range(10 if then == "the same" else 11)]
    assert {appended for (appended,) in desk.query("SELECT appended FROM deliveries")} == {True}
    assert not list(desk.settings.extracts_path.rglob("*.part"))
    engine = open_ledger(desk.settings.ledger_path)
    with reading(engine) as conn:
        assert verify(conn) == []
    engine.dispose()


def test_a_run_killed_after_its_last_step_leaves_nothing_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: object) -> None:
        raise KeyboardInterrupt

    desk.ingest(desk.file(*ROWS))
    second = desk.file(*ROWS, row(3500011), name="b.csv")
    with monkeypatch.context() as patch:
        patch.setattr(landing, "mark_appended", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            desk.ingest(second)
    events = desk.events()
    report = desk.ingest(second)
    assert (report.outcome, counts(report)) == ("known", (0, 0, 11, 0))
    assert desk.events() == events


def test_the_stated_share_itself_is_accepted(desk: Desk) -> None:
    desk.ingest(desk.file(*ROWS))
    assert counts(desk.ingest(desk.file(*ROWS[:9]))) == (0, 0, 9, 1)


def test_the_same_content_twice_in_one_delivery_is_refused(desk: Desk) -> None:
    with pytest.raises(InputRefused, match="has the same content as"):
        desk.ingest(desk.file(*ROWS), desk.file(*ROWS, name="b.csv"))


def test_what_does_not_exist_is_said_so(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"known are: .*pusdatin, .*sirs"):
        ingest(desk.settings, "toko", [desk.file(*ROWS)])
    with pytest.raises(NotFound, match="there is no such file"):
        desk.ingest(desk.folder / "absent.csv")
    with pytest.raises(UsageError, match="no file was given"):
        desk.ingest()


def test_the_report_is_plain_and_adds_up(desk: Desk) -> None:
    report = desk.ingest(desk.file(*ROWS, "too,few")).to_dict()
    assert (report["read"], report["accepted"], report["rejected"]) == (11, 10, 1)


def test_progress_is_told(desk: Desk) -> None:
    told: list[str] = []
    steps = []

    class Watch:
        def stage(self, name: str, total: int | None = None) -> None:
            told.append(name)

        def advance(self, n: int = 1) -> None:
            steps.append(n)

    ingest(desk.settings, "sirs", [desk.file(*ROWS)], progress=Watch())
    assert told == ["inspect", "read", "normalise", "land", "append to the ledger"]
    assert sum(steps) == 1 + 10 + 10 + 10
