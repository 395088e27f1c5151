"""How often things happen in the invented population and its extracts: one table, `rates.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mdi_engine.population.draws import MOST
from mdi_engine.population.words import words

Rates = Mapping[str, float]

# Records of a person at hospitals: one to six, 1.6 on average.
RECORDS = (0.63, 0.224, 0.088, 0.038, 0.014, 0.006)


def rates(noise: float = 1.0) -> Rates:
    """All rates by name, all but those of people `noise` times as high, none beyond 95 %."""
    table = words("rates")
    noisy = {
        name: min(MOST, noise * rate)
        for part in ("errors", "defects", "registry", "staff")
        for name, rate in table[part].items()
    }
    return MappingProxyType({**table["people"], **noisy})
