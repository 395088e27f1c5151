from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.clustering.unionfind import components

graphs = st.integers(0, 40).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=60) if n else st.just([])
    )
)


@given(graph=graphs)
@example(graph=(0, []))
@example(graph=(5, []))
@example(graph=(3, [(2, 2), (2, 0), (0, 2)]))
@settings(max_examples=300, deadline=None)
def test_components_are_those_of_networkx(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    other: nx.Graph[int] = nx.Graph()
    other.add_nodes_from(range(count))
    other.add_edges_from(edges)
    wanted = {node: min(part) for part in nx.connected_components(other) for node in part}
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    assert components(count, ends[:, 0], ends[:, 1]).tolist() == [wanted[node] for node in range(count)]


def test_a_long_chain_is_one_component() -> None:
    steps = np.arange(50_000, dtype=np.int64)
    assert not components(50_001, steps[::-1], steps[::-1] + 1).any()
