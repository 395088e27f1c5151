"""The scenarios of rights.feature, acted out in a real shell; what is on the disk is read byte by byte."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import SAMPLES, Run, Shell
from pytest_bdd import given, parsers, scenarios, then, when
from sqlalchemy import text

from mdi_engine.errors import Conflict
from mdi_engine.jobs.register import register
from mdi_engine.ledger.store import open_ledger, reading
from mdi_engine.settings import Settings

pytestmark = pytest.mark.slow
scenarios("rights.feature")

NIK, NAME, RECORD = "9901014107850001", "WAGIYEM TRISNANINGTYAS", "990177"
TRACES = [word for name in ("WAGIYEM", "TRISNANINGTYAS", "TRISNANING") for word in (name, name.title(), name.lower())]
DUKCAPIL = f"{NIK}|9901010101010001|{NAME}|2|BANTUL|01-07-1985|ISTRI|SUMINAH|||JL. SAWO NO. 1|001|002|34|02|03|DESA|\n"
# Spreadsheets make such a thing of a NIK: the row is set aside, and it holds her name all the same.
BROKEN = (
    f'3572579S,{RECORD},{NAME},"9,90101E+15",,,,P,BANTUL,1985-07-01,SUMINAH,,,JL. SAWO 1,,DESA,,3402,,,,2020-01-01\n'
)
SOUND = (
    f"3572579S,{RECORD},{NAME.title()},{NIK},,,,P,Bantul,1985-07-01,Suminah,,,Jl. Sawo 1,,Desa,,3402,,,,2020-01-01\n"
)
MOVED = SOUND.replace(RECORD, "995511").replace(NAME.title(), "W. Trisna")
OTHER = (
    "3572579S,990001,Sugeng Waluyo,9901020101700002,,,,L,Bantul,1970-01-01,Painem,,,Jl. 2,,Desa,,3402,,,,2020-01-01\n"
)


def sample(source: str, name: str) -> str:
    return (SAMPLES / source / name).read_text("utf-8")


@dataclass
class Office:
    """A home with its shell, and what the last command said."""

    shell: Shell
    number: str
    last: Run | None = None
    before: dict[str, bytes] = field(default_factory=dict, repr=False)
    counts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def act(self, *arguments: str | Path, by: str = "budi", stdin: str = "") -> Run:
        self.last = self.shell.mdi(*arguments, stdin=stdin, MDI_ACTOR=by)
        assert self.last.returncode == 0, self.last.stderr
        return self.last

    def told(self, *arguments: str | Path, by: str = "budi") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.act(*arguments, "--json", by=by).stdout)
        return found

    @property
    def home(self) -> Path:
        return self.shell.folder / "mdi-home"

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file()
        }

    def deliver(self, source: str, content: str, name: str) -> dict[str, Any]:
        path = self.shell.folder / name
        path.write_text(content, "utf-8")
        return self.told("ingest", source, path)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with such a home; not to be changed."""
    folder = tmp_path_factory.mktemp("rights")
    office = Office(Shell(folder), "")
    office.deliver("dukcapil", sample("dukcapil", "dukcapil.csv") + DUKCAPIL, "d1.csv")
    heads = sample("simrs", "simrs_jawa_timur.csv")
    office.deliver("simrs", heads + BROKEN, "s1.csv")
    office.deliver("simrs", heads.splitlines(keepends=True)[0] + SOUND + OTHER, "s2.csv")
    office.act("train", "patient")
    office.act("link", "patient")
    for path in folder.glob("*.csv"):
        path.unlink()
    return folder


@given(
    "a home in which Wagiyem is known to Dukcapil and to a hospital, which once wrote her NIK as a number",
    target_fixture="office",
)
def _office(registry: Path, tmp_path: Path) -> Office:
    shutil.copytree(registry, tmp_path, dirs_exist_ok=True)
    office = Office(Shell(tmp_path), "")
    found = office.shell.mdi("lookup", "patient", "--nik", "-", "--json", stdin=NIK, MDI_ACTOR="setup")
    matches = json.loads(found.stdout)["matches"]
    office.number = matches[0]["number"]
    office.before = office.files()
    assert holding(office), "the test would see nothing"
    return office


