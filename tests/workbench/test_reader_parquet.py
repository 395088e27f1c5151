from __future__ import annotations

import datetime
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reader_helpers import HOSTILE, names, read

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.chunks import Fault
from mdi_engine.workbench.readers.formats import Layout

PARQUET = Layout("parquet")
NIK = 9971060312000001


def written(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([NIK, None], pa.int64()), [str(NIK), None]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([Decimal(NIK), None], pa.decimal128(38, 0)), [str(NIK), None]),
        (pa.array([1.0, 2.5, float("nan"), None]), ["1", "2.5", None, None]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([datetime.date(1990, 5, 15)]), ["1990-05-15"]),
        (pa.array([0, 1_500_000_000_123_456_789], pa.timestamp("ns")), ["1970-01-01", "2017-07-14T02:40:00.123456"]),
        (pa.array([0], pa.timestamp("ms", "Asia/Jakarta")), ["1970-01-01T07:00:00+07:00"]),
        (pa.array([27_000], pa.time32("s")), ["07:30:00"]),
        (pa.array(["a", None, "b", "a"]).dictionary_encode(), ["a", None, "b", "a"]),
        (pa.array([NIK, None, NIK]).dictionary_encode(), [str(NIK), None, str(NIK)]),
        (pa.array([b"\xc3\xa9", None]), ["é", None]),
        (pa.ExtensionArray.from_storage(pa.opaque(pa.int64(), "x", "y"), pa.array([NIK])), [str(NIK)]),
        (pa.array([[1, 2**60], [], None]), ['["1", "1152921504606846976"]', "[]", None]),
        (pa.array([{"STR": NIK, "x": 0.5, "t": None}]), [f'{{"STR": "{NIK}", "x": "0.5", "t": null}}']),
        (pa.nulls(2), [None, None]),
        (pa.array(["a"], pa.large_string()), ["a"]),
    ],
    ids=str,
)
def test_values_are_text(tmp_path: Path, column: pa.Array, texts: list[str | None]) -> None:
    found = read(tmp_path, written({"k": column}), PARQUET, ("k",), ("k",))
    assert found.column("k") == texts
    assert not found.faults


@pytest.mark.parametrize(
    ("kind", "values", "texts"),
    [
        (pa.float64(), [3171.0, float(NIK), 0.5, float("inf"), None], ["3171", None, None, None, None]),
        (pa.float32(), [999_999.0, 1_000_000.0], ["999999", None]),
        (pa.float16(), [999.0, 1_000.0], ["999", None]),
    ],
    ids=str,
)
def test_a_float_that_is_a_code_is_taken_only_if_it_is_exact(
    tmp_path: Path, kind: pa.DataType, values: list[float | None], texts: list[str | None]
) -> None:
    column = pa.array(values, pa.float64()).cast(kind)
    found = read(tmp_path, written({"k": column}), PARQUET, ("k",), (), ("k",))
    assert found.column("k") == texts
    assert len(found.faults) == sum(v is not None and t is None for v, t in zip(values, texts, strict=True))
    if kind == pa.float64():
        lost = "a number of 16 digits lost its last digits in the file; export this column as text"
        assert found.faults[0] == Fault(2, "k", "9971060312000000.0", lost)


@pytest.mark.parametrize(
    ("kind", "number", "text"),
    [
        (pa.float64(), float(NIK), None),
        (pa.float64(), 3815104101900003.0, None),
        (pa.float64(), 381510410190003.0, "381510410190003"),
        (pa.float64(), 0.5, "0.5"),
        (pa.float64(), float("inf"), None),
        (pa.float32(), 1_000_001.0, None),
        (pa.float32(), 999_999.0, "999999"),
        (pa.float16(), 1_024.0, None),
    ],
)
@pytest.mark.parametrize("code", [True, False])
def test_a_float_in_a_list_keeps_its_digits_or_is_nothing(
    tmp_path: Path, kind: pa.DataType, number: float, text: str | None, code: bool
) -> None:
    column = pa.array(
        [[{"STR": number, "m": [("k", [number])]}], []],
        pa.list_(pa.struct([("STR", kind), ("m", pa.map_(pa.string(), pa.list_(kind)))])),
    )
    found = read(tmp_path, written({"k": column}), PARQUET, ("k",), (), ("k",) if code else ())
    if code and text is None:
        assert found.column("k") == [None, "[]"]
        assert [(fault.row, fault.column) for fault in found.faults] == [(1, "k")]
        assert "export this column as text" in found.faults[0].reason
    else:
        value = "null" if text is None else f'"{text}"'
        assert found.column("k") == [f'[{{"STR": {value}, "m": [["k", [{value}]]]}}]', "[]"]
        assert not found.faults


def test_columns_are_found_by_name_and_strangers_are_kept(tmp_path: Path) -> None:
    content = written({"baru": [1, None], "n": ["a", "b"], "k": ["1", "2"]})
    found = read(tmp_path, content, PARQUET, ("k", "absent"), ("k",))
    assert [tuple(row.values()) for row in found.rows] == [
        (1, "1", None, '{"baru": "1", "n": "a"}'),
        (2, "2", None, '{"baru": null, "n": "b"}'),
    ]
    assert names(tmp_path, content, PARQUET) == ("baru", "n", "k")


def test_hostile_text_survives(tmp_path: Path) -> None:
    texts = [*HOSTILE, "\x00", "", "\ufeff"]
    assert read(tmp_path, written({"k": texts}), PARQUET, ("k",)).column("k") == texts


def test_bytes_that_are_no_text_are_faults(tmp_path: Path) -> None:
    lost = Fault(1, "k", "\\xff", "bytes that are not UTF-8")
    for kind in (pa.binary(), pa.string()):
        storage = pa.array([b"\xff", b"a"])
        column = storage if kind == pa.binary() else pa.Array.from_buffers(kind, 2, storage.buffers())
        found = read(tmp_path, written({"k": column}), PARQUET, ("k",))
        assert (found.column("k"), found.faults) == ([None, "a"], [lost])


def test_long_files_come_in_chunks_that_number_on(tmp_path: Path) -> None:
    content = written({"k": [str(n) for n in range(12_001)]}, row_group_size=5_500)
    found = read(tmp_path, content, PARQUET, ("k",))
    assert found.column("k") == [str(n) for n in range(12_001)]


def test_a_text_that_many_rows_share_is_counted_as_often(tmp_path: Path) -> None:
    content = written({"k": ["x" * 10_000] * 3_000, "n": [str(n) for n in range(3_000)]})
    assert read(tmp_path, content, PARQUET, ("k", "n")).read == 3_000
    with pytest.raises(InputRefused, match="its values come to more than"):
        read(tmp_path, written({"k": ["x" * 100_000] * 3_000}), PARQUET, ("k",))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PAR1" + bytes(100), "not a readable Parquet file"),
        (written({"k": ["1"]})[:-9], "not a readable Parquet file"),
        (b"kode,nama\n", "is plain text, such as CSV"),
        (written({"x": ["1"]}), "missing column k"),
        (b"", "the file is empty"),
        (b"\x1f\x8b\x08", "is a gzip"),
    ],
)
def test_what_is_no_parquet_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InputRefused, match=says):
        read(tmp_path, content, PARQUET, ("k",), ("k",))


def test_a_doubled_name_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["1"])] * 2, names=["k", "k"]), out)
    with pytest.raises(InputRefused, match="the header names 'k' more than once"):
        read(tmp_path, out.getvalue(), PARQUET, ("k",))
