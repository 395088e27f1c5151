"""Master data indexes for Indonesian health care: which rows are the same, and one lasting identifier for each.

The linkage of any tables from Python:

    import mdi_engine
    model = mdi_engine.parse_model(open("model.toml").read())
    linked = mdi_engine.link({"left": frame_a, "right": frame_b}, model)
    linked.clusters_table()     # an Arrow table: source, record_id, cluster_id

The registry (ingest, train, link, look up) is the command line `mdi`, or the functions of `mdi_engine.jobs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mdi_engine.errors import Conflict, InputRefused, Locked, MdiError, ModelError, NotFound, UsageError

if TYPE_CHECKING:
    from mdi_engine.jobs.dedupe import Linked, dedupe, link
    from mdi_engine.linkage.explaining.explain import explain
    from mdi_engine.linkage.models.model import Model, load_model, parse_model

__version__ = "0.1.0"

# Read on first use: `import mdi_engine` and `mdi --help` must not wait for DuckDB and Arrow.
_LATE = {
    "Linked": "mdi_engine.jobs.dedupe",
    "dedupe": "mdi_engine.jobs.dedupe",
    "explain": "mdi_engine.linkage.explaining.explain",
    "link": "mdi_engine.jobs.dedupe",
    "Model": "mdi_engine.linkage.models.model",
    "load_model": "mdi_engine.linkage.models.model",
    "parse_model": "mdi_engine.linkage.models.model",
}

__all__ = [
    "Conflict",
    "InputRefused",
    "Linked",
    "Locked",
    "MdiError",
    "Model",
    "ModelError",
    "NotFound",
    "UsageError",
    "__version__",
    "dedupe",
    "explain",
    "link",
    "load_model",
    "parse_model",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