def holding(office: Office) -> list[str]:
    """The files that hold a trace of her. Her record's number may stand anywhere by chance, so with its hospital."""
    wanted = [trace.encode() for trace in (NIK, f"3572579S-{RECORD}", *TRACES)]
    return [name for name, content in office.files().items() if any(trace in content for trace in wanted)]


@given(parsers.parse('{who} has looked her up for "{purpose}"'))
def _looked(office: Office, who: str, purpose: str) -> None:
    office.act("lookup", "patient", "--nik", "-", "--purpose", purpose, by=who, stdin=NIK)


@given("Budi has corrected her name, with a note that tells it")
def _noted(office: Office) -> None:
    office.act("correct", "patient", office.number, "--name", f"{NAME} Rahayu", "--note", f"KTP of {NAME} seen")


@given("Budi has forgotten her")
@when("Budi forgets her")
def _forgets(office: Office) -> None:
    office.act("forget", "patient", office.number, "--yes", "--purpose", "request 17")


@given("a backup was made")
def _backed_up(office: Office) -> None:
    office.act("backup", office.shell.folder / "before.tar")


@given("the kept extracts were lost")
def _lost(office: Office) -> None:
    shutil.rmtree(office.home / "extracts")


@when("the backup is restored")
def _restored(office: Office) -> None:
    assert office.told("restore", office.shell.folder / "before.tar", "--yes")["forgotten"] == 2


@given("forgetting her was broken off when the workbench had let go of her")
def _broken_off(office: Office) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from mdi_engine.jobs import forgetting;"
        "from mdi_engine.settings import Settings;"
        "forgetting._forget = lambda *rest: os.kill(os.getpid(), signal.SIGKILL);"
        "forgetting.forget_subject(Settings(home=Path('mdi-home')), 'patient', sys.argv[1], yes=True)"
    )
    assert office.shell.python(code, office.number).returncode == -9
    assert holding(office)


@when("Budi makes her subject report")
def _reports(office: Office) -> None:
    office.told("subject-report", office.number)


@when(parsers.parse('Budi corrects her name to "{name}"'))
def _corrects(office: Office, name: str) -> None:
    office.told("correct", "patient", office.number, "--name", name)


@when("Budi asks what forgetting her would take away")
def _asks(office: Office) -> None:
    office.told("forget", "patient", office.number)


@when("Dukcapil delivers her once more, and the hospital under another number")
def _again(office: Office) -> None:
    heads = sample("simrs", "simrs_jawa_timur.csv").splitlines(keepends=True)[0]
    rows = sample("dukcapil", "dukcapil.csv") + DUKCAPIL.replace("SAWO NO. 1", "SAWO NO. 2")
    office.counts = [
        office.deliver("dukcapil", rows, "d2.csv"),
        office.deliver("simrs", heads + MOVED + OTHER, "s3.csv"),
    ]


@when("the hospital registers her under another number, and again under the old one")
def _registers(office: Office) -> None:
    settings = Settings(home=office.home)
    said = {"nik": NIK, "name": NAME, "birthdate": "01-07-1985"}
    for key, values in (("995511", said), (f"3572579S-{RECORD}", {"name": NAME})):
        with pytest.raises(Conflict) as refused:
            register(settings, "patient", "simrs", key, values, actor="desk")
        office.refused.append(str(refused.value))


@then("each registration is refused, since she was forgotten")
def _refused(office: Office) -> None:
    assert len(office.refused) == 2
    assert all("forgotten" in told for told in office.refused)


@when("the workbench is made again from the kept extracts")
def _rebuilt(office: Office) -> None:
    (office.home / "workbench.duckdb").unlink()
    office.act("rebuild", "--workbench")


@then("it tells every version of her records, with the files they came in")
def _versions(office: Office) -> None:
    told = {
        (one["source"], said["payload"]["nik"], *said["files"])
        for one in said_last(office)["records"]
        for said in one["versions"]
    }
    assert told == {("dukcapil", NIK, "d1.csv"), ("simrs", NIK, "s2.csv")}


