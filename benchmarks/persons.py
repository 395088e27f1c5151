"""Invented persons (`mdi generate`): the patient model trained without labels, beside the same model with true m and u.

Both weigh the same levels of the same records. One learns m, u and lambda as always; of the other m and lambda are
counted on the generator's truth, and u on what that leaves. What differs is what training without labels costs.
"""

from __future__ import annotations

import csv
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from mdi_engine.jobs.home import entity_model, home_ledger, projected
from mdi_engine.jobs.ingest import ingest
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.evaluate import evaluate
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import score
from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import Settings

PEOPLE = 3_000


def compare(seed: int, people: int = PEOPLE) -> dict[str, Any]:
    """Figures of the training without labels, as of any list; `f1_true` is that of the true m and u."""
    records, truth, model = invent(seed, people)
    began = time.perf_counter()
    found = _link(records, model, None)
    seconds = time.perf_counter() - began
    learned, known = evaluate(found, truth), evaluate(_link(records, model, truth), truth)
    return {
        "seed": seed,
        "records": len(records),
        "true_pairs": learned.true_pairs,
        **learned.pairwise.to_dict(),
        "b_cubed": learned.b_cubed.f1,
        "largest": int(np.bincount(found).max()),
        "largest_true": int(np.bincount(truth).max()),
        "f1_true": known.pairwise.f1,
        "f1_lost": known.pairwise.f1 - learned.pairwise.f1,
        "seconds": round(seconds, 1),
    }


def invent(seed: int, people: int) -> tuple[Records, Ints, Model]:
    """The records that the registry would link, their true entities, and the registry's model."""
    with tempfile.TemporaryDirectory() as folder:
        lists, settings = Path(folder) / "lists", Settings(home=Path(folder) / "home", ledger_url=None)
        generate(lists, Order(people, seed))
        for source in ("dukcapil", "simrs"):
            ingest(settings, source, sorted((lists / source).glob("*.csv")))
        model = entity_model(settings, "patient")
        with home_ledger(settings) as engine, reading(engine) as conn:
            records = projected(conn, "patient", model).records
        with (lists / "truth" / "patient.csv").open(encoding="utf-8", newline="") as file:
            true = {(row["source"], row["source_key"]): row["entity"] for row in csv.DictReader(file)}
    sources = [records.sources[code] for code in records.source.tolist()]
    labels = [true[name] for name in zip(sources, records.keys, strict=True)]
    return records, np.unique(labels, return_inverse=True)[1].astype(np.int64), model


def _link(records: Records, model: Model, truth: Ints | None) -> Ints:
    """A label per record, from parameters trained with or without the truth."""
    parameters = train(records, model, labels=truth)
    return cluster(records, score(records, parameters), parameters).label
