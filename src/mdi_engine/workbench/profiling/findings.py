"""What a profile finds wrong: a code of a closed set, where, how much, and what to do, in English and Indonesian."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from mdi_engine.reference.tables import read_toml

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")

_SWAP = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Finding:
    """One thing found. `column` is None for the table as a whole; `share` = rows ÷ the rows it was looked for in, 0 to
    1. `advice` says what to do. `facts` are the further numbers and names of the sentence; no value stands in them.
    """

    code: str
    column: str | None
    severity: Severity
    rows: int
    share: float
    english: str
    indonesian: str
    advice_english: str
    advice_indonesian: str
    facts: dict[str, int | str]


@cache
def findings_table() -> dict[str, dict[str, str]]:
    """Per code: severity, and the texts in both languages."""
    table: dict[str, dict[str, str]] = read_toml("profile_findings")
    return table


def finding(code: str, column: str | None, rows: int, of: int, **facts: int | str) -> Finding:
    """A finding of the table of findings, its sentences filled in. KeyError if there is no such code.

    >>> found = finding("spaces", "kota", 1200, 4800)
    >>> found.severity, found.share, found.indonesian[-6:]
    ('low', 0.25, '1.200.')
    """
    texts = findings_table()[code]
    severity = next(severity for severity in SEVERITIES if severity == texts["severity"])
    said = {"rows": rows, **facts}
    english = {name: f"{value:,}" if isinstance(value, int) else value for name, value in said.items()}
    indonesian = {
        name: f"{value:,}".translate(_SWAP) if isinstance(value, int) else value for name, value in said.items()
    }
    return Finding(
        code=code,
        column=column,
        severity=severity,
        rows=rows,
        share=rows / of if of else 0.0,
        english=texts["english"].format(**english),
        indonesian=texts["indonesian"].format(**indonesian),
        advice_english=texts["advice"],
        advice_indonesian=texts["saran"],
        facts=facts,
    )


def check_finding(code: str, column: str, rows: int, of: int, check: str, kind: str) -> Finding:
    """A finding of what a check says; the words of both languages are of the table `check_words`, if it has them.

    >>> check_finding("fault", "nik", 3, 10, "nik_fault", "length").english
    'By nik_fault, not 16 digits: 3.'
    """
    said, kata = read_toml("check_words").get(check, {}).get(kind, (kind, kind))
    return finding(code, column, rows, of, check=check, kind=kind, said=said, kata=kata)


def by_severity(findings: list[Finding]) -> tuple[Finding, ...]:
    """The gravest first, else as they came."""
    return tuple(sorted(findings, key=lambda found: SEVERITIES.index(found.severity)))
