"""Newer lists in a home: what is shown, what is taken in, what is refused, and the way back."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mdi_engine.errors import Conflict, InputRefused, MdiError, NotFound, UsageError
from mdi_engine.jobs import reference
from mdi_engine.jobs.reference import tables_in_force, undo_reference, update_reference
from mdi_engine.reference.lists import folders_in_force, number_in_force, use
from mdi_engine.reference.regions import kabkota, kecamatan, provinces
from mdi_engine.reference.tables import NEWER
from mdi_engine.settings import Settings

KFA = (
    b"kfa_id,kfa_new_id,kfa_new_name,reason\n93000001,93000002,B,Duplikat\n93000002,93000003,C,\n93000009,93000009,,\n"
)
TYPES = b"code,name,parent,status,words,replaces\n104,Rumah Sakit,,official,rs,\n105,Apotek,,official,,X09\n"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", actor="siti")


def file_of(home: Settings, content: bytes) -> Path:
    path = home.home.parent / "list.csv"
    path.write_bytes(content)
    return path


def regions_file(home: Settings, **changed: str) -> Path:
    """Provinces, kab/kota and districts as they ship, but for some names (c3515="…"; an empty one is left out)."""
    names = {code: row.name for code, row in provinces().items()}
    names |= {code: f"{row.kind} {row.name}" for code, row in kabkota().items()}
    names |= {code: row.name for code, row in kecamatan().items()}
    names |= {code[1:]: name for code, name in changed.items()}
    return file_of(home, ("kode,nama\n" + "".join(f"{code},{name}\n" for code, name in names.items() if name)).encode())


def test_a_newer_list_is_shown_taken_in_used_and_taken_back(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    file = regions_file(home, c3515="Kabupaten Delta", c351501="", c351599="Baru")
    seen = update_reference(home, file)
    assert (seen.taken, seen.version, seen.changed) == (False, 0, True)
    assert seen.changes["kabkota"].renamed == {"3515": ("Sidoarjo", "Delta")}
    assert (seen.changes["kecamatan"].added, list(seen.changes["kecamatan"].gone)) == ({"351599": "Baru"}, ["351501"])
    assert seen.counts["kecamatan"] == (7285, 7285)
    assert not home.home.exists()

    taken = update_reference(home, file, source="Decree 1/2026", as_of="2026-01-02", take=True)
    assert (taken.version, taken.changes) == (1, seen.changes)
    listed = {row.table: row for row in tables_in_force(home)}
    assert (listed["kabkota"].version, listed["kabkota"].source, listed["kabkota"].as_of) == (
        1,
        "Decree 1/2026",
        "2026-01-02",
    )
    assert listed["facility_types"].version == 0
    assert not update_reference(home, file).changed

    monkeypatch.setenv(NEWER, "")
    monkeypatch.delenv(NEWER)
    use(home.home)
    assert os.environ[NEWER] == str(folders_in_force(home.home)[0])
    ask = "from mdi_engine.reference.regions import *; r = retired_kecamatan()['351501']; "
    ask += "print(kabkota()['3515'].name, kabkota()['3515'].aliases, kabkota()['3515'].bps, r.last_seen, r.successor)"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert asked.stdout == "Delta ('Sidoarjo',) 3515 2025 None\n"

    assert undo_reference(home, "regions") == (1, 0)
    assert folders_in_force(home.home) == ()
    with pytest.raises(NotFound, match="nothing before it"):
        undo_reference(home, "regions")


def test_the_way_back_leads_over_every_version_and_no_number_is_used_again(home: Settings) -> None:
    for number, target in enumerate(("93000002", "93000003", "93000004"), 1):
        file = file_of(home, f"kfa_id,kfa_new_id\n93000001,{target}\n".encode())
        assert update_reference(home, file, source="KFA", take=True).version == number
    assert undo_reference(home, "kfa_replacements") == (3, 2)
    assert update_reference(home, file, source="KFA", take=True).version == 4
    assert [undo_reference(home, "kfa_replacements") for _ in range(3)] == [(4, 2), (2, 1), (1, 0)]
    log = (home.home / "reference" / "kfa_replacements" / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["version"] for line in log] == [1, 2, 3, 2, 4, 2, 1, 0]
    assert {json.loads(line)["actor"] for line in log} == {"siti"}
    told = json.loads((home.home / "reference" / "kfa_replacements" / "0004" / "manifest.json").read_text("utf-8"))
    assert (told["source"], told["file"], told["before"], len(told["sha256"])) == ("KFA", "list.csv", 2, 64)


def test_what_leads_nowhere_is_left_out_and_told(home: Settings) -> None:
    done = update_reference(home, file_of(home, KFA), source="KFA", take=True)
    assert done.notes == ("refused: 93000009 points to itself",)
    (folder,) = folders_in_force(home.home)
    kept = list(csv.DictReader((folder / "kfa_replacements.csv").read_text("utf-8").splitlines()))
    assert [row["kfa_id"] for row in kept] == ["93000001", "93000002"]


def test_a_type_that_gets_an_official_code_is_found_by_the_old_one(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_of(home, TYPES)
    with pytest.raises(InputRefused, match="38 of 39 are missing"):
        update_reference(home, file)
    done = update_reference(home, file, counts=[2], source="ministry", take=True)
    assert done.changes["facility_types"].follows["X09"] == "105"
    monkeypatch.setenv(NEWER, str(folders_in_force(home.home)[0]))
    ask = "from mdi_engine.reference.facility_types import facility_type_coded as of; print(of('X09').code, of('X10'))"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert asked.stdout == "105 None\n"


def test_a_list_that_was_cut_off_is_refused_unless_its_counts_are_stated(home: Settings) -> None:
    file = regions_file(home, **{f"c{code}": "" for code in kecamatan() if code[:2] == "35"})
    with pytest.raises(InputRefused, match="kecamatan: 666 of 7,285 are missing"):
        update_reference(home, file)
    with pytest.raises(InputRefused, match="kecamatan: 6,619 rows, not 7,285"):
        update_reference(home, file, counts=[38, 514, 7285])
    with pytest.raises(InputRefused, match="5 counts are stated, and the list has 4"):
        update_reference(home, file, counts=[38, 514, 6619, 0, 0])
    assert update_reference(home, file, counts=[38, 514, 6619]).counts["kecamatan"] == (7285, 6619)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "has the columns of no list"),
        (b"nama,umur\na,1\n", "has the columns of no list"),
        (b"code,name,code\n", "a column stands twice"),
        (b"code,name\n", "there is no row in it"),
        (b"code,name\n35,Jawa\xff\n", r"is not UTF-8 text \(at byte 17\)"),
        (b"code,name\n35,Jawa,Timur\n", "line 2: 3 cells under 2 columns"),
        (b"code,name\n35,Ja\x1b[31mwa\n", "line 2: a cell is longer than 1000 characters or holds controls"),
        (b"code,name\n35,Ja\x00wa\n", "line 2"),
        (b"code,name\n35,Ja\xe2\x80\xaewa\n", "line 2: a cell is longer than 1000 characters or holds controls"),
        (b"code,name\n35," + b"x" * 1001 + b"\n", "line 2: a cell is longer"),
        (b"code,name\n35," + b"x" * 140_000 + b"\n", "line 2: (field larger than field limit|a cell is longer)"),
        (b'code,name\n35,"Jawa\n', "unexpected end of data"),
        (b"code,name\n9815014107850001,Siti\n", "line 2: the code has not 2, 4, 6 or 10 digits"),
        (b"code;name\n35;Jawa Timur\n", "provinces: 37 of 38 are missing"),
        (b"code,name,status\n104,Rumah Sakit,maybe\n", "104 is neither official nor provisional"),
        (b"code,name,status\n104,a,official\n104,b,official\n", "104 stands twice"),
        (b"code,name,status\nrs,a,official\n", "a code has 2 to 12 digits or capitals"),
        (b"code,name,status,parent\nA1,a,official,A3\n", "A1 has no parent A3"),
        (b"code,name,status,parent\nA1,a,official,A2\nA2,b,official,A1\n", "A1 is its own ancestor"),
        (b"code,name,status,replaces\n104,a,official,105\n105,b,official,\n", "104 replaces 105, which is in the list"),
        (b"kfa_id,kfa_new_id\n93000001,93000001\n", "no row of it leads anywhere"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_file_that_is_no_list_is_refused_and_nothing_of_it_stays(content: bytes, why: str, home: Settings) -> None:
    with pytest.raises(InputRefused, match=why) as refused:
        update_reference(home, file_of(home, content), source="x", take=True)
    assert "9815014107850001" not in str(refused.value)
    assert not home.home.exists()


def test_no_more_than_twenty_faults_are_told_one_by_one(home: Settings) -> None:
    content = b"code,name\n" + b"1,x\n" * 1000
    with pytest.raises(InputRefused, match="… and 980 more") as refused:
        update_reference(home, file_of(home, content))
    assert len(str(refused.value).splitlines()) == 22


@pytest.mark.parametrize(
    "asked", [{"take": True}, {"take": True, "source": " "}, {"as_of": "soon"}], ids=["no source", "blank", "as of"]
)
def test_what_is_asked_wrongly_is_a_usage_error(asked: dict[str, str | bool], home: Settings) -> None:
    with pytest.raises(UsageError):
        update_reference(home, file_of(home, KFA), **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["7", "-1", "", "../x", "१"])
def test_a_home_that_names_a_version_that_is_not_there_is_refused_not_read_otherwise(text: str, home: Settings) -> None:
    folder = home.home / "reference" / "regions"
    folder.mkdir(parents=True)
    (folder / "in_force").write_text(text, "utf-8")
    with pytest.raises(InputRefused, match="names no version of regions"):
        use(home.home)


def test_a_disk_that_fails_leaves_what_was_in_force(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    update_reference(home, file_of(home, KFA), source="KFA", take=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        update_reference(
            home, file_of(home, b"kfa_id,kfa_new_id\n93000001,93000002\n"), counts=[1], source="KFA", take=True
        )
    monkeypatch.undo()
    assert number_in_force(home.home, "kfa_replacements") == 1
    folder = home.home / "reference" / "kfa_replacements"
    assert sorted(path.name for path in folder.iterdir()) == ["0001", "in_force", "log.jsonl"]


def test_there_is_no_list_of_a_name_that_nobody_knows(home: Settings) -> None:
    with pytest.raises(MdiError, match="'villages' is no list"):
        undo_reference(home, "villages")


def test_of_two_that_take_in_a_list_at_once_the_second_is_told_and_nothing_of_it_stays(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home.home / "reference" / "kfa_replacements"
    written = reference._write

    def meanwhile(path: Path, text: str) -> None:
        written(path, text)
        (folder / "0001").mkdir(exist_ok=True)
        (folder / "0001" / "manifest.json").write_text("{}", "utf-8")

    monkeypatch.setattr(reference, "_write", meanwhile)
    with pytest.raises(Conflict, match="somebody else took in a list meanwhile"):
        update_reference(home, file_of(home, KFA), source="KFA", take=True)
    assert [path.name for path in folder.iterdir()] == ["0001"]
    assert number_in_force(home.home, "kfa_replacements") == 0


@pytest.mark.real_data
def test_the_published_replacements_are_taken_in_and_seven_are_told(home: Settings, real_data: Path) -> None:
    done = update_reference(home, real_data / "medicines" / "kfa_replacement.csv", source="KFA", take=True)
    assert done.counts == {"kfa_replacements": (0, 615)}
    assert len(done.notes) == 7
    assert all(note.endswith("points to itself") for note in done.notes)
