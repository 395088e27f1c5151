"""A ledger under whatever comes, in any order, beside a plain model of what must hold.

`state_model.py` is the model; `state_machine.py` is what sources and the machine do, `state_people.py` what people do
to records, `state_hands.py` what they do to masters.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as run_settings
from hypothesis.stateful import run_state_machine_as_test
from ledger_helpers import DELIVERY
from sqlalchemy import Engine
from state_hands import Hands
from state_model import payload

from mdi_engine.errors import Conflict
from mdi_engine.jobs import merging, rights
from mdi_engine.jobs.merging import merge, unmerge
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.forgetting import forget, subject
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.payloads import stated
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.registrations import Placed, write_registered
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.settings import Settings

pytest_plugins = ["ledger_fixtures"]

# Memory that looks like a disk, where there is some: each of thousands of transactions would wait for a real one.
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
RUNS, STEPS = int(os.environ.get("MDI_STATE_RUNS", "200")), 50


@pytest.fixture
def lives(empty_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hands]]:
    """The machine, with one ledger for all runs, also of the jobs, which would open it anew for each of their steps."""
    with tempfile.TemporaryDirectory(dir=FAST, prefix="mdi-state-") as folder:
        found = open_ledger(Path(folder) / "ledger.sqlite")
        for job in (merging, rights):
            monkeypatch.setattr(job, "home_ledger", lambda settings: nullcontext(found))

        class Here(Hands):
            done: ClassVar[Counter[str]] = Counter()
            empty: ClassVar[Path] = empty_ledger
            engine: ClassVar[Engine] = found

        found.dispose()
        yield Here
        found.dispose()


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_whatever_happens_the_ledger_is_what_the_model_says(lives: type[Hands]) -> None:
    run_state_machine_as_test(
        lives,
        settings=run_settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            derandomize="MDI_STATE_RUNS" not in os.environ,  # the same lives each time; `make torture` draws others
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
        _min_steps=STEPS - 1,
    )
    assert lives.done["runs"] >= RUNS, "some runs were cut short"


def test_a_forgotten_person_cannot_be_registered_over_a_record_that_is_there(engine: Engine) -> None:
    with writing(engine) as conn:
        rows = [("a", payload("C")), ("b", payload("A"))]
        append_versions(conn, entity="patient", source="simrs", delivery=DELIVERY, rows=rows)
    apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=[[1], [2]])
    with writing(engine) as conn:
        forget(conn, subject(conn, "patient", str(number_of(conn, 1))), actor="officer")
    row = stated([("b", payload("C"))])
    with pytest.raises(Conflict), writing(engine) as conn:
        write_registered(
            conn, entity="patient", source="simrs", row=row, version=1, keys={}, placed=Placed(), actor="counter"
        )


def test_a_merge_that_was_taken_back_is_not_taken_back_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, ledger_url=None, actor="Ratna")
    engine = open_ledger(settings.ledger_path)
    with writing(engine) as conn:
        rows = [("a", payload("A")), ("b", payload("B")), ("c", payload("B"))]
        append_versions(conn, entity="patient", source="simrs", delivery=DELIVERY, rows=rows)
    apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=[[1], [2]])
    with reading(engine) as conn:
        one, other = (str(number_of(conn, record)) for record in (1, 2))
    merge(settings, "patient", one, other, yes=True)
    with reading(engine) as conn:
        (loser,) = {one, other} - {str(number_of(conn, 1))}
    unmerge(settings, "patient", loser, yes=True)
    clusters = [[1], [2, 3]] if loser == other else [[1, 3], [2]]
    apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=clusters)
    unmerge(settings, "patient", loser, yes=True)  # no merge is left to take back: its two records part
    with reading(engine) as conn:
        assert len({number_of(conn, record) for record in (1, 2, 3)}) == 3
    engine.dispose()
