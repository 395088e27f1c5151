"""Everything at once, on the samples: ingest, train, link, and how good it came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mdi_engine.entities import ENTITIES
from mdi_engine.jobs.evaluate import EntityQuality, evaluate_entity
from mdi_engine.jobs.ingest import IngestReport, ingest
from mdi_engine.jobs.link import LinkReport, link_entity
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.train import TrainReport, train_entity
from mdi_engine.settings import Settings, pipeline_folders, shipped
from mdi_engine.workbench.contract import load_contract, sources


@dataclass(frozen=True)
class DemoReport:
    """What each step of the demo reported; `trained`, `linked` and `quality` hold one entry per entity."""

    ingested: tuple[IngestReport, ...]
    trained: tuple[TrainReport, ...]
    linked: tuple[LinkReport, ...]
    quality: tuple[EntityQuality, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "ingested": [report.to_dict() for report in self.ingested],
            "trained": [report.to_dict() for report in self.trained],
            "linked": [report.to_dict() for report in self.linked],
            "quality": [asdict(report) for report in self.quality],
        }


def demo(settings: Settings, *, entities: Sequence[str] = tuple(ENTITIES), progress: Progress = SILENT) -> DemoReport:
    """Run the whole way on `data/samples`, for all entities or some. A second run writes no event."""
    samples = shipped("samples")
    ingested = []
    for source in _sources(settings, entities):
        progress.stage(f"ingest {source}")
        ingested.append(ingest(settings, source, _first_delivery(samples / source), progress=progress))
    trained, linked, quality = [], [], []
    for entity in entities:
        progress.stage(entity)
        trained.append(train_entity(settings, entity, progress=progress))
        linked.append(link_entity(settings, entity, progress=progress))
        quality.append(evaluate_entity(settings, entity, samples / "truth" / f"{entity}.csv"))
    return DemoReport(tuple(ingested), tuple(trained), tuple(linked), tuple(quality))


def _sources(settings: Settings, entities: Sequence[str]) -> list[str]:
    """The sources that have samples, entity by entity."""
    folders = pipeline_folders(settings)
    found = [name for name in sources(folders) if (shipped("samples") / name).is_dir()]
    of = {name: load_contract(folders, name).entity.name for name in found}
    return [name for entity in entities for name in found if of[name] == entity]


def _first_delivery(folder: Path) -> list[Path]:
    """The files of a source's first delivery; later ones, if there are any, lie in folders by month."""
    return sorted(path for path in folder.iterdir() if path.is_file())
