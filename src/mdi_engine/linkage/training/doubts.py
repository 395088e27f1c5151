"""Signs that training learned something else than matches. Nothing stops; people are told.

Without labels, EM finds the two kinds of pairs that differ most. If the comparisons say too little, these are not
matches and strangers but, say, neighbours and people from elsewhere.
"""

from __future__ import annotations

import math

from mdi_engine.linkage.models.parameters import BlockParameters, Parameters

INFORMATIVE = 1.0  # bits that a comparison must add to a typical match to count as a witness
MOST_PARTNERS = 15.0


def doubts(parameters: Parameters) -> tuple[str, ...]:
    """What is doubtful about these parameters, as sentences; empty if nothing is.

    Two witnesses at least must tell matches from strangers, and some pairs must be matches; a record must not have
    more partners than is believable.
    """
    said = []
    witnesses = [block.label for block in parameters.blocks if information(block) >= INFORMATIVE]
    if len(witnesses) < 2:
        what = f"only {witnesses[0]!r} tells" if witnesses else "no comparison tells"
        said.append(
            f"{what} the learned matches from other pairs: they may be neighbours rather than the same thing. "
            "Compare more fields, or train with labels."
        )
    if parameters.lambda_ * parameters.total_pairs < 1:
        said.append(
            "no kind of pairs could be told from strangers as matches: perhaps nothing stands here twice. "
            "Only pairs with overwhelming evidence are joined. Compare more fields, or train with labels."
        )
    partners = 2.0 * parameters.lambda_ * parameters.total_pairs / max(parameters.records, 1)
    if partners > MOST_PARTNERS:
        said.append(
            f"the learned matches would give each record {partners:.0f} partners on average. "
            "If that cannot be, a value that many records share is taken for identity."
        )
    return tuple(said)


def information(block: BlockParameters) -> float:
    """Bits that the block adds to a typical match: the mean of log2(m/u) over m (Kullback and Leibler, 1951)."""
    shares = list(zip(block.m, block.u, strict=True))[1:]
    total = sum(m for m, _ in shares)
    return sum(m * math.log2(m / u) for m, u in shares if m > 0 and u > 0) / total if total > 0 else 0.0
