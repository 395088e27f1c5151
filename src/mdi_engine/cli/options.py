"""Options and arguments that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mdi_engine.errors import UsageError

if TYPE_CHECKING:
    from mdi_engine.settings import Settings

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="FOLDER", help="Home folder; without it MDI_HOME, else ./mdi-home."),
]
Pipelines = Annotated[
    Path | None,
    typer.Option("--pipelines", metavar="FOLDER", help="Folder of source pipelines, searched after the home's own."),
]
Actor = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who acts; without it MDI_ACTOR, else who is logged in.")
]
Purpose = Annotated[
    str | None, typer.Option("--purpose", metavar="TEXT", help="What for, as it is recorded; else the command's name.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
EntityName = Annotated[str, typer.Argument(metavar="ENTITY", help="What is mastered, such as facility.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Encoding of files that carry no byte-order mark.")]
Separator = Annotated[str, typer.Option("--separator", help="Separator of columns; \\t is a tab.")]
ModelFile = Annotated[
    Path | None, typer.Option("--model", metavar="MODEL.toml", help="The linkage model: fields, rules, comparisons.")
]


def settings_of(home: Path | None, pipelines: Path | None = None, actor: str | None = None) -> Settings:
    """Settings from the environment, with the flags that were given in their place; the home's own lists are used."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from mdi_engine.reference.lists import use
    from mdi_engine.settings import Settings

    given: dict[str, Any] = {"home": home, "pipelines": pipelines, "actor": actor}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except (SettingsError, ValidationError) as error:
        # Its text quotes the value; which variable it is, is enough.
        wrong = [f"MDI_{name.upper()}" for name in Settings.model_fields if name in str(error)]
        raise UsageError(
            f"the environment variable {' or '.join(wrong) or 'MDI_…'} cannot be read",
            hint="Blocks of numbers are JSON: MDI_NUMBER_BLOCKS='{\"facility\": [[1000000500, 5000]]}'; a name (--as, "
            "MDI_ACTOR) has 1 to 100 characters.",
        ) from error
    use(settings.home)
    return settings


def separator_of(text: str) -> str:
    r"""The separator meant, where a shell makes a tab hard to type.

    >>> separator_of(r"\t") == chr(9), separator_of(";")
    (True, ';')
    """
    return "\t" if text == r"\t" else text
