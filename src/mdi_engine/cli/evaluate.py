"""`mdi evaluate`: how good the masters are, by a truth, by a person's answers, or as the model itself believes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import EntityName, Home, Json, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.errors import UsageError, counted

if TYPE_CHECKING:
    from mdi_engine.jobs.answers import EntityAnswers
    from mdi_engine.jobs.clerical import Design
    from mdi_engine.jobs.evaluate import EntityQuality
    from mdi_engine.jobs.population import Believed
    from mdi_engine.linkage.clerical import Bounds, Figures
    from mdi_engine.settings import Settings


def evaluate(
    entity: EntityName,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth", metavar="FILE.csv", help="Columns source, source_key, entity (any label), perhaps flags."
        ),
    ] = None,
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="FILE.csv", help="Write a sample of pairs for a person to judge.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE.csv", help="Weigh the answers in such a file.")
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Show the file's pairs here, one by one, and take keys.")] = False,
    pairs: Annotated[int, typer.Option("--pairs", min=20, max=100_000, help="How many pairs to draw.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed draws other pairs.")] = 1,
    precision: Annotated[
        float, typer.Option("--precision", min=0.5, max=1.0, help="Precision that a threshold should have.")
    ] = 0.99,
    recall: Annotated[
        float, typer.Option("--recall", min=0.5, max=1.0, help="Recall that the review threshold should keep.")
    ] = 0.99,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0.5, max=0.999, help="Confidence of the intervals.")
    ] = 0.95,
    home: Home = None,
    json: Json = False,
) -> None:
    """Measure the masters of the home.

    \b
        mdi evaluate facility
        mdi evaluate facility --draw pairs.csv --seed 7
        mdi evaluate facility --answers pairs.csv
        mdi evaluate facility --truth data/samples/truth/facility.csv

    Without a file it prints what the model believes of itself. --draw writes pairs to be judged, --answers weighs
    what was judged, --truth compares with labels. In a truth, a column flags (words joined by blanks) names
    subgroups; each gets figures over the pairs that touch it.
    """
    if sum(given is not None for given in (truth, draw, answers)) > 1:
        raise UsageError("--truth, --draw and --answers exclude one another", hint="Give one of them, or none.")
    if ask and draw is None and answers is None:
        raise UsageError("--ask needs a file: --draw FILE.csv for a new one, --answers FILE.csv to go on with it")
    settings = settings_of(home)
    if truth is not None:
        return _truth(settings, entity, truth, json)
    if draw is not None:
        _draw(settings, entity, draw, pairs, seed, json)
    if ask:
        from mdi_engine.cli.evaluate_ask import ask_all

        if not ask_all(settings, entity, draw or answers or Path()):
            return None
        answers = draw or answers
    if answers is not None:
        return _answers(settings, entity, answers, precision, confidence, json)
    return None if draw is not None else _belief(settings, entity, precision, recall, json)


def _truth(settings: Settings, entity: str, truth: Path, json: bool) -> None:
    from mdi_engine.cli.quality import quality_table, subgroup_table
    from mdi_engine.jobs.evaluate import evaluate_entity

    found: EntityQuality = evaluate_entity(settings, entity, truth)
    if json:
        return as_json(found.to_dict())
    counts = [
        ("records", found.records),
        ("not in the truth", found.unnamed),
        ("true pairs", found.evaluation.true_pairs),
        ("pairs found", found.evaluation.found_pairs),
    ]
    show(facts(counts, f"evaluate {entity}"), "", quality_table("", found.evaluation))
    if found.subgroups:
        show("", subgroup_table(found.subgroups))
    return None


def _draw(settings: Settings, entity: str, path: Path, pairs: int, seed: int, json: bool) -> None:
    from mdi_engine.cli.progress import watching
    from mdi_engine.jobs.clerical import design_path, draw_entity

    with watching() as progress:
        design: Design = draw_entity(settings, entity, path, pairs=pairs, seed=seed, progress=progress)
    if json:
        told = {"sample": design.sample, "pairs": len(design.pairs), "file": str(path)}
        return as_json({**told, "design": str(design_path(path)), "not_covered_pairs": design.uncovered})
    bands: dict[tuple[int | None, bool], list[int]] = {}
    for stratum in design.strata:
        held = bands.setdefault((stratum.low, stratum.joined), [0, 0])
        held[0] += stratum.pairs
        held[1] += stratum.drawn
    names = [(_from(low, design.starts[0]), "one" if joined else "two") for low, joined in bands]
    rows: list[tuple[object, ...]] = [(*name, *held) for name, held in zip(names, bands.values(), strict=True)]
    rows.append(("not covered by any way", "two", design.uncovered, 0))
    show(facts([("sample", design.sample), ("pairs drawn", len(design.pairs)), ("file", str(path))], f"draw {entity}"))
    show("", Table(("weight in bits", "masters", "pairs", "drawn"), rows))
    note(f"{path} holds personal data: only you can read it. Delete it when it is answered, and its design too.")
    return note(
        "Write same, different or unsure (sama, beda, ragu) into the column answer, then: "
        f"mdi evaluate {entity} --answers {path}"
    )


def _from(low: int | None, floor: int) -> str:
    return f"below {_signed(floor)}" if low is None else f"from {_signed(low)}"


def _belief(settings: Settings, entity: str, precision: float, recall: float, json: bool) -> None:
    from dataclasses import asdict

    from mdi_engine.cli.progress import watching
    from mdi_engine.jobs.population import believe

    with watching() as progress:
        found: Believed = believe(settings, entity, precision=precision, recall=recall, progress=progress)
    if json:
        return as_json({"belief_of_the_model": True, **asdict(found)})
    rows = [
        (_bits(row.threshold, found.match, found.review), row.pairs, row.precision, row.recall)
        for row in found.expected
    ]
    title = f"evaluate {entity}: what the model believes of itself; nobody has looked"
    missed = "unknown" if found.uncovered_expected is None else round(found.uncovered_expected, 1)
    show(Table(("threshold in bits", "pairs", "expected precision", "expected recall"), rows, title), "")
    show(
        facts(
            [
                (f"match threshold for precision {found.precision:g}", _threshold(found.band.match)),
                (f"review threshold for recall {found.recall:g}", _threshold(found.band.review)),
                ("candidates weaker than the table", f"{found.weak_pairs:,}"),
                ("matches expected among them", round(found.weak_expected, 1)),
                ("pairs that no way covers", f"{found.uncovered_pairs:,}"),
                ("matches expected among those", missed),
            ]
        )
    )
    return note(f"To know better, let a person judge some pairs: mdi evaluate {entity} --draw FILE.csv")


def _bits(threshold: int, match: int, review: int) -> str:
    """A threshold as signed bits, the two in force by name."""
    name = {review: " (review)", match: " (match)"}.get(threshold, "")
    return f"{_signed(threshold)}{name}"


def _signed(millibits: int) -> str:
    """Whole or half bits with their sign.

    >>> _signed(-2500), _signed(0), _signed(4000)
    ('-2.5', '0', '+4')
    """
    return f"{millibits / 1000:+g}" if millibits else "0"


def _threshold(millibits: int | None) -> str:
    return "none can promise it" if millibits is None else f"{millibits / 1000:+.3f} bits"


def _answers(settings: Settings, entity: str, path: Path, precision: float, confidence: float, json: bool) -> None:
    from mdi_engine.jobs.answers import evaluate_answers

    found: EntityAnswers = evaluate_answers(settings, entity, path, precision=precision, confidence=confidence)
    if json:
        return as_json(found.to_dict())
    rows = [("as linked", *_cells(found.linked))]
    rows += [(_signed(row.threshold), *_cells(row.figures)) for row in found.thresholds]
    show(
        facts(
            [
                ("pairs judged", found.judged),
                ("unsure", found.unsure),
                ("left out, a record withdrawn", found.withdrawn),
                ("judged before a record changed", found.changed),
                ("confidence of the intervals", f"{found.confidence:.0%}"),
                (f"threshold for precision {found.wanted:g}", _threshold(found.suggested)),
            ],
            f"evaluate {entity} by the answers to sample {found.sample}",
        )
    )
    show("", Table(("threshold in bits", "pairs", "precision", "recall"), rows))
    if found.subgroups:
        parts = [(group.group, group.judged, *_cells(group.figures)) for group in found.subgroups]
        show("", Table(("subgroup, as linked", "judged", "pairs", "precision", "recall"), parts))
    if found.weak is not None:
        weak = found.weak
        show(
            "",
            f"Recall is among the pairs within reach. Of {weak.pairs:,} weaker candidates {weak.judged} were judged "
            f"and {weak.same} are the same; the model expects {weak.expected:.1f} matches, the answers rule out more "
            f"than {weak.most:,}.",
        )
    missed = found.uncovered_expected
    believed = "how many matches is unknown" if missed is None else f"the model expects {missed:.1f} matches there"
    show(f"Not covered by any way, so never judged: {counted(found.uncovered_pairs, 'pair')}; {believed}.")
    return None


def _cells(figures: Figures) -> tuple[object, ...]:
    return figures.pairs, _said(figures.precision), _said(figures.recall)


def _said(bounds: Bounds | None) -> str:
    """An estimate with its limits; where answers are unsure, from the least to the most it may be.

    >>> from mdi_engine.linkage.clerical import Bounds
    >>> _said(Bounds(0.9, 0.9, 0.81, 0.95)), _said(Bounds(0.9, 0.92, 0.81, 0.95)), _said(None)
    ('0.900 [0.810, 0.950]', '0.900–0.920 [0.810, 0.950]', '-')
    """
    if bounds is None:
        return "-"
    middle = f"{bounds.low:.3f}" + (f"–{bounds.high:.3f}" if bounds.high - bounds.low >= 0.0005 else "")
    return f"{middle} [{bounds.lower:.3f}, {bounds.upper:.3f}]"
