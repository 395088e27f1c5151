"""Draw pairs for a person to judge, and keep beside them what their answers will be weighed by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import InputRefused, NotFound
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.population import Looked, look
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.sheet import Row, check_place, side_by_side, telling, write_private, write_sheet
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.clerical import BELOW_SHARE, Population, Sample, Stratum, priorities, sample
from mdi_engine.linkage.subgroups import subgroups
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.settings import Settings

_FORMAT = 1


@dataclass(frozen=True)
class Drawn:
    """A drawn pair: the ids of its records in the ledger, and what it is weighed by.

    `stratum` is a place among the design's strata; `check` the digest of its row's words.
    """

    pair: str
    records: tuple[int, int]
    stratum: int
    groups: tuple[str, ...]
    check: str


@dataclass(frozen=True)
class Design:
    """How a sample was drawn; it holds no value of any record.

    `version` and `digest` of the parameters, `event` and `mark` (its hash) of the ledger's state. `uncovered` pairs
    are those that no way covers; nothing is drawn of them, `missed` matches are believed to be there (None: unknown).
    """

    entity: str
    version: int
    digest: str
    event: int
    mark: str
    seed: int
    match: int
    review: int
    starts: tuple[int, ...]
    strata: tuple[Stratum, ...]
    pairs: tuple[Drawn, ...]
    uncovered: int
    missed: float | None

    @property
    def sample(self) -> str:
        """The sample's name, which begins each pair's id."""
        return self.pairs[0].pair.partition("-")[0] if self.pairs else ""


def design_path(path: Path) -> Path:
    """Where the design of a file to fill in lies: beside it."""
    return path.with_name(path.name + ".design.json")


def draw_entity(
    settings: Settings, entity: str, path: Path, *, pairs: int = 200, seed: int = 1, progress: Progress = SILENT
) -> Design:
    """Draw about `pairs` pairs of an entity as it is linked now into `path` (.csv), and the design beside it.

    The same home and seed give the same pairs. Raises `UsageError` if a file is there already, `NotFound` before the
    first link, `InputRefused` if there is no candidate at all.
    """
    check_place(path, design_path(path))
    seen = look(settings, entity, seed=seed, progress=progress)
    drawn, left, right, groups = _draw(seen, pairs, seed)
    if not len(left):
        raise InputRefused(f"{entity}: there is no candidate pair to draw", hint=f"See `mdi link {entity} --plan`.")
    ids = np.stack([seen.data.ids[left], seen.data.ids[right]], axis=1)
    with home_ledger(settings) as engine, reading(engine) as conn:
        held = {record.id: record for record in records_by_id(conn, sorted(set(ids.ravel().tolist())))}
    name = hashlib.sha256(f"{entity}:{seen.data.event}:{seen.learned.digest()}:{seed}:{pairs}".encode()).hexdigest()[:6]
    rows = _rows(entity, name, ids, held)
    design = Design(
        entity=entity,
        version=seen.version,
        digest=seen.learned.digest(),
        event=seen.data.event,
        mark=seen.mark,
        seed=seed,
        match=seen.learned.match,
        review=seen.learned.review,
        starts=seen.starts,
        strata=drawn.strata,
        pairs=tuple(
            Drawn(row.pair, (a, b), stratum, of, row.check())
            for row, (a, b), stratum, of in zip(rows, ids.tolist(), drawn.stratum.tolist(), groups, strict=True)
        ),
        uncovered=seen.uncovered,
        missed=seen.missed,
    )
    write_private(design_path(path), json.dumps({"format": _FORMAT, **asdict(design)}, indent=1) + "\n")
    write_sheet(rows, path)
    return design


def _draw(seen: Looked, pairs: int, seed: int) -> tuple[Sample, Ints, Ints, list[tuple[str, ...]]]:
    """The sample with the rows and the subgroups of each pair: those within reach, and some of the weak ones."""
    records, model, ids = seen.data.records, seen.learned.model, seen.data.ids
    weak = min(max(round(pairs * BELOW_SHARE), 2), len(seen.weak_left))
    every = subgroups(records, model, seen.left, seen.right)
    groups = {name: of for name, of in every.items() if of.any() and not of.all()}
    priority = priorities(seed, ids[seen.left], ids[seen.right])
    near = sample(Population(seen.weight, seen.joined, groups, priority), seen.starts, max(pairs - weak, 1))
    strata = near.strata
    if seen.weak:
        strata = (*strata, Stratum(None, seen.starts[0], False, "", seen.weak, seen.weak_expected, weak, None))
    left = np.concatenate([seen.left[near.place], seen.weak_left[:weak]])
    right = np.concatenate([seen.right[near.place], seen.weak_right[:weak]])
    stratum = np.concatenate([near.stratum, np.full(weak, len(near.strata))])
    # The two kinds are mixed: nobody should know by its place what a pair weighs.
    order = np.argsort(priorities(seed + 1, ids[left], ids[right]), kind="stable")
    left, right = left[order], right[order]
    of = subgroups(records, model, left, right)
    named = [tuple(name for name in groups if name in of and of[name][k]) for k in range(len(left))]
    return Sample(strata, near.place, stratum[order]), left, right, named


def _rows(entity: str, name: str, ids: Ints, held: Mapping[int, SourceRecord]) -> list[Row]:
    fields = telling(ENTITIES[entity].field_names)
    width = len(str(len(ids)))
    return [
        side_by_side(f"{name}-{number:0{width}}", held[a], held[b], fields)
        for number, (a, b) in enumerate(ids.tolist(), 1)
    ]


def read_design(path: Path) -> Design:
    """The design beside a file to fill in. Raises `InputRefused` if it is missing, damaged or of another version."""
    place = design_path(path)
    try:
        raw: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        if raw.pop("format") != _FORMAT:
            raise ValueError("it is of another version of mdi-engine")
        strata = tuple(Stratum(**stratum) for stratum in raw.pop("strata"))
        pairs = tuple(
            Drawn(
                pair["pair"],
                (pair["records"][0], pair["records"][1]),
                pair["stratum"],
                tuple(pair["groups"]),
                pair["check"],
            )
            for pair in raw.pop("pairs")
        )
        return Design(strata=strata, pairs=pairs, **{**raw, "starts": tuple(raw["starts"])})
    except FileNotFoundError as error:
        raise NotFound(
            f"{place} is not there: without the design of the sample its answers cannot be weighed",
            hint="`mdi evaluate ENTITY --draw FILE.csv` wrote it beside the file; put it back there.",
            path=str(place),
        ) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputRefused(
            f"{place}: the design of the sample cannot be read: {error if type(error) is ValueError else 'damaged'}",
            hint="Put it back from a copy, or draw anew.",
            path=str(place),
        ) from error
