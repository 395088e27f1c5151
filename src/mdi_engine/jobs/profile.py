"""Profile: what a source's newest delivery, or any delimited file, holds; column by column."""

from __future__ import annotations

from pathlib import Path

from mdi_engine.errors import NotFound
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench.contract import load_contract, sources
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.extract import inspect
from mdi_engine.workbench.landing import newest_delivery
from mdi_engine.workbench.profile import Profile, profile_delivery, profile_extract


def profile(settings: Settings, target: str, *, encoding: str = "utf-8", separator: str = ",", top: int = 5) -> Profile:
    """Profile `target`: the name of a source, of which the newest delivery is taken, or the path of a file.

    `encoding` (where there is no byte-order mark) and `separator` are for a file. `top` values are shown per column,
    none of a column that its contract calls personal; a bare file has no contract and shows them all.
    Raises NotFound if there is neither, UsageError for an encoding or separator that is none, InputRefused if the
    file cannot be read, Locked if the workbench is in use.
    """
    if target in sources(pipeline_folders(settings)):
        return _of_source(settings, target, top)
    path = Path(target)
    if not path.exists():
        known = ", ".join(sources(pipeline_folders(settings)))
        raise NotFound(f"{target}: neither a source ({known}) nor a file.", target=target)
    return profile_extract(inspect(path, encoding), separator, NORMALIZERS, top)


def _of_source(settings: Settings, source: str, top: int) -> Profile:
    contract = load_contract(pipeline_folders(settings), source)
    if settings.workbench_path.exists():
        with open_workbench(settings.workbench_path) as con:
            delivery = newest_delivery(con, source)
            if delivery is not None:
                return profile_delivery(con, contract, delivery, NORMALIZERS, top)
    raise NotFound(f"{source}: nothing was ingested yet.", hint=f"mdi ingest {source} FILE.csv", source=source)
