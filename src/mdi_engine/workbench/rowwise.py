"""Whether a mapping makes each row of one row alone, so that a delivery may be mapped piece by piece."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import duckdb

_OPERATORS = {"PROJECTION", "FILTER", "SEQ_SCAN", "UNNEST"}
_OF_MANY_ROWS = ("modifiers", "group_expressions", "group_sets", "having", "sample", "qualify")


def is_rowwise(con: duckdb.DuckDBPyConnection, mapping: str) -> bool:
    """True if the query `mapping`, which is the view `mapped` of `con`, looks at one row of `raw` at a time.

    What it is written with and how it is carried out must both say so: the plan may leave out a LIMIT that this table
    does not reach, and the text does not show which names are aggregates.
    """
    plan = con.execute("EXPLAIN (FORMAT json) SELECT * FROM mapped").fetchall()[0][1]
    operators = {node["name"] for node in _nodes(json.loads(plan)) if "name" in node}
    return all(map(_sees_one_row, _parsed(con, mapping))) and operators <= _OPERATORS


def most_read(
    con: duckdb.DuckDBPyConnection, mapping: str, functions: Collection[str], columns: Iterable[str]
) -> str | None:
    """The one of these columns that most calls of these functions read; None if none of them is read by any."""
    calls: Counter[str] = Counter()
    for node in _parsed(con, mapping):
        if node.get("class") == "FUNCTION" and node["function_name"] in functions:
            read = (inner for inner in _nodes(node["arguments"]) if inner.get("class") == "COLUMN_REF")
            calls.update(str(inner["column_names"][-1]).casefold() for inner in read)
    return max(columns, key=lambda name: calls[name.casefold()]) if calls else None


def _parsed(con: duckdb.DuckDBPyConnection, mapping: str) -> Iterator[dict[str, Any]]:
    text = con.execute("SELECT json_serialize_sql($mapping)", {"mapping": mapping}).fetchall()[0][0]
    return _nodes(json.loads(text))


def _sees_one_row(node: dict[str, Any]) -> bool:
    kind, expression = node.get("type"), node.get("class")
    if expression is not None:
        names = [str(name).lower() for name in node.get("column_names", ())]
        return expression not in ("WINDOW", "SUBQUERY") and "rowid" not in names
    if kind == "SELECT_NODE":
        return node["aggregate_handling"] == "STANDARD_HANDLING" and not any(node[part] for part in _OF_MANY_ROWS)
    if "alias" in node:  # a thing to select from
        return kind in ("BASE_TABLE", "SUBQUERY") and not node["sample"]
    return True


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)
