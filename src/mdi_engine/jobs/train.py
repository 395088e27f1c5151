"""Train an entity's parameters on the records of the home, and record them as a new version if they are new."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Engine

from mdi_engine.jobs.home import entity_model, entity_named, holds, home_ledger, parameters_folder, projected
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.parameters import newest_parameters, record_parameters
from mdi_engine.ledger.store import reading, writing
from mdi_engine.linkage.models import parameters as store
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.training.doubts import doubts
from mdi_engine.linkage.training.train import train
from mdi_engine.settings import Settings


@dataclass(frozen=True)
class TrainReport:
    """What training learned. `new` is False if the data and the model gave the parameters that were there already.

    `expected_matches`: how many pairs the parameters believe to be matches. `recall`: share of them that the ways to
    candidates find (None: unknown, there is only one way). `doubts`: why these may not be matches at all.
    """

    entity: str
    version: int
    new: bool
    digest: str
    records: int
    lambda_: float
    expected_matches: float
    recall: float | None
    doubts: tuple[str, ...]
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def train_entity(settings: Settings, entity: str, *, progress: Progress = SILENT) -> TrainReport:
    """Train on all live records. Training on unchanged data and model writes no version and no event.

    The files of a version that were lost or damaged are put back whenever training gives that version again.
    """
    entity_named(entity)
    begin = time.perf_counter()
    with home_ledger(settings) as engine:
        model = entity_model(settings, entity)
        progress.stage("read")
        with reading(engine) as conn:
            data = projected(conn, entity, model)
        learned = train(data.records, model, note=progress.stage)
        version, new = _record(settings, engine, entity, learned)
    return TrainReport(
        entity=entity,
        version=version,
        new=new,
        digest=learned.digest(),
        records=learned.records,
        lambda_=learned.lambda_,
        expected_matches=learned.found.matches,
        recall=learned.found.recall,
        doubts=doubts(learned),
        seconds=time.perf_counter() - begin,
    )


def _record(settings: Settings, engine: Engine, entity: str, learned: Parameters) -> tuple[int, bool]:
    """The version of what was learned, and whether it is new.

    Which version it is, only the writer's lock tells: another training may have ended meanwhile. So the files are
    written aside and get their place inside the transaction: a version that the ledger names is always there to be
    read. What a transaction that failed at its very end left there, the next training replaces.
    """
    digest = learned.digest()
    with _aside(settings.parameters_path / entity) as folder:
        store.save(learned, folder)
        with writing(engine) as conn:
            before = newest_parameters(conn, entity)
            recorded = record_parameters(conn, entity, digest)
            _place(folder, parameters_folder(settings, entity, recorded.version), digest)
    return recorded.version, before is None or before.version != recorded.version


@contextmanager
def _aside(parent: Path) -> Iterator[Path]:
    """A folder in `parent`, removed at the end unless it was renamed."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".training-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(folder: Path, target: Path, digest: str) -> None:
    """Make `folder` the `target`, unless the parameters of this digest are there already and sound."""
    if holds(target, digest):
        return
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)
    store.sync(target.parent)
