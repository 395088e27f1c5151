"""A profile as one HTML page that opens offline: no script, nothing loaded, every value escaped."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from mdi_engine.cli.output import clean
from mdi_engine.errors import MdiError, UsageError
from mdi_engine.workbench.profiling.findings import SEVERITIES
from mdi_engine.workbench.profiling.overview import Profile

_SUFFIXES = (".html", ".htm")


def check_page(path: Path, target: str) -> None:
    """Raise `UsageError` before any work if the page would not be one by its name, or would take a file's place that is
    no page: an extract, a workbench.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--html {path}: the name must end in .html", hint="Such as profile.html.")
    if path.exists() and Path(target).exists() and path.samefile(target):
        raise UsageError(f"--html {path} is the file to be profiled", hint="Give the page another name.")


def page(found: Profile) -> str:
    """The page. Text of files is escaped, and rid of controls and marks of direction."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(clean=clean, number=_number, percent=_percent)
    style = _part("profile.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    counts = {severity: sum(each.severity == severity for each in found.findings) for severity in SEVERITIES}
    template = environment.from_string(_part("profile.html.jinja"))
    return template.render(found=found, counts=counts, style=style, digest=digest)


def write_page(found: Profile, path: Path) -> None:
    """Write the page, whole or not at all. Raises `MdiError` if the place cannot be written."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(page(found), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        said = f"--html {path}: cannot be written: {error.strerror or error}."
        raise MdiError(said, hint="Give a place in a folder that is there.", path=str(path)) from error
    finally:
        with suppress(OSError):  # as a rule it has its lasting name by now
            part.unlink()


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _number(number: int) -> str:
    """As Indonesian writes it: the page speaks Indonesian first.

    >>> _number(12500)
    '12.500'
    """
    return f"{number:,}".replace(",", ".")


def _percent(share: float | None) -> str:
    r"""A share as Indonesian writes it; what is little is not nothing.

    >>> _percent(0.5), _percent(0.00001), _percent(0.99999), _percent(1.0), _percent(None)
    ('50,0\xa0%', '<\xa00,1\xa0%', '>\xa099,9\xa0%', '100,0\xa0%', '–')
    """
    if share is None:
        return "–"
    bound = "< 0.1" if 0 < share < 0.001 else "> 99.9" if 0.999 < share < 1 else f"{100 * share:.1f}"
    # A line never ends between the number and its sign.
    return f"{bound.replace('.', ',')} %".replace(" ", "\N{NO-BREAK SPACE}")
