"""`mdi`: the command line. Heavy libraries are imported inside the commands, so that `mdi --help` answers at once."""

from __future__ import annotations

import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from mdi_engine import __version__
from mdi_engine.cli.ask import history, lookup
from mdi_engine.cli.care import doctor, generate, verify
from mdi_engine.cli.dukcapil import dukcapil
from mdi_engine.cli.evaluate import evaluate
from mdi_engine.cli.merging import merge, unmerge
from mdi_engine.cli.profile import profile
from mdi_engine.cli.reference import COMMANDS as REFERENCE
from mdi_engine.cli.reference import reference
from mdi_engine.cli.registry import demo, ingest, link, train
from mdi_engine.cli.report import report
from mdi_engine.cli.review import COMMANDS as REVIEW
from mdi_engine.cli.review import review
from mdi_engine.cli.rights import correct, forget, subject_report
from mdi_engine.cli.safety import backup, rebuild, restore
from mdi_engine.cli.suggest import suggest_blocking
from mdi_engine.cli.tables import dedupe, explain
from mdi_engine.errors import MdiError, discreet

INTERRUPTED = 130
_COMMANDS = (
    demo,
    ingest,
    profile,
    train,
    link,
    dukcapil,
    dedupe,
    suggest_blocking,
    explain,
    lookup,
    evaluate,
    report,
    history,
    merge,
    unmerge,
    subject_report,
    correct,
    forget,
    verify,
    rebuild,
    backup,
    restore,
    doctor,
    generate,
)
# Commands of two words: what the first one is for, and the second ones.
_GROUPS = ((review, REVIEW), (reference, REFERENCE))

app = typer.Typer(
    name="mdi",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _example_first(command: Callable[..., object]) -> str:
    """A command's docstring as help: the example, then the sentence it begins with, then the rest."""
    sentence, example, *rest = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join([example, sentence, *rest])


def _sentence(command: Callable[..., object]) -> str:
    return inspect.cleandoc(command.__doc__ or "").split("\n")[0]


def _register(group: typer.Typer, name: str, command: Callable[..., object]) -> None:
    group.command(name, help=_example_first(command), short_help=_sentence(command))(command)


for _command in _COMMANDS:
    _register(app, _command.__name__.replace("_", "-"), _command)
for _group, _commands in _GROUPS:
    _grouped = typer.Typer(name=_group.__name__, no_args_is_help=True, rich_markup_mode=None)
    for _name, _second in _commands.items():
        _register(_grouped, _name, _second)
    app.add_typer(_grouped, help=_example_first(_group), short_help=_sentence(_group))


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mdi-engine {__version__}")
        raise typer.Exit


def mdi(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find which rows are the same thing, and give each thing one lasting number.

    \b
        mdi demo
        mdi ingest sirs data/samples/sirs/sirs_2021.csv
    """


app.callback(
    help=_example_first(mdi),
    epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 input refused, 4 not found, 5 conflict or locked.",
)(mdi)


def main() -> None:
    """Run the command line; errors become a message on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter gets its escape, not a crash; data in a file or a pipe is UTF-8.
            data = stream is sys.stdout and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if data else None, errors="backslashreplace")
    try:
        # Not standalone: what was typed wrongly would be printed as it stands, and it may be a NIK.
        code = typer.main.get_command(app).main(prog_name="mdi", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except MdiError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        _say(discreet(f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}"))
        sys.exit(1)
    except KeyboardInterrupt:
        _say("interrupted. What was committed stands; running the command again goes on from there.")
        sys.exit(INTERRUPTED)
    except Exception as error:
        if isinstance(error, typer.Abort) or hasattr(error, "format_message"):
            sys.exit(_usage(error))
        if os.environ.get("MDI_DEBUG"):
            raise
        _say(_fault(error))
        sys.exit(1)
    finally:
        _let_go()


def _let_go() -> None:
    """Hand over what is still held back; a reader who left early (`mdi … | head`) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    from mdi_engine.cli.output import note

    note(f"mdi: {message}")


def _usage(error: Any) -> int:
    """Say how the command line was put together wrongly; gives the exit code. Typer has no public name for these."""
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    error.message = discreet(error.message)
    error.show()
    return int(error.exit_code)


def _fault(error: Exception) -> str:
    """What is said of an error nobody foresaw: its kind and place. Its text may quote a person's values."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "mdi_engine" in frame.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "an unknown place"
    return (
        f"an error that nobody foresaw: {type(error).__name__} at {place}\n"
        "Run again with MDI_DEBUG=1 for the traceback; it may quote personal values, so read it before passing it on."
    )


if __name__ == "__main__":
    main()
