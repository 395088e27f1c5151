"""Train an entity's parameters on the records of the home, and record them as a new version if they are new."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from mdi_engine.jobs.home import entity_model, entity_named, home_ledger, parameters_folder, projected
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.parameters import newest_parameters, record_parameters
from mdi_engine.ledger.store import reading, writing
from mdi_engine.linkage import parameters as store
from mdi_engine.linkage.train import train
from mdi_engine.settings import Settings


@dataclass(frozen=True)
class TrainReport:
    """What training learned. `new` is False if the data and the model gave the parameters that were there already.

    `expected_matches`: how many pairs the parameters believe to be matches. `recall`: share of them that the ways to
    candidates find (None: unknown, there is only one way).
    """

    entity: str
    version: int
    new: bool
    digest: str
    records: int
    lambda_: float
    expected_matches: float
    recall: float | None
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def train_entity(settings: Settings, entity: str, *, progress: Progress = SILENT) -> TrainReport:
    """Train on all live records. Training on unchanged data and model writes no version and no event."""
    entity_named(entity)
    begin = time.perf_counter()
    with home_ledger(settings) as engine:
        model = entity_model(settings, entity)
        progress.stage("read")
        with reading(engine) as conn:
            data = projected(conn, entity, model)
            before = newest_parameters(conn, entity)
        learned = train(data.records, model, note=progress.stage)
        digest = learned.digest()
        # The files come first: a version that the ledger names is always there to be read.
        if before is None or before.digest != digest:
            store.save(learned, parameters_folder(settings, entity, (before.version if before else 0) + 1))
        with writing(engine) as conn:
            version = record_parameters(conn, entity, digest).version
    return TrainReport(
        entity=entity,
        version=version,
        new=before is None or before.version != version,
        digest=digest,
        records=learned.records,
        lambda_=learned.lambda_,
        expected_matches=learned.lambda_ * learned.total_pairs,
        recall=learned.found.recall,
        seconds=time.perf_counter() - begin,
    )
