"""Records that a full delivery no longer names, and when it may not withdraw them unasked."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from mdi_engine.errors import InputRefused, counted
from mdi_engine.workbench import staging
from mdi_engine.workbench.contract import Contract


def absent_records(
    con: duckdb.DuckDBPyConnection, contract: Contract, known: Mapping[str, str], *, yes: bool
) -> list[str]:
    """Those of the `known` keys that the staged delivery does not name, sorted. Without `yes`: raises InputRefused
    above the contract's share, and if some of them may stand in rows that cannot be read.
    """
    absent = staging.absent_keys(con, known)
    unreadable = staging.rows_without_key(con)
    if absent and unreadable and not yes:
        raise _perhaps_present(contract, unreadable, len(absent), len(known))
    share = len(absent) / len(known) if known else 0.0
    if share > contract.max_withdrawn_share and not yes:
        raise InputRefused(
            f"{contract.name}: this full delivery would withdraw {len(absent)} of {len(known)} records "
            f"({share:.0%}); accepted without --yes is {contract.max_withdrawn_share:.0%}.",
            hint="Check that the extract is whole and of the right source; if it is, run again with --yes.",
            source=contract.name,
            withdrawn=len(absent),
            known=len(known),
            accepted_share=contract.max_withdrawn_share,
        )
    return absent


def _perhaps_present(contract: Contract, unreadable: int, absent: int, known: int) -> InputRefused:
    return InputRefused(
        f"{contract.name}: the key of {counted(unreadable, 'row')} cannot be read, and this full delivery would "
        f"withdraw {absent} of {known} records, perhaps the very ones in those rows.",
        hint="Mend those rows (a wrong number of fields, a quote, no sound key) and hand the files in again, or run "
        "again with --yes to withdraw the records.",
        source=contract.name,
        unreadable=unreadable,
        withdrawn=absent,
        known=known,
    )
