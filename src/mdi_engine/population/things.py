"""The extracts of everything but people: facilities, medicines and devices, payers, services."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from numpy.random import PCG64, Generator

from mdi_engine.population.catalogue.facilities import facility_extracts, houses
from mdi_engine.population.catalogue.hospitals import House
from mdi_engine.population.catalogue.payers import payer_extract
from mdi_engine.population.catalogue.services import service_extract
from mdi_engine.population.sources.product_lists import product_extracts
from mdi_engine.population.writing.extracts import Extract, draw_lives, write_extract, write_truth

FEWEST_HOSPITALS, PEOPLE_PER_HOSPITAL = 300, 2_000
FEWEST_PRODUCTS, PEOPLE_PER_PRODUCT, MOST_PRODUCTS = 250, 500, 20_000
FEWEST_LISTS, PEOPLE_PER_LIST = 20, 20_000


def hospitals_for(people: int) -> int:
    """How many hospitals a population has, unless said otherwise: enough of them to learn from, even in a hamlet."""
    return max(FEWEST_HOSPITALS, people // PEOPLE_PER_HOSPITAL)


def list_keepers(seed: int, people: int, hospitals: int, noise: float) -> tuple[House, ...]:
    """The hospitals whose lists of payers and services are among the extracts."""
    return houses(seed, hospitals, noise)[: FEWEST_LISTS + people // PEOPLE_PER_LIST]


def write_things(
    out: Path, people: int, seed: int, months: int, noise: float, hospitals: int | None = None
) -> Mapping[str, int]:
    """Write the extracts of eight sources, a delivery for each month, and the truth; gives rows by source.

    `people` sets the sizes unless `hospitals` (1..500,000) sets that one; `noise` multiplies the shares of defects.
    The same arguments give the same bytes, and more months leave the earlier deliveries as they are. The truth stands
    in `out`/truth/{facility,product,payer,service}.csv.
    """
    count = hospitals or hospitals_for(people)
    products = min(MOST_PRODUCTS, FEWEST_PRODUCTS + people // PEOPLE_PER_PRODUCT)
    keepers = list_keepers(seed, people, count, noise)
    entities: dict[str, tuple[Extract, ...]] = {
        "facility": facility_extracts(seed, count, noise),
        "product": product_extracts(seed, products, noise),
        "payer": (payer_extract(seed, keepers, noise),),
        "service": (service_extract(seed, keepers, noise),),
    }
    rows: dict[str, int] = {}
    for entity, extracts in entities.items():
        lives = [draw_lives(Generator(PCG64([seed, 8, *e.source.encode()])), len(e.rows)) for e in extracts]
        write_truth(out / "truth" / f"{entity}.csv", zip(extracts, lives, strict=True), months)
        for extract, lived in zip(extracts, lives, strict=True):
            rows[extract.source] = write_extract(out, extract, lived, months)
    return rows
