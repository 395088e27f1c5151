"""What a person's answers say: checked against the sample they belong to, then precision and recall with limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection

from mdi_engine.errors import Conflict, InputRefused
from mdi_engine.jobs.clerical import Design, read_design
from mdi_engine.jobs.home import entity_named, home_ledger, in_force
from mdi_engine.jobs.sheet import Row, answer_of, listed, read_sheet
from mdi_engine.ledger.events import from_ranges, head, head_hash, read_events
from mdi_engine.ledger.records import RECORDS_APPENDED
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.clerical import Answer, Figures, Judged, Stratum, estimate
from mdi_engine.linkage.intervals import Cell
from mdi_engine.settings import Settings


@dataclass(frozen=True)
class AtThreshold:
    """What linking every pair from `threshold` (millibits) up would give."""

    threshold: int
    figures: Figures


@dataclass(frozen=True)
class OfSubgroup:
    """A subgroup: how many of its pairs were judged, and the registry's figures over its pairs."""

    group: str
    judged: int
    figures: Figures


@dataclass(frozen=True)
class Weak:
    """Candidates below the lowest border: how many, how many were judged and are the same, matches believed, and the
    most that the answers do not rule out."""

    pairs: int
    judged: int
    same: int
    expected: float
    most: int


@dataclass(frozen=True)
class EntityAnswers:
    """Quality of an entity as it was linked when the sample was drawn. `linked`: pairs of one master are matches.

    `withdrawn` pairs are left out, because a record is no longer there; `changed` ones count with what was judged.
    `suggested` (millibits) is the lowest threshold whose precision is at least `wanted` at the confidence asked for.
    """

    entity: str
    sample: str
    version: int
    judged: int
    unsure: int
    withdrawn: int
    changed: int
    confidence: float
    linked: Figures
    thresholds: tuple[AtThreshold, ...]
    subgroups: tuple[OfSubgroup, ...]
    wanted: float
    suggested: int | None
    weak: Weak | None
    uncovered_pairs: int
    uncovered_expected: float | None

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def evaluate_answers(
    settings: Settings, entity: str, path: Path, *, precision: float = 0.99, confidence: float = 0.95
) -> EntityAnswers:
    """Weigh the answers in `path`, which `draw_entity` wrote.

    Raises `InputRefused` where answers are missing, doubled, unknown or no answer at all, or where a row was changed;
    `Conflict` where the sample belongs to another home, or the entity is linked with other parameters since.
    """
    entity_named(entity)
    design, rows = read_design(path), read_sheet(path)
    answers = check_answers(path, design, entity, rows)
    with home_ledger(settings) as engine, reading(engine) as conn:
        check_home(settings, conn, design)
        gone, other = _since(conn, entity, design.event)
    here = [pair for pair in design.pairs if gone.isdisjoint(pair.records)]
    changed = sum(not other.isdisjoint(pair.records) for pair in here)
    judged = [Judged(pair.stratum, frozenset(pair.groups), answers[pair.pair]) for pair in here]
    return _figures(design, judged, changed, precision, confidence)


def _since(conn: Connection, entity: str, event: int) -> tuple[set[int], set[int]]:
    """Records that were withdrawn after `event`, and those that say something else since."""
    gone: set[int] = set()
    other: set[int] = set()
    for later in read_events(conn, after=event):
        if later.kind == RECORDS_APPENDED and later.entity == entity:
            changed = {record for record, _ in later.body["changed"]}  # those that came back among them
            gone = gone - changed | set(from_ranges(later.body["withdrawn"]))
            other |= changed
    return gone, other


def check_home(settings: Settings, conn: Connection, design: Design) -> None:
    """Raises `Conflict` if the sample was drawn from another home, or from a linkage that is not in force any more."""
    if design.event > head(conn) or head_hash(conn, design.event) != design.mark:
        raise Conflict(
            f"this sample was not drawn from the home {settings.home}",
            hint="Name the home it was drawn from with --home.",
        )
    version, learned = in_force(settings, conn, design.entity)
    if learned.digest() != design.digest:
        raise Conflict(
            f"this sample was drawn when {design.entity} was linked with parameters version {design.version}; in force "
            f"is version {version}, which gives pairs other weights",
            hint=f"Draw anew: `mdi evaluate {design.entity} --draw FILE.csv`.",
        )


