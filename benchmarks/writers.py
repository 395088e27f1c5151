"""What is killed: processes that write to a home, and say so, unit by unit, once it was acknowledged to them.

Each acknowledgement is one line in a pipe: what was done, and what names it. What is not in the pipe when the process
ends was never promised to anybody.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from itertools import count
from pathlib import Path
from typing import Any

from mdi_engine.cli.main import main as mdi
from mdi_engine.errors import Conflict
from mdi_engine.jobs.deciding import decide_review, undo_review
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.register import Registrar
from mdi_engine.jobs.review import list_reviews
from mdi_engine.settings import Settings

sys.path.append(str(Path(__file__).parents[1] / "tests" / "jobs"))
from crowd import person

ENTITY = "patient"
Ack = Callable[..., None]


def register(settings: Settings, ack: Ack, client: str, first: int) -> None:
    """One person after another, under keys of this client."""
    with home_ledger(settings) as engine:
        registrar = Registrar(settings, engine, ENTITY)
        for number in count(first):
            answer = registrar.register(client, str(number), person(number, nik=number % 2 == 1), actor=client)
            ack("registered", client, str(number), answer.number)


def deliver(settings: Settings, ack: Ack, files: Sequence[Path]) -> None:
    """One file after another, and a link job after each, as anybody would run them."""
    for path in files:
        taken = run("ingest", "simrs", str(path))
        ack("ingested", str(path), taken["files"][0]["sha256"], taken["new"] + taken["changed"])
        run("link", ENTITY)
        ack("linked")


def decide(settings: Settings, ack: Ack, seed: int) -> None:
    """A steward who answers what waits, and now and then takes an answer back."""
    drawn = random.Random(seed)
    while True:
        waiting = list_reviews(settings, ENTITY, limit=5).tasks
        for task in waiting:
            try:
                done = decide_review(settings, task.task, drawn.choice(["same", "different", "unsure"]))
                ack("decided", done.seq, task.task)
                if drawn.random() < 0.3:
                    ack("undone", undo_review(settings, task.task).seq, task.task)
            except Conflict:
                continue  # a link job closed it meanwhile, or it contradicts what stands
        time.sleep(0.02)


def run(*command: str) -> dict[str, Any]:
    """`mdi` in this process: what it reports. Raises RuntimeError with what it says where it does not end well."""
    sys.argv = ["mdi", *command, "--json"]
    said, blamed = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(blamed), suppress(SystemExit):
        mdi()
    if not said.getvalue():
        raise RuntimeError(f"mdi {command[0]}: {blamed.getvalue()}")
    report: dict[str, Any] = json.loads(said.getvalue())
    return report


def forked(work: Callable[[Ack], None]) -> tuple[int, int]:
    """Do it in a process of its own, which is here already as far as imports go; gives its id and its pipe."""
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, out
    os.close(out)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    code = 1
    try:
        work(lambda *words: _say(into, words))
        code = 0
    except BaseException as error:  # noqa: BLE001 - it must not go on as its parent
        _say(into, ("failed", type(error).__name__, str(error)[:300]))
    finally:
        os._exit(code)


def heard(pipe: int) -> list[list[str]]:
    """All that was acknowledged, once nobody writes to the pipe any more. A line without an end was not said."""
    with open(pipe, encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines.read().split("\n")[:-1]]


def _say(pipe: int, words: Sequence[object]) -> None:
    os.write(pipe, (json.dumps(words) + "\n").encode())
