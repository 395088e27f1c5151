"""A profile as one HTML page that opens offline: no script, nothing loaded, every value escaped."""

from __future__ import annotations

from pathlib import Path

from mdi_engine.pages import shell
from mdi_engine.workbench.profiling.findings import SEVERITIES
from mdi_engine.workbench.profiling.overview import Profile

_FLAG = "--html"


def check_page(path: Path, target: str) -> None:
    """Raise `UsageError` before any work if the page would not be one by its name, or would take a file's place that is
    no page: an extract, a workbench.
    """
    shell.check_page(path, _FLAG, [Path(target)])


def page(found: Profile) -> str:
    """The page. Text of files is escaped, and rid of controls and marks of direction."""
    counts = {severity: sum(each.severity == severity for each in found.findings) for severity in SEVERITIES}
    return shell.render("profile.html.jinja", ["page.css"], found=found, counts=counts)


def write_page(found: Profile, path: Path) -> None:
    """Write the page, whole or not at all. Raises `MdiError` if the place cannot be written."""
    shell.write_page(page(found), path, _FLAG)
