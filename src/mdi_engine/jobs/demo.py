"""Everything at once, on the samples: ingest, train, link, and how good it came out."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from mdi_engine.jobs.evaluate import EntityQuality, evaluate_entity
from mdi_engine.jobs.ingest import IngestReport, ingest
from mdi_engine.jobs.link import LinkReport, link_entity
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.train import TrainReport, train_entity
from mdi_engine.settings import Settings, shipped

_SOURCES = ("sirs", "pusdatin")
_ENTITY = "facility"


@dataclass(frozen=True)
class DemoReport:
    """What each step of the demo reported."""

    ingested: tuple[IngestReport, ...]
    trained: TrainReport
    linked: LinkReport
    quality: EntityQuality

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "ingested": [report.to_dict() for report in self.ingested],
            "trained": asdict(self.trained),
            "linked": asdict(self.linked),
            "quality": asdict(self.quality),
        }


def demo(settings: Settings, *, progress: Progress = SILENT) -> DemoReport:
    """Run the whole way on `data/samples`. Running it again finds nothing new and writes no event."""
    samples = shipped("samples")
    ingested = []
    for source in _SOURCES:
        progress.stage(f"ingest {source}")
        ingested.append(ingest(settings, source, sorted((samples / source).iterdir()), progress=progress))
    trained = train_entity(settings, _ENTITY, progress=progress)
    linked = link_entity(settings, _ENTITY, progress=progress)
    quality = evaluate_entity(settings, _ENTITY, samples / "truth" / f"{_ENTITY}.csv")
    return DemoReport(tuple(ingested), trained, linked, quality)
