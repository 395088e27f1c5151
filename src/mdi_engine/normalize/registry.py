"""Normalisers by the names under which `mapping.sql` and linkage models call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.facility import facility_core, facility_name, facility_number, facility_place, facility_type
from mdi_engine.normalize.regions import kabkota_code, province_code
from mdi_engine.normalize.text import clean_text, null_placeholder

Normalizer = Callable[[str | None], str | None]

NORMALIZERS: Mapping[str, Normalizer] = MappingProxyType(
    {
        normalizer.__name__: normalizer
        for normalizer in (
            clean_text,
            null_placeholder,
            facility_name,
            facility_type,
            facility_core,
            facility_number,
            facility_place,
            province_code,
            kabkota_code,
            hospital_code,
        )
    }
)
