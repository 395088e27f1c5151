from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mdi_engine.errors import InputRefused, NotFound, UsageError
from mdi_engine.workbench.readers.extract import Limits, inspect, open_text, receive


def written(tmp_path: Path, content: bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def text_of(path: Path, encoding: str = "utf-8") -> str:
    with open_text(inspect(path, encoding)) as text:
        return text.read()


@pytest.mark.parametrize(
    ("content", "stated", "found"),
    [
        ("kode,é\n".encode(), "utf-8", "utf-8"),
        ("kode,é\n".encode("utf-8-sig"), "cp1252", "utf-8"),
        ("kode,é\n".encode("utf-16"), "utf-8", "utf-16-le"),
        (b"\xfe\xff" + "kode,é\n".encode("utf-16-be"), "utf-8", "utf-16-be"),
        ("kode,é\n".encode("utf-16"), "utf-16", "utf-16-le"),
        ("kode,é\n".encode("utf-16-le"), "utf-16-le", "utf-16-le"),
        ("kode,é\n".encode("cp1252"), "cp1252", "cp1252"),
    ],
)
def test_a_mark_wins_over_the_stated_encoding(tmp_path: Path, content: bytes, stated: str, found: str) -> None:
    path = written(tmp_path, content)
    assert inspect(path, stated).encoding == found
    assert text_of(path, stated) == "kode,é\n"


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    zipped=st.booleans(),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_text_comes_back_verbatim(tmp_path: Path, text: str, encoding: str, zipped: bool) -> None:
    # A text of its own that begins with the mark would be read as marked, as every reader does.
    content = ("kode\r\n" + text).encode(encoding)
    path = written(tmp_path, gzip.compress(content) if zipped else content)
    assert text_of(path) == "kode\r\n" + text


def test_gzip_is_known_by_its_content_and_hashed_as_it_is(tmp_path: Path) -> None:
    content = gzip.compress(b"kode\n1\n")
    extract = inspect(written(tmp_path, content, "a.csv"), "utf-8")
    assert extract.compressed
    assert extract.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("zipped", [False, True])
def test_undecodable_bytes_are_named_by_line_and_offset(tmp_path: Path, zipped: bool) -> None:
    content = b"kode,nama\n" + b"1,RS Umum\n" * 300_000 + b"2,RS Santa \xe9lisabeth\n"
    offset = content.index(b"\xe9")
    path = written(tmp_path, gzip.compress(content) if zipped else content)
    with pytest.raises(InputRefused, match=r"byte 0xe9 is not utf-8, which is stated for it") as caught:
        inspect(path, "utf-8")
    assert caught.value.facts["offset"] == offset
    assert caught.value.facts["line"] == 300_002


def test_a_character_split_between_two_pieces_is_no_fault(tmp_path: Path) -> None:
    content = b"x" * ((1 << 20) - 1) + "é\n".encode() + b"\xff"
    with pytest.raises(InputRefused) as caught:
        inspect(written(tmp_path, content), "utf-8")
    assert caught.value.facts["offset"] == len(content) - 1


def test_a_file_that_breaks_off_inside_a_character_is_refused(tmp_path: Path) -> None:
    content = "kode\né".encode()[:-1]
    with pytest.raises(InputRefused) as caught:
        inspect(written(tmp_path, content), "utf-8")
    assert caught.value.facts["offset"] == len(content) - 1


def test_utf_16_with_a_mark_names_the_mark(tmp_path: Path) -> None:
    content = "kode\n".encode("utf-16") + b"\x00\xd8a\x00"
    with pytest.raises(InputRefused, match="is not utf-16-le, which its byte-order mark says") as caught:
        inspect(written(tmp_path, content), "utf-8")
    assert caught.value.facts["offset"] == len(content) - 4


def test_utf_16_without_a_mark_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no byte-order mark"):
        inspect(written(tmp_path, "kode\n".encode("utf-16-le")), "utf-16")


def test_bytes_that_cp1252_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="0x81 is not cp1252"):
        inspect(written(tmp_path, b"kode\n\x81\n"), "cp1252")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf", b"\n \r\n", gzip.compress(b"")],
    ids=["nothing", "mark", "blank", "gzip of nothing"],
)
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputRefused, match="the file is empty"):
        inspect(written(tmp_path, content), "utf-8")


@pytest.mark.parametrize("kept", [3, 12, -1, -9])
def test_a_truncated_gzip_is_refused(tmp_path: Path, kept: int) -> None:
    content = gzip.compress(os.urandom(5_000).hex().encode())
    with pytest.raises(InputRefused, match="the gzip ends too early"):
        inspect(written(tmp_path, content[:kept]), "utf-8")


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(os.urandom(5_000).hex().encode()))
    content[-6] ^= 1
    with pytest.raises(InputRefused, match="the gzip is damaged"):
        inspect(written(tmp_path, bytes(content)), "utf-8")


def test_a_gzip_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"1,2\n" * (40 << 20)), "bomb.csv.gz")
    with pytest.raises(InputRefused, match="inflate to more than") as caught:
        inspect(path, "utf-8")
    assert caught.value.facts["limit"] == 64 << 20


def test_a_gzip_may_not_outgrow_the_absolute_limit(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(os.urandom(5_000).hex().encode()))
    with pytest.raises(InputRefused, match="inflate to more than 9000"):
        inspect(path, "utf-8", Limits(inflated_bytes=9_000))


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    limits = Limits(line_chars=3 << 20)
    inspect(written(tmp_path, b"kode\n" + b"x" * (3 << 20) + b"\nx\n"), "utf-8", limits)
    with pytest.raises(InputRefused, match="a line is longer"):
        inspect(written(tmp_path, b"kode\n" + b"x" * ((3 << 20) + 1)), "utf-8", limits)


def test_what_is_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        inspect(tmp_path / "absent.csv", "utf-8")
    with pytest.raises(InputRefused, match="not a regular file"):
        inspect(tmp_path, "utf-8")


@pytest.mark.parametrize("encoding", ["klingon", "utf-16x", "rot13", "", "utf-8\0", "base64"])
def test_an_encoding_that_is_none_names_those_accepted(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, b"kode\n1\n")
    with pytest.raises(UsageError, match="accepted are utf-8, cp1252, latin-1, utf-16, utf-16-le, utf-16-be"):
        inspect(path, encoding)
    with pytest.raises(UsageError):
        receive(path, tmp_path / "copy", encoding)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(("name", "known"), [("UTF8", "utf-8"), ("windows-1252", "cp1252"), ("iso-8859-1", "latin-1")])
def test_other_names_of_an_encoding_are_understood(tmp_path: Path, name: str, known: str) -> None:
    assert inspect(written(tmp_path, b"kode\n1\n"), name).encoding == known


def test_a_received_file_is_read_from_its_copy_and_called_by_its_name(tmp_path: Path) -> None:
    path, copy = written(tmp_path, b"kode\n1\n"), tmp_path / "copy"
    extract = receive(path, copy, "utf-8")
    path.write_bytes(b"kode\n\xff\n")
    with open_text(extract) as text:
        assert text.read() == "kode\n1\n"
    assert extract.sha256 == hashlib.sha256(copy.read_bytes()).hexdigest()
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputRefused, match=re.escape(str(path))):
        receive(path, copy, "utf-8")
