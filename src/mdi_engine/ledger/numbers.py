"""The identifiers we issue: their formats, the blocks reserved for them, and the next ones."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, insert, select

from mdi_engine.errors import MdiError, UsageError
from mdi_engine.ledger import counters
from mdi_engine.ledger.damm import damm_digit
from mdi_engine.ledger.permutation import Permutation
from mdi_engine.ledger.schema import masters, number_blocks

Blocks = Mapping[str, Sequence[tuple[int, int]]]  # by entity, the first value and the size of each block


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The numbers an entity may have: `prefix`, a value from `lowest` to `highest`, perhaps a Damm check digit.

    Values are written with the digits of `highest`. `first` and `size` say what is reserved unless other blocks are
    configured.
    """

    prefix: str
    lowest: int
    highest: int
    first: int
    size: int
    checked: bool = False

    def number(self, value: int) -> str:
        """The number that a value of a block is written as.

        >>> NumberFormat("P", 0, 9_999_999_999, 7_000_000_000, 10, checked=True).number(7_000_000_005)
        'P70000000054'
        """
        digits = str(value).zfill(len(str(self.highest)))
        return self.prefix + digits + (damm_digit(digits) if self.checked else "")


# Blocks lie beyond the numbers that SATUSEHAT and KFA show in what they publish; that of facilities also leaves out the
# samples of SATUSEHAT (1000999…).
FORMATS: Mapping[str, NumberFormat] = MappingProxyType(
    {
        "patient": NumberFormat("P", 0, 9_999_999_999, 7_000_000_000, 2_000_000_000, checked=True),
        "practitioner": NumberFormat("", 1_000_000_000, 1_009_999_999, 1_005_000_000, 4_000_000, checked=True),
        "facility": NumberFormat("", 1_000_000_000, 1_000_999_999, 1_000_500_000, 400_000),
        "product": NumberFormat("93", 0, 999_999, 500_000, 400_000),
        "payer": NumberFormat("PB", 0, 99_999_999, 50_000_000, 40_000_000),
        "service": NumberFormat("LY", 0, 99_999_999, 50_000_000, 40_000_000),
    }
)


@dataclass(frozen=True, slots=True)
class _Block:
    first: int
    size: int
    key: str


_BLOCKS = (
    select(number_blocks.c.first, number_blocks.c.size, number_blocks.c.key)
    .where(number_blocks.c.entity == bindparam("of"))
    .order_by(number_blocks.c.position)
)
_TAKEN = select(masters.c.number).where(
    masters.c.entity == bindparam("of"), masters.c.number.in_(bindparam("numbers", expanding=True))
)


def reserve_block(conn: Connection, entity: str, first: int, size: int) -> None:
    """Reserve the values `first` … `first + size − 1` after the blocks `entity` has.

    Raises UsageError if the values do not fit the entity's format or overlap an earlier block.
    """
    form = _format(entity)
    blocks = _blocks(conn, entity)
    if size < 1 or first < form.lowest or first + size - 1 > form.highest:
        raise UsageError(
            f"{entity}: the block {first} + {size} does not lie within {form.lowest} … {form.highest}.",
            hint="Reserve values that fit the format.",
        )
    if any(first < block.first + block.size and block.first < first + size for block in blocks):
        raise UsageError(f"{entity}: the block {first} + {size} overlaps a reserved one.", hint="Choose free values.")
    row = {"entity": entity, "position": len(blocks), "first": first, "size": size, "key": secrets.token_hex(32)}
    conn.execute(insert(number_blocks), [row])
    if not blocks:
        counters.create(conn, _counter(entity))


def missing_blocks(conn: Connection, blocks: Blocks) -> Iterator[tuple[str, int, int]]:
    """Those of `blocks` that are not reserved yet, in their order, as `reserve_block` takes them."""
    for entity, wanted in blocks.items():
        held = {(block.first, block.size) for block in _blocks(conn, entity)}
        yield from ((entity, first, size) for first, size in wanted if (first, size) not in held)


def issue(conn: Connection, entity: str, count: int) -> list[str]:
    """`count` numbers never issued before and not in use as official ones, in no telling order.

    The first call for an entity without a block reserves the default one. Raises MdiError when the blocks are used up.
    Run in `writing`; what a rolled back transaction took is taken again.
    """
    if not count:
        return []
    if not (blocks := _blocks(conn, entity)):
        reserve_block(conn, entity, _format(entity).first, _format(entity).size)
        blocks = _blocks(conn, entity)
    issued: list[str] = []
    while len(issued) < count:
        issued += _free(conn, entity, _draw(conn, entity, blocks, count - len(issued)))
    return issued


def _draw(conn: Connection, entity: str, blocks: Sequence[_Block], count: int) -> list[str]:
    first, form = counters.take(conn, _counter(entity), count) - 1, _format(entity)
    values: list[int] = []
    start = 0
    for block in blocks:
        permutation = Permutation(bytes.fromhex(block.key), block.size)
        indexes = range(max(first, start), min(first + count, start + block.size))
        values += [block.first + permutation(index - start) for index in indexes]
        start += block.size
    if len(values) < count:
        raise MdiError(
            f"The numbers reserved for {entity} are used up.",
            hint="Reserve a further block.",
            entity=entity,
            size=start,
        )
    return [form.number(value) for value in values]


def _free(conn: Connection, entity: str, numbers: Sequence[str]) -> list[str]:
    taken = set(conn.execute(_TAKEN, {"of": entity, "numbers": numbers}).scalars())
    return [number for number in numbers if number not in taken]


def _blocks(conn: Connection, entity: str) -> list[_Block]:
    return [_Block(*row) for row in conn.execute(_BLOCKS, {"of": entity})]


def _counter(entity: str) -> str:
    return f"number:{entity}"


def _format(entity: str) -> NumberFormat:
    if entity not in FORMATS:
        raise UsageError(f"No numbers are issued for {entity!r}; entities are {', '.join(FORMATS)}.", entity=entity)
    return FORMATS[entity]
