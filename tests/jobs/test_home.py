"""The jobs on a home, end to end on the samples: what a steward relies on."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from mdi_engine.errors import Conflict, InputRefused, NotFound, UsageError
from mdi_engine.jobs import ingest as ingest_job
from mdi_engine.jobs.demo import demo
from mdi_engine.jobs.doctor import doctor
from mdi_engine.jobs.evaluate import evaluate_entity
from mdi_engine.jobs.explain import explain_records
from mdi_engine.jobs.history import history_of
from mdi_engine.jobs.home import home_ledger, in_force, projected
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity, plan_entity
from mdi_engine.jobs.lookup import lookup, lookup_number
from mdi_engine.jobs.train import train_entity
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.weights.score import score
from mdi_engine.settings import Settings, shipped
from mdi_engine.workbench.copies import MasterRow, MemberRow, copy_masters, read_copy, read_decisions
from mdi_engine.workbench.database import open_workbench

SIRS = shipped("samples") / "sirs" / "sirs_2021.csv"
PUSDATIN = shipped("samples") / "pusdatin" / "pusdatin_2022.csv"
SITES = shipped("samples") / "simada_sites" / "simada_sites.xlsx"
TRUTH = shipped("samples") / "truth" / "facility.csv"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after the demo; tests that use it only read."""
    settings = Settings(home=tmp_path_factory.mktemp("linked") / "home")
    demo(settings, entities=["facility"])
    return settings


@pytest.fixture
def copy(linked: Settings, tmp_path: Path) -> Settings:
    """The same home, to be changed."""
    shutil.copytree(linked.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


def partition(settings: Settings) -> set[frozenset[tuple[str, str]]]:
    """Which source keys are together, whatever their numbers."""
    groups: dict[str, set[tuple[str, str]]] = {}
    for record, number in numbers(settings).items():
        groups.setdefault(number, set()).add(record)
    return {frozenset(group) for group in groups.values()}


def numbers(settings: Settings) -> dict[tuple[str, str], str]:
    """The number of each live record."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        members = read_state(conn, "facility").memberships
        return {(r.source, r.source_key): members[r.id] for r in live_records(conn, "facility")}


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewrite(source: Path, target: Path, change: Mapping[str, Mapping[str, str] | None], key: str) -> Path:
    """A later delivery: rows by key changed, or left out where the change is None."""
    rows = table(source)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for row in rows:
            changed = change.get(row[key], {})
            if changed is not None:
                writer.writerow({**row, **changed})
    return target


def test_the_demo_finds_nearly_all_and_joins_no_strangers(linked: Settings) -> None:
    found = evaluate_entity(linked, "facility", TRUTH).evaluation
    assert found.pairwise.precision >= 0.99
    assert found.pairwise.recall >= 0.98


def test_a_second_demo_writes_no_event_and_moves_no_number(copy: Settings) -> None:
    before, numbers_before = verify_home(copy).events, numbers(copy)
    report = demo(copy, entities=["facility"])
    assert verify_home(copy).events == before
    assert [(linked.events_written, linked.churn) for linked in report.linked] == [(0, 0)]
    assert not any(trained.new for trained in report.trained)
    assert numbers(copy) == numbers_before


def test_the_order_of_ingestion_changes_no_partition(linked: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "home")
    for source, path in reversed([("pusdatin", PUSDATIN), ("simada_sites", SITES), ("sirs", SIRS)]):
        ingest(other, source, [path])
    train_entity(other, "facility")
    link_entity(other, "facility")
    assert partition(other) == partition(linked)


def test_verify_and_doctor_find_nothing_wrong(linked: Settings) -> None:
    report = verify_home(linked)
    assert report.findings == ()
    assert report.waiting == {"facility": 0}
    assert all(check.ok for check in doctor(linked))


def test_doctor_says_what_is_wrong(copy: Settings) -> None:
    copy.home.chmod(0o755)
    (copy.parameters_path / "facility" / "0001" / "parameters.toml").write_text("format = 1\n")
    wrong = {check.name for check in doctor(copy) if not check.ok}
    assert wrong == {"home", "parameters of facility"}


def test_a_lost_ledger_is_not_begun_anew(copy: Settings) -> None:
    for path in copy.home.glob("ledger.sqlite*"):
        path.unlink()
    for source, file in (("sirs", SIRS), ("payers", shipped("samples") / "payers" / "payers.csv")):
        with pytest.raises(Conflict, match="the ledger is gone"):
            ingest(copy, source, [file])
    assert not copy.ledger_path.exists()
    assert [check.name for check in doctor(copy) if not check.ok] == ["workbench"]


def test_a_home_without_anything_is_not_an_empty_one(tmp_path: Path) -> None:
    nothing = Settings(home=tmp_path / "none")
    for job in (
        lambda: train_entity(nothing, "facility"),
        lambda: link_entity(nothing, "facility"),
        lambda: lookup(nothing, "facility", {"name": "RSUD"}),
        lambda: verify_home(nothing),
        lambda: history_of(nothing, "1000000000"),
    ):
        with pytest.raises(NotFound, match="nothing was ingested"):
            job()
    assert not nothing.home.exists()


def test_linking_before_training_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    ingest(settings, "sirs", [SIRS])
    with pytest.raises(NotFound, match="mdi train facility"):
        link_entity(settings, "facility")
    assert plan_entity(settings, "facility").recall_lost is None


def test_the_plan_knows_the_recall_after_a_training(linked: Settings) -> None:
    planned = plan_entity(linked, "facility")
    assert planned.recall_lost is not None
    assert 0 <= planned.recall_lost < 0.05
    assert planned.seconds is not None


def test_altered_parameters_are_refused(copy: Settings) -> None:
    path = copy.parameters_path / "facility" / "0001" / "parameters.toml"
    path.write_text(path.read_text().replace("prior = -", "prior = -1", 1))
    with pytest.raises(InputRefused, match="not what was trained"):
        link_entity(copy, "facility")


def test_a_new_name_is_a_new_version_and_keeps_its_number(copy: Settings, tmp_path: Path) -> None:
    before = numbers(copy)
    key = next(k for s, k in before if s == "sirs")
    later = rewrite(SIRS, tmp_path / "sirs_later.csv", {key: {"nama_rs": "RS Umum Nama Baru Sekali"}}, "kode_rs")
    report = ingest(copy, "sirs", [later])
    assert (report.changed, report.new, report.withdrawn) == (1, 0, 0)
    assert verify_home(copy).waiting == {"facility": 0}
    linked_again = link_entity(copy, "facility")
    assert linked_again.churn <= 1 / len(before)
    assert verify_home(copy).findings == ()


def test_withdrawn_rows_leave_and_their_numbers_still_resolve(copy: Settings, tmp_path: Path) -> None:
    before = numbers(copy)
    alone = [k for k in before if k[0] == "sirs" and list(before.values()).count(before[k]) == 1][:3]
    later = rewrite(SIRS, tmp_path / "sirs_later.csv", dict.fromkeys((key for _, key in alone), None), "kode_rs")
    assert ingest(copy, "sirs", [later]).withdrawn == 3
    assert verify_home(copy).findings == ()  # the masters' copy is right until the next link run
    report = link_entity(copy, "facility")
    assert report.retired == 3
    after = numbers(copy)
    assert all(after[record] == before[record] for record in after)
    for record in alone:
        assert lookup_number(copy, "facility", before[record]).master.status == "retired"
    assert verify_home(copy).findings == ()


def batch_weights(settings: Settings) -> dict[frozenset[str], int]:
    """The batch's weight of every pair at or above the review threshold, by record names."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        _, learned = in_force(settings, conn, "facility")
        data = projected(conn, "facility", learned.model)
    edges = score(data.records, learned)
    names = [data.records.name(row) for row in range(len(data.records))]
    pairs = zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), strict=True)
    return {frozenset((names[left], names[right])): weight for left, right, weight in pairs}


