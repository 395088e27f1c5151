"""Normalisers by the names under which `mapping.sql` and linkage models call them.

Each module lists its own in a tuple `NORMALIZERS`; here they are only joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mdi_engine.normalize import codes, contacts, dates, payers, service_codes, services, text
from mdi_engine.normalize.medicines import fornas, makers, nie
from mdi_engine.normalize.medicines import reading as medicine
from mdi_engine.normalize.persons import codes as person_codes
from mdi_engine.normalize.persons import licences, nik, professions
from mdi_engine.normalize.persons import names as person_names
from mdi_engine.normalize.places import addresses, facility, regions

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
