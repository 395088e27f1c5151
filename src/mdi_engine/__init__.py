"""Master data indexes for Indonesian health care: which rows are the same, and one lasting identifier for each.

The linkage of any tables from Python:

    import mdi_engine
    model = mdi_engine.load_model("model.toml")
    linked = mdi_engine.link({"left": frame_a, "right": frame_b}, model)
    linked.clusters_table()     # an Arrow table: source, record_id, cluster_id
    linked.report("report.html")

The registry (ingest, train, link, look up) is the command line `mdi`, or the functions of `mdi_engine.jobs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mdi_engine.errors import Conflict, InputRefused, Locked, MdiError, ModelError, NotFound, UsageError

if TYPE_CHECKING:
    from mdi_engine.jobs.dedupe import dedupe, link, train
    from mdi_engine.jobs.linked import Linked
    from mdi_engine.jobs.suggest import suggest_blocking
    from mdi_engine.linkage.explaining.explain import explain
    from mdi_engine.linkage.models.model import Model, load_model, parse_model
    from mdi_engine.linkage.models.parameters import Parameters
    from mdi_engine.linkage.models.parameters import load as load_parameters
    from mdi_engine.linkage.models.parameters import save as save_parameters

__version__ = "0.1.0"

# Read on first use: `import mdi_engine` and `mdi --help` must not wait for DuckDB and Arrow.
_LATE = {
    "Linked": "mdi_engine.jobs.linked",
    "dedupe": "mdi_engine.jobs.dedupe",
    "explain": "mdi_engine.linkage.explaining.explain",
    "link": "mdi_engine.jobs.dedupe",
    "Model": "mdi_engine.linkage.models.model",
    "Parameters": "mdi_engine.linkage.models.parameters",
    "load_model": "mdi_engine.linkage.models.model",
    "load_parameters": "mdi_engine.linkage.models.parameters",
    "parse_model": "mdi_engine.linkage.models.model",
    "save_parameters": "mdi_engine.linkage.models.parameters",
    "suggest_blocking": "mdi_engine.jobs.suggest",
    "train": "mdi_engine.jobs.dedupe",
}
# Where they stand, their module says of what they are.
_THERE = {"load_parameters": "load", "save_parameters": "save"}

__all__ = [
    "Conflict",
    "InputRefused",
    "Linked",
    "Locked",
    "MdiError",
    "Model",
    "ModelError",
    "NotFound",
    "Parameters",
    "UsageError",
    "__version__",
    "dedupe",
    "explain",
    "link",
    "load_model",
    "load_parameters",
    "parse_model",
    "save_parameters",
    "suggest_blocking",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), _THERE.get(name, name))
