"""Invented places of care beside the hospitals: puskesmas, clinics, pharmacies, stores of medicines."""

from __future__ import annotations

from numpy.random import PCG64, Generator

from mdi_engine.population.hospitals import House, hospital_lists


def houses(seed: int, hospitals: int, noise: float = 1.0) -> tuple[House, ...]:
    """The invented hospitals, each once, in order of entity: as the later list has it, else as the earlier one.

    The same arguments give the hospitals that stand in the extracts of `sirs` and `pusdatin`.
    """
    earlier, later = hospital_lists(Generator(PCG64(seed)), hospitals, noise)
    latest = {house.entity: house for house in (*earlier, *later)}
    return tuple(latest[entity] for entity in sorted(latest))
