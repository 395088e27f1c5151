"""Commands on any tables: dedupe, explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import (
    Actor,
    Encoding,
    Home,
    Json,
    ModelFile,
    Purpose,
    Separator,
    separator_of,
    settings_of,
)
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.cli.progress import watching
from mdi_engine.cli.report import REPORT, ReportFile, ShowValues
from mdi_engine.errors import UsageError

if TYPE_CHECKING:
    from mdi_engine.jobs.linked import Linked


def dedupe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV (also gzip) or Parquet files.")],
    model: ModelFile = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="OUT.parquet", help="Where source, record_id, cluster_id go; - is stdout."),
    ] = None,
    truth: Annotated[
        str | None, typer.Option("--truth", metavar="FIELD", help="Measure against this field of the model.")
    ] = None,
    report: ReportFile = None,
    show_values: ShowValues = False,
    plan: Annotated[bool, typer.Option("--plan", help="Tell cost and heaviest keys, link nothing.")] = False,
    encoding: Encoding = "utf-8",
    separator: Separator = ",",
    json: Json = False,
) -> None:
    """Link the rows of any files; no home is needed.

    \b
        mdi dedupe people.csv --model people.toml --output clusters.parquet
        mdi dedupe list_a.csv list_b.csv --model lists.toml --truth code --json

    It trains on the files, without labels, and links them. The form of the output follows its name: .parquet,
    .csv or .jsonl. A report shows the linkage in pictures; values that could tell a person are masked there.
    """
    from mdi_engine.cli.plans import plan_dict, show_plan
    from mdi_engine.jobs import dedupe as job
    from mdi_engine.jobs.report import write_linked
    from mdi_engine.linkage.models.model import load_model
    from mdi_engine.linkage.training.doubts import doubts
    from mdi_engine.pages.shell import check_page

    spec = load_model(_needed(model))
    to_stdout = output is not None and str(output) == "-"
    if json and to_stdout:
        raise UsageError("--json and --output - both want standard output", hint="Give --output a file.")
    job.check_apart(output, [model] if model else [])
    job.check_truth(spec, truth)
    if report is not None:
        check_page(report, REPORT, [*files, *([model] if model else []), *([output] if output else [])])
    if plan:
        _, found = job.plan_files(files, spec, encoding=encoding, separator=separator_of(separator))
        return as_json(plan_dict(found)) if json else show_plan(spec.name, found)
    with watching() as progress:
        linked = job.dedupe(
            files,
            spec,
            truth=truth,
            output=output,
            encoding=encoding,
            separator=separator_of(separator),
            progress=progress,
        )
        if report is not None:
            progress.stage("report")
            write_linked(linked, report, show_values=show_values, flag=REPORT)
    for doubt in doubts(linked.parameters):
        note(f"Doubtful: {doubt}")
    for said in linked.notes:
        note(f"Uneven: {said}")
    if report is not None:
        note(f"The report is in {report}.")
    if json:
        return as_json(linked.to_dict())
    if to_stdout:
        return note(f"{len(linked.records):,} records in {_clusters(linked):,} clusters.")
    _show_linked(linked)
    if output is not None:
        note(f"Clusters are in {output}.")
    return None


def explain(
    left: Annotated[str, typer.Argument(metavar="A", help="A record, as source:record_id.")],
    right: Annotated[str, typer.Argument(metavar="B", help="The other record.")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Files the records are in; without: the home.")
    ] = None,
    model: ModelFile = None,
    encoding: Encoding = "utf-8",
    separator: Separator = ",",
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Tell in words why two records were joined, or not.

    \b
        mdi explain sirs:3515001 pusdatin:3515001
        mdi explain list_a:12 list_b:40 list_a.csv list_b.csv --model lists.toml

    With files it trains on them first; without, the parameters in force in the home are used.
    """
    from mdi_engine.cli.waterfalls import show_waterfall, waterfall_dict
    from mdi_engine.jobs.explain import explain_files, explain_records
    from mdi_engine.linkage.models.model import load_model

    if files:
        spec = load_model(_needed(model))
        found = explain_files(files, spec, left, right, encoding=encoding, separator=separator_of(separator))
    elif model is not None:
        raise UsageError("--model was given without files", hint="Name the files the two records are in.")
    else:
        found = explain_records(settings_of(home, actor=actor), left, right, purpose=purpose)
    return as_json(waterfall_dict(found)) if json else show_waterfall(found)


def _needed(model: Path | None) -> Path:
    if model is None:
        raise UsageError(
            "--model is missing: files can only be linked by a model",
            hint="A model is a TOML file that names fields, ways to candidates and comparisons; see docs/.",
        )
    return model


def _clusters(linked: Linked) -> int:
    return len(set(linked.clusters.label.tolist()))


def _show_linked(linked: Linked) -> None:
    from mdi_engine.cli.quality import quality_table
    from mdi_engine.linkage.evaluate import cluster_sizes

    show(
        facts(
            [
                ("records", len(linked.records)),
                ("clusters", _clusters(linked)),
                ("candidate pairs", linked.edges.candidate_pairs),
                ("matches expected", round(linked.parameters.found.matches)),
                ("pairs in doubt", linked.pairs_to_review),
            ]
        ),
        "",
        Table(("records in a cluster", "clusters"), list(cluster_sizes(linked.clusters.label).items())),
        "",
        Table(("stage", "seconds"), list(linked.seconds.items())),
    )
    if linked.evaluation is not None:
        recall = linked.candidate_recall
        show("", quality_table("measured against the truth", linked.evaluation))
        show("", f"candidate recall  {'unknown' if recall is None else f'{recall:.3f}'}")
