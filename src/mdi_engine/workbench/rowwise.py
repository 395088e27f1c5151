"""Whether a mapping makes each row of one row alone, so that a delivery may be mapped piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

_OPERATORS = {"PROJECTION", "FILTER", "SEQ_SCAN", "UNNEST"}
_OF_MANY_ROWS = ("modifiers", "group_expressions", "group_sets", "having", "sample", "qualify")


def is_rowwise(con: duckdb.DuckDBPyConnection, mapping: str) -> bool:
    """True if the query `mapping`, which is the view `mapped` of `con`, looks at one row of `raw` at a time.

    What it is written with and how it is carried out must both say so: the plan may leave out a LIMIT that this table
    does not reach, and the text does not show which names are aggregates.
    """
    text = con.execute("SELECT json_serialize_sql($mapping)", {"mapping": mapping}).fetchall()[0][0]
    plan = con.execute("EXPLAIN (FORMAT json) SELECT * FROM mapped").fetchall()[0][1]
    operators = {node["name"] for node in _nodes(json.loads(plan)) if "name" in node}
    return all(map(_sees_one_row, _nodes(json.loads(text)))) and operators <= _OPERATORS


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
