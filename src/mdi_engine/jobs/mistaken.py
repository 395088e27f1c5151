"""A file that was handed in under the name of another source: what its header says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mdi_engine.errors import InputRefused, MdiError
from mdi_engine.workbench.contract import Contract, load_contract, sources
from mdi_engine.workbench.readers.extract import Extract
from mdi_engine.workbench.readers.reader import read_names


def explained(
    refused: InputRefused, folders: Sequence[Path], contract: Contract, extracts: Sequence[Extract]
) -> InputRefused:
    """The refusal itself; or, if it is one for columns that are missing, and the file has those that other sources
    require, one that names these sources.
    """
    missing, path = refused.facts.get("missing"), refused.facts.get("path")
    extract = next((each for each in extracts if str(each.path) == path), None)
    if not isinstance(missing, list) or extract is None:
        return refused
    likely = [name for name in sources(folders) if name != contract.name and _is_of(folders, name, extract)]
    if not likely:
        return refused
    return InputRefused(
        f"{path}: its columns are those of {' or '.join(likely)} and not of {contract.name}, which needs "
        f"{', '.join(missing)}.",
        hint=f"mdi ingest {likely[0]} FILE",
        **refused.facts | {"likely": likely},
    )


def _is_of(folders: Sequence[Path], source: str, extract: Extract) -> bool:
    """Whether the file has all columns that the source requires, read as the source has it. What is of another format
    was refused before, or has no header line.
    """
    try:
        contract = load_contract(folders, source)
        if contract.layout.format != extract.format:
            return False
        names = read_names(extract, contract.layout)
    except MdiError:
        return False
    return all(name in names for name, column in contract.columns.items() if column.required)
