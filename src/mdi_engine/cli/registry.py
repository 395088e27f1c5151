"""Commands that fill and link a home: demo, ingest, train, link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import EntityName, Home, Json, Pipelines, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.cli.progress import watching

if TYPE_CHECKING:
    from mdi_engine.jobs.demo import DemoReport
    from mdi_engine.jobs.ingest import IngestReport
    from mdi_engine.jobs.link import LinkReport
    from mdi_engine.jobs.train import TrainReport


def demo(home: Home = None, json: Json = False) -> None:
    """Ingest, train, link and measure the samples.

    \b
        mdi demo

    The samples are extracts of twelve sources about invented people, facilities, products, payers and services.
    Running it again finds nothing new and writes no event.
    """
    from mdi_engine.jobs.demo import demo as run

    settings = settings_of(home)
    with watching() as progress:
        report = run(settings, progress=progress)
    if json:
        return as_json(report.to_dict())
    show(_ingested(report.ingested), "", _masters(report), "", _qualities(report))
    for trained in report.trained:
        for doubt in trained.doubts:
            note(f"Doubtful ({trained.entity}): {doubt}")
    note(f"The home is {settings.home}. Ask it something:")
    note(f'  mdi lookup facility --name "{_SAMPLE}"' + ("" if home is None else f" --home {home}"))
    return None


def ingest(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source, such as sirs or pusdatin.")],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Extract files; together one delivery. - is stdin.")
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Withdraw more than the source allows; take an older delivery again.")
    ] = False,
    home: Home = None,
    pipelines: Pipelines = None,
    json: Json = False,
) -> None:
    """Take a source's extract files into the home.

    \b
        mdi ingest sirs data/samples/sirs/sirs_2021.csv

    The files of one call are one delivery. The same files again change nothing. What is refused leaves no trace.
    """
    from mdi_engine.jobs.ingest import ingest as run

    with watching() as progress:
        report = run(settings_of(home, pipelines), source, files, yes=yes, progress=progress)
    if json:
        return as_json(report.to_dict())
    show(_ingested([report]))
    if report.reasons:
        show("", Table(("why rows were rejected", "faults"), list(report.reasons.items())))
    healed = {name: count for name, count in asdict(report.healed).items() if count and name != "unchanged"}
    if healed:
        done = ", ".join(f"{count:,} {name}" for name, count in healed.items())
        note(f"Completed an earlier delivery that was broken off: {done}.")
    if report.outcome != "taken":
        note(_OUTCOMES[report.outcome])
    return None


def train(entity: EntityName, home: Home = None, json: Json = False) -> None:
    """Learn how much each agreement and disagreement says.

    \b
        mdi train facility

    It learns from the records of the home, without labels. Unchanged records give no new version.
    """
    from mdi_engine.jobs.train import train_entity

    with watching() as progress:
        report = train_entity(settings_of(home), entity, progress=progress)
    for doubt in report.doubts:
        note(f"Doubtful: {doubt}")
    if json:
        return as_json(report.to_dict())
    return show(_trained(report))


def link(
    entities: Annotated[
        list[str] | None, typer.Argument(metavar="ENTITY", help="What to link; all that has records if left out.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Tell cost and loss, link nothing.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Judge all records, not only what changed.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Give each thing in the home its one number.

    \b
        mdi link facility
        mdi link facility --plan

    After the first time only what new, changed and withdrawn records touch is judged again. Without new input nothing
    changes.
    """
    from mdi_engine.cli.plans import plan_dict, show_plan
    from mdi_engine.jobs.link import link_entity, linkable, plan_entity

    settings = settings_of(home)
    wanted = entities or linkable(settings)
    if plan:
        plans = {entity: plan_entity(settings, entity) for entity in wanted}
        if json:
            return as_json({"plans": {entity: plan_dict(found) for entity, found in plans.items()}})
        for entity, found in plans.items():
            show_plan(entity, found)
        return None
    with watching() as progress:
        reports = [link_entity(settings, entity, full=full, progress=progress) for entity in wanted]
    for report in reports:
        for said in report.notes:
            note(f"Uneven ({report.entity}): {said}")
    if json:
        return as_json({"linked": [report.to_dict() for report in reports]})
    return show(*map(_linked, reports))


# A hospital of the samples, for the first question.
_SAMPLE = "RS Umum Lentera Griya Mandiri"
_OUTCOMES = {
    "known": "These files are the newest delivery already; nothing changed.",
}


def _ingested(reports: Sequence[IngestReport]) -> Table:
    # Of people who were forgotten there is a word only where a file names some.
    forgotten = ("forgotten",) if any(report.forgotten for report in reports) else ()
    counts = ("read", "accepted", "rejected", *forgotten, "new", "changed", "unchanged", "withdrawn")
    rows = [(report.source, *(getattr(report, name) for name in counts)) for report in reports]
    return Table(("source", *counts), rows)


def _masters(report: DemoReport) -> Table:
    heads = ("entity", "records", "candidate pairs", "in doubt", "masters", "merged", "churn", "events written")
    rows = [
        (
            linked.entity,
            linked.records,
            linked.candidate_pairs,
            linked.in_doubt,
            linked.masters,
            linked.merged,
            f"{linked.churn:.2%}" if linked.churn else "0",
            linked.events_written,
        )
        for linked in report.linked
    ]
    return Table(heads, rows)


def _qualities(report: DemoReport) -> Table:
    """Pairwise figures and B-cubed F1, entity by entity."""
    rows = [
        (
            found.entity,
            found.evaluation.pairwise.precision,
            found.evaluation.pairwise.recall,
            found.evaluation.pairwise.f1,
            found.evaluation.b_cubed.f1,
        )
        for found in report.quality
    ]
    heads = ("entity", "precision", "recall", "f1", "b_cubed f1")
    return Table(heads, rows, "measured against the truth of the samples")


def _trained(report: TrainReport) -> Table:
    return facts(
        [
            ("parameters", f"version {report.version}, {'new' if report.new else 'unchanged'}"),
            ("trained on", f"{report.records:,} records"),
            ("matches expected", f"{report.expected_matches:,.0f}"),
            ("candidates among them", "unknown" if report.recall is None else f"{report.recall:.1%}"),
            ("digest", report.digest[:16]),
        ],
        f"train {report.entity}",
    )


def _linked(report: LinkReport) -> Table:
    return facts(
        [
            ("records", report.records),
            ("records judged", report.judged),
            ("candidate pairs", report.candidate_pairs),
            ("pairs in doubt", report.in_doubt),
            ("questions asked", report.asked),
            ("questions closed", report.closed),
            ("masters", report.masters),
            ("new", report.new),
            ("merged", report.merged),
            ("split", report.split),
            ("restored", report.restored),
            ("retired", report.retired),
            ("redirects", report.redirects),
            ("churn", f"{report.churn:.2%}" if report.churn else "0"),
            ("events written", report.events_written),
        ],
        f"link {report.entity}",
    )
