"""What training learned, as data: TOML for numbers, Parquet for frequency tables. Never code, never a pickle.

Everything that decides candidates or weights is here or in the model, so both are a pure function of two records
and these. Weights are whole millibits: 1/1000 of log2 of the Bayes factor.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.candidates.keys import Step
from mdi_engine.linkage.candidates.rarity import RarityTable
from mdi_engine.linkage.models.model import Model

_FORMAT = 3


@dataclass(frozen=True)
class Blocking:
    """What blocking needs beside the model: what divides heavy keys, step by step per rule, and the rarity table."""

    refinement: Mapping[int, list[Step]] = field(default_factory=dict)
    rarity: RarityTable | None = None


@dataclass(frozen=True)
class FrequencyTable:
    """u per value, as millibits of log2 u (0 or negative).

    `listed[kind][value]` where the value was seen at least 5 times, else `floor[kind]`. A kind is a level number
    for text fields; for tokens fields a class of meeting words or, last, the bag as a whole. `together[a, b]` (a < b)
    is what two words have in common beyond chance, in millibits, added to u where both meet: words that carry each
    other are not counted twice.
    """

    floor: tuple[int, ...]
    listed: tuple[Mapping[str, int], ...]
    together: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class BlockParameters:
    """One comparison, or one group of comparisons weighed together.

    `m[i]`, `u[i]` are the shares of level i among matches and non-matches, given that the same parts are present;
    level 0 is "all missing". `weight[i]` is millibits of log2(m/u) or, where `per_value[i]`, of log2 m alone: then
    log2 u comes from `table`. `u_error` is the standard error of u where it was sampled, else 0.
    """

    label: str
    level_names: tuple[str, ...]
    m: tuple[float, ...]
    u: tuple[float, ...]
    u_error: float
    weight: tuple[int, ...]
    per_value: tuple[bool, ...]
    table: FrequencyTable | None = None


@dataclass(frozen=True)
class Found:
    """What the last training expects the ways to find: matches per way, new matches per way, all matches."""

    by_way: tuple[float, ...]
    new_by_way: tuple[float, ...]
    matches: float
    recall: float | None


@dataclass(frozen=True)
class Completeness:
    """What judging fragments needs (`clustering.hazard`), in millibits.

    `clusters` is log2 of how many clusters there are; `done[s - 1]` log2 of the chance that a fragment of s records is
    complete already, `open[s - 1]` log2 of the chance that it is not; the last stands for all larger ones too.
    """

    clusters: int
    done: tuple[int, ...]
    open: tuple[int, ...]


@dataclass(frozen=True)
class Parameters:
    """A whole trained state. `prior` is millibits of the odds that two random records match."""

    model: Model
    data_digest: str
    records: int
    total_pairs: int
    lambda_: float
    prior: int
    match: int
    review: int
    blocks: tuple[BlockParameters, ...]
    blocking: Blocking
    found: Found
    completeness: Completeness
    trained_on: str = ""

    def digest(self) -> str:
        """SHA-256 (hexadecimal) of everything but the date: equal digests give equal candidates and weights."""
        numbers, rows = _plain(self), list(_rows(self))
        numbers.pop("trained_on")
        return hashlib.sha256(json.dumps([numbers, rows], sort_keys=True).encode()).hexdigest()


def save(parameters: Parameters, folder: Path) -> None:
    """Write `parameters.toml` and `frequencies.parquet` into `folder`, each whole or not at all, and onto the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(_rows(parameters))
    names = ("kind", "block", "level", "value", "other", "millibits")
    types = (pa.string(), pa.int32(), pa.int32(), pa.string(), pa.string(), pa.int64())
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    table = pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})
    pq.write_table(table, folder / "frequencies.parquet.part")
    _put(folder / "frequencies.parquet")
    # The two files change one after the other: the digest shows at loading that they belong together.
    numbers = {**_plain(parameters), "frequencies": _frequency_digest(rows)}
    text = "# Written by training; do not edit. What it means: docs/linkage.md\n" + tomli_w.dumps(numbers)
    (folder / "parameters.toml.part").write_text(text, encoding="utf-8")
    _put(folder / "parameters.toml")
    sync(folder)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put(path: Path) -> None:
    part = path.with_name(path.name + ".part")
    sync(part)
    part.replace(path)


def load(folder: Path) -> Parameters:
    """Read parameters. Raises `InputRefused` if they are missing, damaged or of another format."""
    try:
        raw = tomllib.loads((folder / "parameters.toml").read_text(encoding="utf-8"))
        table = pq.read_table(folder / "frequencies.parquet")
        if raw["format"] != _FORMAT:
            raise ValueError(f"they are of format {raw['format']}, and this version reads format {_FORMAT}")
        rows = table.to_pylist()
        if raw["frequencies"] != _frequency_digest([tuple(row.values()) for row in rows]):
            raise ValueError("parameters.toml and frequencies.parquet are not of one training")
        return _build(raw, rows)
    except (OSError, LookupError, ValueError, TypeError, AttributeError, pa.ArrowException) as error:
        raise InputRefused(
            f"parameters in {folder} cannot be read: {error}",
            hint="Train again: `mdi train ENTITY`.",
            folder=str(folder),
        ) from error


