"""mdi merge and mdi unmerge through a shell: previewed, done, held by the next link job, and taken back."""

from __future__ import annotations

import json

from cli_helpers import Shell

from mdi_engine.ledger.events import head
from mdi_engine.ledger.store import open_ledger, reading
from mdi_engine.ledger.verify import verify

pytest_plugins = ["cli_fixtures"]


def two_numbers(demo: Shell) -> list[str]:
    """Of two hospitals of the samples."""
    found = (
        demo.mdi("lookup", "facility", "--kode", kode, "--limit", "1", "--json") for kode in ("3510517", "1175175")
    )
    return [json.loads(done.stdout)["matches"][0]["number"] for done in found]


def events(demo: Shell) -> int:
    """How many there are; all that the ledger says holds."""
    engine = open_ledger(demo.folder / "mdi-home" / "ledger.sqlite")
    with reading(engine) as conn:
        assert verify(conn) == []
        found = head(conn)
    engine.dispose()
    return found


def test_a_merge_is_previewed_done_kept_by_a_link_job_and_taken_back(demo: Shell) -> None:
    one, other = two_numbers(demo)
    before = events(demo)
    seen = demo.mdi("merge", "facility", one, other)
    assert (seen.returncode, seen.stderr.splitlines()[-1]) == (0, "Nothing was changed; --yes does it.")
    assert seen.stdout.splitlines()[0].split("  ")[0] == "record"
    assert events(demo) == before
    done = json.loads(
        demo.mdi(
            "merge", "facility", one, other, "--note", "-", "--as", "siti", "--yes", "--json", stdin="one roof\n"
        ).stdout
    )
    assert done["applied"]
    (survivor,) = {record["after"] for record in done["records"]}
    (loser,) = {one, other} - {survivor}
    assert events(demo) == before + 2
    assert json.loads(demo.mdi("link", "facility", "--json").stdout)["linked"][0]["events_written"] == 0
    back = demo.mdi("unmerge", "facility", survivor, "--yes")
    assert back.stderr == f"It takes back the decision of event {before + 1}.\n"
    assert loser in back.stdout
    assert json.loads(demo.mdi("link", "facility", "--json").stdout)["linked"][0]["events_written"] == 0
    assert json.loads(demo.mdi("lookup", "facility", "--number", loser, "--json").stdout)["number"] == loser
    assert events(demo) == before + 4
    assert json.loads(demo.mdi("verify", "--json").stdout)["findings"] == []


def test_what_cannot_be_done_says_why_and_changes_nothing(demo: Shell) -> None:
    one, _ = two_numbers(demo)
    before = events(demo)
    for arguments, code, said in [
        (("merge", "facility", one, one), 5, "one already"),
        (("merge", "facility", one, "1000000000"), 4, "no number 1000000000"),
        (("merge", "hospital", one, one), 2, "'hospital' is no entity"),
        (("unmerge", "facility", one, "sirs:none"), 4, f"none of {one}"),
        (("merge", "patient", "9901014101800001", "P00000000000"), 4, "################"),
    ]:
        done = demo.mdi(*arguments, "--yes")
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
        assert "9901014101800001" not in done.stderr
    assert events(demo) == before
