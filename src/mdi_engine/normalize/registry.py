"""Normalisers by the names under which `mapping.sql` and linkage models call them.

Each module lists its own in a tuple `NORMALIZERS`; here they are only joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mdi_engine.normalize import (
    addresses,
    codes,
    contacts,
    dates,
    facility,
    fornas,
    licences,
    makers,
    medicine,
    nie,
    nik,
    payers,
    person_codes,
    person_names,
    professions,
    regions,
    service_codes,
    services,
    text,
)

Normalizer = Callable[[str | None], str | None]

_MODULES = (
    text,
    regions,
    codes,
    facility,
    person_names,
    nik,
    person_codes,
    licences,
    dates,
    contacts,
    professions,
    addresses,
    nie,
    medicine,
    makers,
    fornas,
    payers,
    services,
    service_codes,
)

NORMALIZERS: Mapping[str, Normalizer] = MappingProxyType(
    {normalizer.__name__: normalizer for module in _MODULES for normalizer in module.NORMALIZERS}
)
