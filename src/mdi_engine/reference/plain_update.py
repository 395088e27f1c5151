"""What newer lists of one table make of the one in force: types of facilities, and KFA codes that were merged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mdi_engine.reference.change import Change, ListUpdate, Tables, compared
from mdi_engine.reference.incoming import Line
from mdi_engine.reference.replacements import Flattened, flattened, read_replacements
from mdi_engine.reference.tables import Row

_TYPE = re.compile(r"[0-9A-Z]{2,12}")
_TYPE_COLUMNS = ("code", "name", "parent", "status", "basis", "fhir", "words", "replaces")
_KFA_COLUMNS = ("kfa_id", "kfa_new_id", "kfa_new_name", "reason")


def update_types(now: Tables, lines: Sequence[Line], faults: list[str]) -> ListUpdate:
    """Types of facilities: each code once, its parent in the list, its status said, what it `replaces` gone."""
    rows: dict[str, Row] = {}
    for line in lines:
        code = line["code"]
        if not _TYPE.fullmatch(code):
            faults.append(f"line {line.number}: a code has 2 to 12 digits or capitals")
        elif code in rows:
            faults.append(f"line {line.number}: {code} stands twice")
        elif line["status"] not in ("official", "provisional"):
            faults.append(f"line {line.number}: {code} is neither official nor provisional")
        else:
            rows[code] = {column: line[column] or None for column in _TYPE_COLUMNS}
    faults += [f"{code} has no parent {row['parent']} in the list" for code, row in rows.items() if _orphan(row, rows)]
    faults += [f"{code} is its own ancestor" for code in rows if _circular(code, rows)]
    replaced = {old: code for code, row in rows.items() for old in (row["replaces"] or "").split("|") if old}
    faults += [f"{code} replaces {old}, which is in the list" for old, code in replaced.items() if old in rows]
    change = compared(_labels(now["facility_types"]), _labels(rows.values()), replaced)
    return ListUpdate({"facility_types": list(rows.values())}, {"facility_types": change})


def _orphan(row: Row, rows: Mapping[str, Row]) -> bool:
    return row["parent"] is not None and row["parent"] not in rows


def _circular(code: str, rows: Mapping[str, Row]) -> bool:
    above, met = rows[code]["parent"] or "", {code}
    while above in rows and above not in met:
        met.add(above)
        above = rows[above]["parent"] or ""
    return above == code


def _labels(rows: Iterable[Row]) -> dict[str, str]:
    return {str(row["code"]): f"{row['name'] or '(no name)'} ({row['status']})" for row in rows}


def update_replacements(now: Tables, lines: Sequence[Line], faults: list[str]) -> ListUpdate:
    """KFA codes merged into others: rows that lead nowhere are left out with the reason, which the notes tell."""
    rows = [{column: line[column] or None for column in _KFA_COLUMNS} for line in lines]
    found = flattened(read_replacements(rows))
    if not found.redirects:
        faults.append("no row of it leads anywhere")
    refused = {(row.old, row.new) for row, _ in found.refused}
    kept = [row for row in rows if (row["kfa_id"] or "", row["kfa_new_id"] or "") not in refused]
    notes = tuple(f"refused: {row.old or '(no code)'} {why}" for row, why in found.refused)
    change = _targets(flattened(read_replacements(now["kfa_replacements"])), found)
    return ListUpdate({"kfa_replacements": kept}, {"kfa_replacements": change}, notes)


def _targets(old: Flattened, new: Flattened) -> Change:
    before, after = ({code: redirect.target for code, redirect in found.redirects.items()} for found in (old, new))
    return compared(before, after)
