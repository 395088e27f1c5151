"""What every page is made of: templates that escape all values, a style, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from mdi_engine.errors import MdiError, UsageError
from mdi_engine.workbench.safe import safe_terminal

_SUFFIXES = (".html", ".htm")
# A longer value is cut.
_LONGEST = 500


def check_page(path: Path, flag: str, inputs: Sequence[Path] = ()) -> None:
    """Raise `UsageError` before any work if the page would not be one by its name, or would take the place of a file
    that is read. `flag` is what the user gave the path by.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{flag} {path}: the name must end in .html", hint="Such as page.html.")
    if path.exists() and any(given.exists() and path.samefile(given) for given in inputs):
        raise UsageError(f"{flag} {path} is a file that is to be read", hint="Give the page another name.")


def render(template: str, styles: Sequence[str], **values: object) -> str:
    """The page that a template of this folder makes of these values, with the style sheets named.

    Text of files is escaped, and rid of controls and marks of direction where the template says `clean`.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_part)
    )
    environment.filters.update(clean=clean, number=number, percent=percent, bits=bits)
    style = "\n".join(_part(name) for name in styles)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(template).render(style=style, digest=digest, **values)


def write_page(text: str, path: Path, flag: str) -> None:
    """Write the page, whole or not at all. Raises `MdiError` if the place cannot be written."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        said = f"{flag} {path}: cannot be written: {error.strerror or error}."
        raise MdiError(said, hint="Give a place in a folder that is there.", path=str(path)) from error
    finally:
        with suppress(OSError):  # as a rule it has its lasting name by now
            part.unlink()


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def clean(text: str) -> str:
    """One line without controls and marks of direction, cut at 500 characters."""
    return safe_terminal(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def number(value: float) -> str:
    """A whole number as Indonesian writes it: pages speak Indonesian first.

    >>> number(12500), number(12.6)
    ('12.500', '13')
    """
    return f"{value:,.0f}".replace(",", ".")


def percent(share: float | None) -> str:
    r"""A share as Indonesian writes it; what is little is not nothing.

    >>> percent(0.5), percent(0.00001), percent(0.99999), percent(1.0), percent(None)
    ('50,0\xa0%', '<\xa00,1\xa0%', '>\xa099,9\xa0%', '100,0\xa0%', '–')
    """
    if share is None:
        return "–"
    bound = "< 0.1" if 0 < share < 0.001 else "> 99.9" if 0.999 < share < 1 else f"{100 * share:.1f}"
    # A line never ends between the number and its sign.
    return f"{bound.replace('.', ',')} %".replace(" ", "\N{NO-BREAK SPACE}")


def bits(value: float) -> str:
    """Bits of evidence as Indonesian writes them.

    >>> bits(8.437), bits(-10.2), bits(0.01)
    ('+8,4', '−10,2', '0,0')
    """
    text = f"{value:+.1f}".replace(".", ",").replace("-", "\N{MINUS SIGN}")
    return "0,0" if text[1:] == "0,0" else text
