"""Commands that propose: suggest-blocking."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Encoding, Home, Json, ModelFile, Separator, separator_of, settings_of
from mdi_engine.cli.output import as_json, note, show
from mdi_engine.cli.progress import watching
from mdi_engine.errors import UsageError

if TYPE_CHECKING:
    from mdi_engine.linkage.candidates.suggest import Suggestion


def suggest_blocking(
    target: Annotated[
        list[Path], typer.Argument(metavar="FILE|ENTITY", help="Files, or an entity that has records in the home.")
    ],
    model: ModelFile = None,
    pairs: Annotated[
        float | None, typer.Option("--pairs", metavar="N", help="Most pairs to make, such as 50e6; else 50 a record.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field", metavar="FIELD", help="A field to block on that the model does not compare; may be given again."
        ),
    ] = None,
    encoding: Encoding = "utf-8",
    separator: Separator = ",",
    home: Home = None,
    json: Json = False,
) -> None:
    """Propose blocking rules within a budget of pairs.

    \b
        mdi suggest-blocking people.csv --model people.toml --pairs 50e6
        mdi suggest-blocking people.csv
        mdi suggest-blocking patient

    What it prints can be put into a model. No labels are needed; without a model, every column is a field.
    """
    from mdi_engine.entities import ENTITIES
    from mdi_engine.jobs.suggest import suggest_entity, suggest_files
    from mdi_engine.linkage.models.model import load_model

    budget = None if pairs is None else _budget(pairs)
    names = [str(path) for path in target]
    is_entity = len(names) == 1 and names[0] in ENTITIES and not target[0].exists()
    if is_entity and model is not None:
        raise UsageError(
            f"--model was given with the entity {names[0]}", hint="An entity has its model in the home; leave it out."
        )
    spec = None if model is None else load_model(model, ways=False)
    with watching() as progress:
        if is_entity:
            found = suggest_entity(settings_of(home), names[0], budget=budget, fields=field or (), progress=progress)
        else:
            found = suggest_files(
                target,
                spec,
                budget=budget,
                fields=field or (),
                encoding=encoding,
                separator=separator_of(separator),
                progress=progress,
            )
    if json:
        return as_json({**asdict(found), "pairs": found.pairs, "toml": found.toml()})
    show(*found.toml().splitlines())
    return _notes(found)


def _budget(pairs: float) -> int:
    if not math.isfinite(pairs) or pairs < 1:
        raise UsageError(f"--pairs {pairs}: that is no number of pairs", hint="Give one from 1 up, such as 50e6.")
    return int(pairs)


def _notes(found: Suggestion) -> None:
    if not found.rules:
        return note(
            f"No rule of {', '.join(found.fields) or 'any field'} finds matches within {found.budget:,} pairs: "
            "raise --pairs, or name further fields with --field."
        )
    chances = "by what training learned" if found.learned else "by assumed rates of error, for nothing was learned yet"
    note(
        f"{len(found.rules)} rules: at most {found.pairs:,} pairs of {found.budget:,} allowed and "
        f"{found.total_pairs:,} there are; expected to find {found.recall:.1%} of the matches ({chances})."
    )
    return None