def test_one_pair_weighs_alone_what_it_weighs_in_the_batch(linked: Settings) -> None:
    batch = batch_weights(linked)
    for pair in sorted(batch, key=sorted)[::20]:
        assert explain_records(linked, *sorted(pair)).weight == batch[pair]


def test_a_lookup_weighs_as_the_batch_does(linked: Settings) -> None:
    """The law: what is asked in the words of a source row weighs, against other rows, what that row weighs."""
    batch = batch_weights(linked)
    compared = 0
    for row in table(SIRS):
        asked = {"name": row["nama_rs"], "province": row["nama_prop"], "kode": row["kode_rs"]}
        for match in lookup(linked, "facility", asked, limit=50).matches:
            pair = frozenset((f"sirs:{row['kode_rs']}", match.record))
            if match.record.startswith("pusdatin:"):
                assert match.weight == batch[pair]
                compared += 1
        if compared > 20:
            break
    assert compared > 20


def test_a_lookup_explains_itself_and_refuses_nothing_to_go_by(linked: Settings) -> None:
    row = table(SIRS)[0]
    report = lookup(linked, "facility", {"name": row["nama_rs"], "province": row["nama_prop"], "kode": None})
    assert report.matches
    assert report.matches[0].why
    assert len(report.matches[0].why) == len(report.matches[0].mengapa)
    with pytest.raises(UsageError, match="name, province, kode"):
        lookup(linked, "facility", {"name": None})
    assert lookup(linked, "facility", {"name": "zzqqxx"}).matches == ()
    for wrong in ({"province": "Nowhere"}, {"kode": "351501"}):
        with pytest.raises(UsageError, match="not understood"):
            lookup(linked, "facility", {"name": row["nama_rs"], **wrong})


def test_explain_tells_of_two_records_and_of_unknown_ones(linked: Settings) -> None:
    pair = next(group for group in partition(linked) if len(group) == 2)
    a, b = (f"{source}:{key}" for source, key in sorted(pair))
    found = explain_records(linked, a, b)
    assert found.verdict == "match"
    assert found.weight == found.prior + sum(step.weight for step in found.steps)
    with pytest.raises(NotFound, match="sirs has no such record") as unknown:
        explain_records(linked, a, "sirs:9815014107850001")
    assert "9815014107850001" not in str(unknown.value)
    with pytest.raises(NotFound, match="nothing of a source 'nobody'"):
        explain_records(linked, a, "nobody:1")


