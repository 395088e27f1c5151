"""Whatever a file holds, it is read as one of the lists or refused with words; nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mdi_engine.errors import InputRefused
from mdi_engine.reference import incoming
from mdi_engine.reference.incoming import read_incoming
from mdi_engine.reference.plain_update import update_replacements, update_types
from mdi_engine.reference.region_update import update_regions
from mdi_engine.reference.tables import read_csv

HEADERS = st.sampled_from(
    [b"code,name\n", b"kode;nama;replaces\n", b"code\tname\tstatus\n", b"kfa_id,kfa_new_id\n", b""]
)
CELLS = st.sampled_from(
    [b"35", b"3501", b"35.01", b"3501012001", b"104", b"official", b"Kota X", b'"', b"\r", b"", b"-"]
)
ROWS = st.lists(st.lists(CELLS, max_size=4).map(b",".join), max_size=5).map(b"\n".join)


def plain(*names: str) -> dict[str, list[dict[str, str | None]]]:
    return {name: list(read_csv(name))[:3] for name in names}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(header=HEADERS, body=st.one_of(st.binary(max_size=60), ROWS))
@example(header=b"code,name\n", body=b"35,\xed\xa0\x80\n")
@example(header=b"", body=b"\xff\xfec\x00o\x00")
def test_any_bytes_are_a_list_or_refused(header: bytes, body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(header + body)
    try:
        found = read_incoming(path)
    except InputRefused:
        return
    faults: list[str] = []
    if found.kind.name == "regions":
        levels = ("provinces", "kabkota", "kecamatan", "villages")
        retired = ("kabkota_retired", "kecamatan_retired", "villages_retired")
        update_regions(plain(*levels, *retired), found.lines, faults, last_seen=2025)
    elif found.kind.name == "facility_types":
        update_types(plain("facility_types"), found.lines, faults)
    else:
        update_replacements(plain("kfa_replacements"), found.lines, faults)
    assert all(faults)


@pytest.mark.parametrize(
    "content",
    [
        b"kode,nama\r\n35,Jawa Timur\r\n",
        b"\xef\xbb\xbfcode;name\n35;Jawa Timur\n",
        b'Code\tName \n"35"\tJawa Timur\n\n',
    ],
    ids=["windows", "byte-order mark", "tabs"],
)
def test_the_usual_kinds_of_csv_are_read(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    (line,) = read_incoming(path).lines
    assert (line.number, line["code"], line["name"], line["bps"]) == (2, "35", "Jawa Timur", "")


def test_a_file_that_is_larger_than_any_list_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "MOST_BYTES", 20)
    path = tmp_path / "list.csv"
    path.write_bytes(b"code,name\n35,Jawa Timur\n")
    with pytest.raises(InputRefused, match="is larger than"):
        read_incoming(path)
