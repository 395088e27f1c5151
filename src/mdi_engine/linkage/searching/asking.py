"""The keys of one record, in plain Python: what `candidates.keys` and `candidates.rarity` make of many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mdi_engine.linkage.candidates.keys import Step, hash_key, hash_text
from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.parameters import Parameters

Values = Mapping[str, str | None]
Steps = list[tuple[str | None, frozenset[int]]]
_ALL = (1 << 64) - 1


class Key(NamedTuple):
    """A key under a way; `bits` in millibits where the way is rarity, else 0."""

    way: int
    key: int
    bits: int


def mixed(left: int, right: int) -> int:
    """`candidates.keys.mix` of two whole numbers.

    >>> mixed(1, -2)
    -927672734069774303
    """
    z = (left * 0x9E3779B97F4A7C15 + right) & _ALL
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _ALL
    z ^= z >> 31
    return z - (1 << 64) if z >> 63 else z


class KeyMaker:
    """Makes keys as the parameters say."""

    def __init__(self, parameters: Parameters) -> None:
        model, blocking = parameters.model, parameters.blocking
        self._expressions: list[KeyExpression] = []
        self._rules = [
            (
                hash_text("rule", str(number)),
                [self._place(expression) for expression in rule.expressions()],
                _steps(blocking.refinement.get(number, ())),
            )
            for number, rule in enumerate(model.blocking)
        ]
        self.rare, self.cut = -1, 0
        self._features: list[tuple[int, int, Mapping[str, int], int]] = []
        if model.rarity is not None and blocking.rarity is not None:
            self.rare, self.cut = len(self._rules), blocking.rarity.cut
            self._features = [
                (
                    self._place(expression),
                    hash_text("feature", str(number)),
                    blocking.rarity.listed[str(expression)],
                    blocking.rarity.floor[str(expression)],
                )
                for number, expression in enumerate(model.rarity.expressions())
            ]

    def keys(self, values: Values) -> list[Key]:
        """All keys of a record, ways ascending. A feature without bits is none."""
        texts = [self._texts(expression, values) for expression in self._expressions]
        made = []
        for way, (salt, places, steps) in enumerate(self._rules):
            keys = [salt]
            for place in places:
                keys = [mixed(key, h) for key in keys for _, h in texts[place]]
            if steps:
                keys = list(_refined(keys, steps, values))
            made += [Key(way, key, 0) for key in (keys if len(keys) < 2 else sorted(set(keys)))]
        for place, salt, listed, floor in self._features:
            for text, h in texts[place]:
                bits = listed.get(text, floor)
                if bits > 0:
                    made.append(Key(self.rare, mixed(salt, h), bits))
        return made

    def _place(self, expression: KeyExpression) -> int:
        """Where an expression stands among all: each is evaluated once."""
        if expression not in self._expressions:
            self._expressions.append(expression)
        return self._expressions.index(expression)

    @staticmethod
    def _texts(expression: KeyExpression, values: Values) -> list[tuple[str, int]]:
        value = values.get(expression.field)
        return [] if value is None else [(text, hash_key(expression, text)) for text in expression.keys(value)]


def _steps(steps: Sequence[Step]) -> Steps:
    return [(step.field, frozenset(step.keys)) for step in steps]


def _refined(keys: Sequence[int], steps: Steps, values: Values) -> Iterator[int]:
    """The keys, heavy ones divided step by step; one that no field divides is none."""
    for key in keys:
        final: int | None = key
        for field, heavy in steps:
            if final is None or final not in heavy:
                continue
            if field is None:
                final = None
                continue
            value = values.get(field)
            final = mixed(final, hash_text("refine", field) if value is None else hash_text(f"refine {field}", value))
        if final is not None:
            yield final