def test_records_of_two_entities_are_not_compared(copy: Settings) -> None:
    ingest(copy, "payers", [shipped("samples") / "payers" / "payers.csv"])
    with pytest.raises(UsageError, match="sirs holds facility records, payers payer"):
        explain_records(copy, f"sirs:{table(SIRS)[0]['kode_rs']}", "payers:PUSAT-PJ00001")


def test_history_begins_with_the_founding(linked: Settings) -> None:
    number = next(iter(numbers(linked).values()))
    report = history_of(linked, number)
    assert report.entries[0].what == "founded"
    assert set(report.entries[0].records) <= set(report.names)
    with pytest.raises(NotFound, match="ever issued"):
        history_of(linked, "1000999999")


def test_verify_sees_a_copy_that_is_not_the_ledgers(copy: Settings) -> None:
    with open_workbench(copy.workbench_path) as con:
        found = read_copy(con, "facility")
        assert found is not None
        event, masters, members = found
        other = [MemberRow("1000000001", *members[0][1:]), *members[1:]]
        copy_masters(con, "facility", [*masters, MasterRow("1000000001", "active", None, None)], other, event)
    assert [finding.check for finding in verify_home(copy).findings] == ["workbench"]
    link_entity(copy, "facility")
    assert verify_home(copy).findings == ()


def test_verify_sees_a_delivery_that_the_ledger_did_not_get(
    copy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = rewrite(SIRS, tmp_path / "later.csv", {table(SIRS)[0]["kode_rs"]: {"nama_rs": "RS Nama Baru"}}, "kode_rs")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest_job, "_append", killed)
        with pytest.raises(KeyboardInterrupt):
            ingest(copy, "sirs", [later])
    (finding,) = verify_home(copy).findings
    assert finding.check == "workbench"
    assert "sirs: delivery 4 landed" in finding.message
    ingest(copy, "sirs", [later])
    assert verify_home(copy).findings == ()


def test_verify_sees_a_ledger_older_than_its_deliveries(copy: Settings, tmp_path: Path) -> None:
    shutil.copy(copy.ledger_path, tmp_path / "backup")
    changed = {row["kode_rs"]: {"nama_rs": f"RS Nama Baru {n}"} for n, row in enumerate(table(SIRS)[:2])}
    later = rewrite(SIRS, tmp_path / "later.csv", changed, "kode_rs")
    assert ingest(copy, "sirs", [later]).changed == 2
    assert verify_home(copy).findings == ()
    shutil.copy(tmp_path / "backup", copy.ledger_path)
    (finding,) = verify_home(copy).findings
    assert "sirs: in delivery 4, 2 rows not in the ledger" in finding.message
    ingest(copy, "sirs", [later])
    assert verify_home(copy).findings == ()


def test_the_workbench_tells_why_records_were_joined_or_not(copy: Settings) -> None:
    with open_workbench(copy.workbench_path) as con:
        decisions = read_decisions(con, "facility")
    known = numbers(copy)
    assert sum(decision.merged for decision in decisions) == len(known) - len(set(known.values()))
    assert {decision.reason for decision in decisions if decision.merged} == {"mean weight"}
    refused = [decision for decision in decisions if not decision.merged]
    assert refused
    for decision in decisions:
        left, right = (decision.left_source, decision.left_key), (decision.right_source, decision.right_key)
        assert (known[left] == known[right]) >= decision.merged
    assert all(decision.reason != "mean weight" for decision in refused)
    assert {decision.parameters_version for decision in decisions} == {1}
    link_entity(copy, "facility")
    with open_workbench(copy.workbench_path) as con:
        again = read_decisions(con, "facility")
    assert [decision[2:] for decision in again] == [decision[2:] for decision in decisions]


def test_verify_sees_a_lost_workbench(copy: Settings) -> None:
    copy.workbench_path.unlink()
    assert [finding.check for finding in verify_home(copy).findings] == ["workbench"]


def test_a_truth_that_does_not_fit_is_refused(linked: Settings, tmp_path: Path) -> None:
    for text, fault in (
        ("source,source_key\nsirs,1\n", "no column entity"),
        ("source,source_key,entity\nsirs,1,a\nsirs,1,b\n", "named twice"),
        ("source,source_key,entity\nother,1,a\n", "names no live record"),
    ):
        path = tmp_path / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.csv"
        path.write_text(text)
        with pytest.raises(InputRefused, match=fault):
            evaluate_entity(linked, "facility", path)


def test_an_unknown_entity_is_named(linked: Settings) -> None:
    with pytest.raises(UsageError, match="facility"):
        link_entity(linked, "hospital")


def test_numbers_come_from_the_blocks_that_are_configured(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", number_blocks={"facility": [(1000000500, 5_000)]})
    demo(settings, entities=["facility"])
    assert all(1000000500 <= int(number) < 1000005500 for number in numbers(settings).values())