def said_last(office: Office) -> dict[str, Any]:
    assert office.last is not None
    found: dict[str, Any] = json.loads(office.last.stdout)
    return found


@then(parsers.parse('it tells that {who} looked, for "{purpose}"'))
def _trail(office: Office, who: str, purpose: str) -> None:
    looked = [one["access"] for one in said_last(office)["accesses"]]
    assert (who, purpose, "lookup", "found") in [
        (one["actor"], one["purpose"], one["action"], one["outcome"]) for one in looked
    ]


@then("no access holds her NIK")
def _masked(office: Office) -> None:
    engine = open_ledger(office.home / "ledger.sqlite")
    with reading(engine) as conn:
        rows = [tuple(row) for row in conn.execute(text("SELECT * FROM accesses"))]
    engine.dispose()
    assert len(rows) == 3, "the setup's, Ani's, and the report itself"
    assert NIK not in str(rows)


@then(parsers.parse('her golden record has the name "{name}", said by steward'))
def _golden(office: Office, name: str) -> None:
    golden = {one["field"]: one for one in office.told("lookup", "patient", office.number)["golden"]}
    assert (golden["name"]["value"], golden["name"]["source"]) == (name, "steward")
    assert golden["nik"]["source"] == "dukcapil"


@then("what Dukcapil and the hospital said is what it was")
def _unaltered(office: Office) -> None:
    records = {one["source"]: one for one in office.told("subject-report", office.number)["records"]}
    for source in ("dukcapil", "simrs"):
        assert [said["payload"]["name"] for said in records[source]["versions"]] == [NAME]
    assert len(records["steward"]["versions"]) == 1


@then("linking again changes nothing")
def _stable(office: Office) -> None:
    done = office.told("link", "patient")["linked"][0]
    assert (done["new"], done["merged"], done["split"], done["churn"]) == (0, 0, 0, 0)
    assert office.told("verify")["findings"] == []


@then(parsers.parse("it tells {records:d} records and {rows:d} rows of the workbench, in {files:d} kept extracts"))
def _preview(office: Office, records: int, rows: int, files: int) -> None:
    told = said_last(office)
    assert (sum(told["records"].values()), told["rows"], told["extracts"]) == (records, rows, files)
    assert (told["niks"], told["applied"], told["deleted"]) == (1, False, [])


@then("nothing was changed")
def _unchanged(office: Office) -> None:
    kept = {name for name in office.before if name.startswith("extracts")}
    now = office.files()
    assert {name: now[name] for name in kept} == {name: office.before[name] for name in kept}
    assert len(office.told("subject-report", office.number)["records"]) == 2


@then("no file of the home holds her NIK, her name or her medical record number")
def _gone(office: Office) -> None:
    assert holding(office) == []


@then("all other rows of the kept extracts are there")
def _others(office: Office) -> None:
    hers = (DUKCAPIL.encode(), BROKEN.encode(), SOUND.encode())
    now = office.files()
    for name, content in office.before.items():
        if name.startswith("extracts"):
            for row in hers:
                content = content.replace(row, b"")
            assert now[name] == content


@then("her number still resolves, and is retired")
def _retired(office: Office) -> None:
    assert office.told("lookup", "patient", office.number)["master"]["status"] == "retired"


@then("the home verifies")
def _verifies(office: Office) -> None:
    assert office.told("verify")["findings"] == []


@then("it is known who forgot her")
def _known(office: Office) -> None:
    trail = [one["access"] for one in office.told("subject-report", office.number)["accesses"]]
    assert ("budi", "request 17", "forget", "forgotten") in [
        (one["actor"], one["purpose"], one["action"], one["outcome"]) for one in trail
    ]


@then("each delivery counts one row as forgotten")
def _counted(office: Office) -> None:
    for one in office.counts:
        assert (one["forgotten"], one["read"] - one["accepted"] - one["rejected"]) == (1, 1)
