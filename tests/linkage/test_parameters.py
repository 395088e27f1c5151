from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from linkage_tables import PEOPLE, Row, people, people_model, table, trained

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.models.parameters import Parameters, load, save
from mdi_engine.linkage.training.train import train


def test_saved_and_loaded_parameters_are_the_same(tmp_path: Path) -> None:
    _, parameters = trained()
    save(parameters, tmp_path)
    again = load(tmp_path)
    assert again == parameters
    assert again.digest() == parameters.digest()


def test_parameters_without_any_table_or_rarity_come_back(tmp_path: Path) -> None:
    model = parse_model("""
        name = "t"
        [fields.city]
        column = "city"
        [[blocking]]
        keys = ["city"]
        [[comparisons]]
        field = "city"
        levels = ["exact"]
        frequency = false
        """)
    parameters = train(table([{"city": "a"}, {"city": "a"}, {"city": "b"}], model), model)
    save(parameters, tmp_path)
    assert load(tmp_path) == parameters


def test_the_digest_leaves_out_the_date_and_nothing_else() -> None:
    _, parameters = trained()
    assert dataclasses.replace(parameters, trained_on="1999-01-01").digest() == parameters.digest()
    assert dataclasses.replace(parameters, prior=parameters.prior + 1).digest() != parameters.digest()
    assert dataclasses.replace(parameters, match=1).digest() != parameters.digest()
    block = dataclasses.replace(parameters.blocks[0], weight=(1,) * len(parameters.blocks[0].weight))
    assert dataclasses.replace(parameters, blocks=(block, *parameters.blocks[1:])).digest() != parameters.digest()


def test_training_twice_on_the_same_data_gives_the_same_digest() -> None:
    records, parameters = trained()
    assert train(records, people_model()).digest() == parameters.digest()


def test_other_data_or_another_model_give_another_digest() -> None:
    rows, _ = people(40, 2)
    digests = set()
    for model in (people_model(), parse_model("one_per_source = true\n" + PEOPLE)):
        for some in (rows, rows[:-1]):
            sources = ["ab"[i % 2] for i in range(len(some))]
            digests.add(train(table(some, model, sources), model).digest())
    assert len(digests) == 4


def written(parameters: Parameters, folder: Path) -> str:
    """Everything the two files say, and their bytes."""
    save(parameters, folder)
    rows = pq.read_table(folder / "frequencies.parquet").to_pylist()
    raw = b"".join(path.read_bytes() for path in sorted(folder.iterdir())).decode("latin-1")
    return repr(rows) + (folder / "parameters.toml").read_text(encoding="utf-8") + raw


PLANTED: Row = {
    "name": "zacharius quillfeather",
    "city": "Xanadu",
    "born": "1933-12-31",
    "beds": "98765",
    "street": "Sesame 77",
    "code": "3273010101330001",
}
OFTEN: Row = {**PLANTED, "name": "yolanda quibble", "city": "Yarra", "born": "1931-11-30", "code": "3273010101310002"}
WITH_CODES = PEOPLE.replace('"city", "born"]', '"city", "born", "code", "first(code, 6)"]').replace(
    'keys = ["year(born)"', 'keys = ["code"]\n[[blocking]]\nkeys = ["year(born)"'
)


def test_values_seen_fewer_than_five_times_and_identifiers_are_never_written(tmp_path: Path) -> None:
    rows: list[Row] = [*people(120, 5)[0], *([PLANTED] * 4), *([OFTEN] * 9)]
    model = parse_model('heavy = 4\nrefine = ["code"]\n' + WITH_CODES)
    text = written(train(table(rows, model), model), tmp_path)
    rare = [word for value in PLANTED.values() if value for word in value.split()]
    shared = {"98765", "Sesame", "77"}  # OFTEN carries these too
    for word in [w for w in rare if w not in shared]:
        assert word not in text
    for word in ("yolanda", "quibble", "Yarra", "1931-11-30"):
        assert word in text, "the test must be able to see a listed value"
    # Seen nine times, but it names a person.
    assert "3273010101310002" not in text
    assert "327301" not in text


def test_an_identifier_has_no_table_and_one_level_weight() -> None:
    _, parameters = trained()
    tables = {block.label: block.table for block in parameters.blocks}
    assert tables["code"] is None
    assert tables["city"] is not None
    block = next(block for block in parameters.blocks if block.label == "code")
    assert not any(block.per_value)


def swap_tables(folder: Path) -> None:
    """As after a crash between the two files: numbers of one training, tables of another."""
    rows, _ = people(60, 9)
    save(train(table(rows, people_model()), people_model()), folder / "other")
    (folder / "other" / "frequencies.parquet").replace(folder / "frequencies.parquet")


def change(text: str, new: str) -> object:
    def damage(folder: Path) -> None:
        path = folder / "parameters.toml"
        content = path.read_text(encoding="utf-8")
        assert text in content
        path.write_text(content.replace(text, new), encoding="utf-8")

    return damage


DAMAGE = {
    "no TOML": lambda folder: (folder / "parameters.toml").unlink(),
    "no Parquet": lambda folder: (folder / "frequencies.parquet").unlink(),
    "TOML cut off": lambda folder: (folder / "parameters.toml").write_text("format = "),
    "TOML of something else": lambda folder: (folder / "parameters.toml").write_text("format = 3\nfound = 3\n"),
    "Parquet cut off": lambda folder: (folder / "frequencies.parquet").write_bytes(b"PAR1"),
    "another format": change("format = 3", "format = 99"),
    "a key missing": change("prior =", "priest ="),
    "tables of another training": swap_tables,
}


@pytest.mark.parametrize("name", DAMAGE.keys())
def test_damaged_parameters_are_refused(name: str, tmp_path: Path) -> None:
    save(trained()[1], tmp_path)
    DAMAGE[name](tmp_path)  # type: ignore[operator]
    with pytest.raises(InputRefused, match="cannot be read") as refusal:
        load(tmp_path)
    assert "mdi train" in str(refusal.value)


def test_saving_leaves_two_files_and_no_other(tmp_path: Path) -> None:
    for _ in range(2):
        save(trained()[1], tmp_path / "p")
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["frequencies.parquet", "parameters.toml"]
    tomllib.loads((tmp_path / "p" / "parameters.toml").read_text(encoding="utf-8"))