def _frequency_digest(rows: Sequence[tuple[Any, ...]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _plain(p: Parameters) -> dict[str, Any]:
    """Everything but the frequency tables, in TOML's types (None is left out)."""
    rarity = p.blocking.rarity
    return {
        "format": _FORMAT,
        "trained_on": p.trained_on,
        "data_digest": p.data_digest,
        "model_digest": p.model.digest(),
        "records": p.records,
        "total_pairs": p.total_pairs,
        "lambda": p.lambda_,
        "prior": p.prior,
        "match": p.match,
        "review": p.review,
        "found": {
            "by_way": list(p.found.by_way),
            "new_by_way": list(p.found.new_by_way),
            "matches": p.found.matches,
            **({} if p.found.recall is None else {"recall": p.found.recall}),
        },
        "completeness": {
            "clusters": p.completeness.clusters,
            "done": list(p.completeness.done),
            "open": list(p.completeness.open),
        },
        "refinement": {
            str(rule): [{**({} if s.field is None else {"field": s.field}), "keys": list(s.keys)} for s in steps]
            for rule, steps in p.blocking.refinement.items()
        },
        **({} if rarity is None else {"rarity": {"cut": rarity.cut, "floor": dict(rarity.floor)}}),
        "block": [
            {
                "label": block.label,
                "levels": list(block.level_names),
                "m": list(block.m),
                "u": list(block.u),
                "u_error": block.u_error,
                "weight": list(block.weight),
                "per_value": list(block.per_value),
                **({} if block.table is None else {"floor": list(block.table.floor)}),
            }
            for block in p.blocks
        ],
        "model": p.model.model_dump(mode="json", exclude_none=True),
    }


def _rows(p: Parameters) -> Iterator[tuple[str, int, int, str, str, int]]:
    """The frequency tables as rows: kind, block (or -1), level, value, other word, millibits."""
    for number, block in enumerate(p.blocks):
        if block.table is None:
            continue
        for level, listed in enumerate(block.table.listed):
            for value, bits in sorted(listed.items()):
                yield "u", number, level, value, "", bits
        for (a, b), bits in sorted(block.table.together.items()):
            yield "together", number, 0, a, b, bits
    if p.blocking.rarity is not None:
        for label, listed in sorted(p.blocking.rarity.listed.items()):
            for value, bits in sorted(listed.items()):
                yield "feature", -1, 0, value, label, bits


def _build(raw: dict[str, Any], rows: list[dict[str, Any]]) -> Parameters:
    model = Model.model_validate(raw["model"])
    found = raw["found"]
    rarity = None
    if "rarity" in raw:
        listed: dict[str, dict[str, int]] = {label: {} for label in raw["rarity"]["floor"]}
        for row in rows:
            if row["kind"] == "feature":
                listed[row["other"]][row["value"]] = row["millibits"]
        rarity = RarityTable(listed, raw["rarity"]["floor"], raw["rarity"]["cut"])
    return Parameters(
        model=model,
        data_digest=raw["data_digest"],
        records=raw["records"],
        total_pairs=raw["total_pairs"],
        lambda_=raw["lambda"],
        prior=raw["prior"],
        match=raw["match"],
        review=raw["review"],
        blocks=tuple(_block(number, block, rows) for number, block in enumerate(raw["block"])),
        blocking=Blocking(
            {
                int(rule): [Step(step.get("field"), tuple(step["keys"])) for step in steps]
                for rule, steps in raw["refinement"].items()
            },
            rarity,
        ),
        found=Found(tuple(found["by_way"]), tuple(found["new_by_way"]), found["matches"], found.get("recall")),
        completeness=Completeness(
            raw["completeness"]["clusters"], tuple(raw["completeness"]["done"]), tuple(raw["completeness"]["open"])
        ),
        trained_on=raw["trained_on"],
    )


def _block(number: int, raw: dict[str, Any], rows: list[dict[str, Any]]) -> BlockParameters:
    table = None
    if "floor" in raw:
        listed: tuple[dict[str, int], ...] = tuple({} for _ in raw["floor"])
        together = {}
        for row in rows:
            if row["block"] == number and row["kind"] == "u":
                listed[row["level"]][row["value"]] = row["millibits"]
            elif row["block"] == number and row["kind"] == "together":
                together[row["value"], row["other"]] = row["millibits"]
        table = FrequencyTable(tuple(raw["floor"]), listed, together)
    return BlockParameters(
        raw["label"],
        tuple(raw["levels"]),
        tuple(raw["m"]),
        tuple(raw["u"]),
        raw["u_error"],
        tuple(raw["weight"]),
        tuple(raw["per_value"]),
        table,
    )