def check_answers(
    path: Path, design: Design, entity: str, rows: Sequence[Row], *, whole: bool = True
) -> dict[str, Answer]:
    """Answers by pair. All faults are told at once; without `whole`, a pair may have no answer yet.

    Raises `Conflict` if rows or design are of another entity or sample, else `InputRefused`.
    """
    _check_sample(path, design, entity, rows)
    known = {pair.pair: pair for pair in design.pairs}
    held = Counter(row.pair for row in rows)
    found = {row.pair: answer for row in rows if (answer := answer_of(row.answer)) is not None}
    wrong = [row.pair for row in rows if row.answer and answer_of(row.answer) is None]
    changed = [row.pair for row in rows if row.pair in known and row.check() != known[row.pair].check]
    empty = [row.pair for row in rows if not row.answer] if whole else []
    faults = [
        _fault("unknown pairs", (pair for pair in held if pair not in known)),
        _fault("pairs that stand twice", (pair for pair, times in held.items() if times > 1)),
        _fault("pairs whose row is gone", (pair for pair in known if pair not in held)),
        _fault("rows whose records are not those that were drawn", changed),
        _fault("answers that are none", wrong),
        _fault("pairs without an answer", empty),
    ]
    told = [fault for fault in faults if fault]
    if told:
        raise InputRefused(
            f"{path}: " + "; ".join(told),
            hint="An answer is same, different or unsure (sama, beda, ragu), one for each pair; write unsure where "
            "nobody can tell. Of the other columns nothing may change: sort whole rows, never one column.",
            path=str(path),
        )
    return found


def _check_sample(path: Path, design: Design, entity: str, rows: Iterable[Row]) -> None:
    if design.entity != entity:
        raise Conflict(f"{path}: this sample is of {design.entity}, not of {entity}")
    others = {row.pair.partition("-")[0] for row in rows} - {design.sample}
    if others and not any(row.pair.startswith(f"{design.sample}-") for row in rows):
        raise Conflict(
            f"{path}: these answers are of another sample than the design beside them ({design.sample})",
            hint="Put the file back beside its own design, or draw anew.",
        )


def _fault(what: str, pairs: Iterable[str]) -> str:
    some = list(dict.fromkeys(pairs))
    return f"{what}: {len(some)} ({listed(some)})" if some else ""


def _figures(
    design: Design, judged: Sequence[Judged], changed: int, precision: float, confidence: float
) -> EntityAnswers:
    strata = design.strata
    linked = [stratum.joined for stratum in strata]
    rows = tuple(
        AtThreshold(start, estimate(strata, judged, [s.at_least(start) for s in strata], confidence))
        for start in design.starts[1:]  # from the lowest one up lies all that is within reach: its recall says nothing
    )
    groups = dict.fromkeys(name for stratum in strata for name in stratum.of_group or ())
    subgroups = tuple(
        OfSubgroup(
            name, sum(name in one.groups for one in judged), estimate(strata, judged, linked, confidence, group=name)
        )
        for name in groups
    )
    promised = [row.threshold for row in rows if row.figures.precision and row.figures.precision.lower >= precision]
    return EntityAnswers(
        entity=design.entity,
        sample=design.sample,
        version=design.version,
        judged=len(judged),
        unsure=sum(one.answer == "unsure" for one in judged),
        withdrawn=len(design.pairs) - len(judged),
        changed=changed,
        confidence=confidence,
        linked=estimate(strata, judged, linked, confidence),
        thresholds=rows,
        subgroups=subgroups,
        wanted=precision,
        suggested=min(promised, default=None),
        weak=_weak(strata, judged, confidence),
        uncovered_pairs=design.uncovered,
        uncovered_expected=design.missed,
    )


def _weak(strata: Sequence[Stratum], judged: Sequence[Judged], confidence: float) -> Weak | None:
    for number, stratum in enumerate(strata):
        if stratum.low is None and not stratum.joined:
            here = [one.answer for one in judged if one.stratum == number]
            # Unsure ones may be matches: the most that is possible.
            most = Cell(stratum.pairs, len(here), sum(answer != "different" for answer in here)).total(confidence)
            return Weak(stratum.pairs, len(here), here.count("same"), stratum.expected, int(most.upper))
    return None
