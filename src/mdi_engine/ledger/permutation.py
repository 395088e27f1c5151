"""A keyed permutation of 0 … size−1: each value once, in an order that nobody can tell without the key.

Generalised Feistel on Z_a × Z_b with a·b just above size, then cycle walking: Black and Rogaway, "Ciphers with
arbitrary finite domains", CT-RSA 2002, methods 2 and 3.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import isqrt

_ROUNDS = 6  # even, so that both halves change equally often


@dataclass(frozen=True, slots=True)
class Permutation:
    """`Permutation(key, size)(index)` is in 0 … size−1 and differs for each index there."""

    key: bytes
    size: int

    def __call__(self, index: int) -> int:
        """The image of `index`. Raises ValueError outside 0 … size−1."""
        if not 0 <= index < self.size:
            raise ValueError(f"{index} is outside 0 … {self.size - 1}")
        value = self._feistel(index)
        while value >= self.size:  # less than one step on average: a·b exceeds size by less than 2·√size + 1
            value = self._feistel(value)
        return value

    def _feistel(self, value: int) -> int:
        a = isqrt(self.size - 1) + 1
        b = -(-self.size // a)
        left, right = divmod(value, b)
        for number in range(0, _ROUNDS, 2):
            left = (left + self._round(number, right)) % a
            right = (right + self._round(number + 1, left)) % b
        return left * b + right

    def _round(self, number: int, half: int) -> int:
        message = number.to_bytes(1, "big") + half.to_bytes(8, "big")
        return int.from_bytes(hashlib.blake2b(message, key=self.key, digest_size=8).digest(), "big")
