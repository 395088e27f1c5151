from __future__ import annotations

from pathlib import Path

import pytest
from linkage_tables import PEOPLE, people_model

from mdi_engine.errors import InputRefused, ModelError
from mdi_engine.linkage.models.expressions import parse_key, parse_level
from mdi_engine.linkage.models.model import load_model, parse_model

HOSPITALS = Path(__file__).parents[2] / "benchmarks" / "models" / "hospitals.toml"

FAULTY = """\
name = "t"
key = "nomor"
refine = ["propinsi"]
groups = [["nama", "kota"]]
[fields.nama]
column = "nama"
type = "tokens"
[fields.kota]
column = "kota"
[[blocking]]
keys = ["kota", "first(nama)"]
[[blocking]]
keys = ["soundex(nama)"]
[[blocking]]
keys = ["year(lahir)"]
[rarity]
features = ["each(nama)", "last(kota, 0)", "each(nama)"]
[rarity.discount]
kota = 0.5
[[vetoes]]
field = "nik"
reason = "two NIK"
[thresholds]
match = -5.0
[[comparisons]]
field = "nama"
levels = ["same", "jaro >= 0.9"]
[[comparisons]]
field = "kota"
levels = ["exact", "jaro_winkler >= 92"]
[[comparisons]]
field = "kota"
levels = ["exact"]
[[comparisons]]
field = "provinsi"
levels = ["exact"]
"""

# What each message must say, and the line it must name.
WANTED = [
    ("key names field 'nomor'", "nama, kota", 2),
    ("refine names field 'propinsi'", "nama, kota", 3),
    ("key 'first(nama)'", "first(NAME, n)", 11),
    ("key 'soundex(nama)'", "metaphone(NAME)", 13),
    ("names field 'lahir'", "nama, kota", 15),
    ("key 'last(kota, 0)'", "n from 1", 17),
    ("feature 'each(nama)' stands twice", "twice", 17),
    ("discount of 'kota'", "features are each(nama)", 9),
    ("veto names field 'nik'", "nama, kota", 21),
    ("review is -4.0, match is -5.0", "not lie above", 23),
    ("level 'jaro >= 0.9' does not fit a field of type 'tokens'", "subset", 27),
    ("level 'jaro_winkler >= 92'", "0 to 1", 30),
    ("comparison 'kota' stands twice", "another name", 32),
    ("comparison 'provinsi' names field 'provinsi'", "nama, kota", 35),
]


def test_all_faults_are_reported_together_each_with_its_line() -> None:
    with pytest.raises(ModelError) as caught:
        parse_model(FAULTY, where="fasyankes.toml")
    faults = caught.value.faults
    for start, accepted, line in WANTED:
        (fault,) = [fault for fault in faults if start in fault]
        assert accepted in fault
        if "discount" not in fault:
            assert fault.endswith(f"(line {line})"), fault
    assert len(faults) == len(WANTED)
    assert str(caught.value).startswith("fasyankes.toml: 14 faults\n")
    assert caught.value.facts["where"] == "fasyankes.toml"


FORM = """\
name = "t"
heavy = 3
colour = "red"
[fields.nama]
column = "nama"
typ = "tokens"
[fields.kota]
column = "kota"
type = "txt"
[[blocking]]
keys = ["kota"]
[[comparisons]]
field = "kota"
levels = ["exact"]
[[comparisons]]
levels = []
[rarity]
features = ["kota"]
common = 7
"""


def test_faults_of_form_say_what_was_got_and_what_is_accepted() -> None:
    with pytest.raises(ModelError) as caught:
        parse_model(FORM)
    wanted = {
        "heavy: ": ("greater than or equal to 4", "(line 2)"),
        "colour: ": ("accepted: name, description, key, pairs", "(line 3)"),
        "fields.nama.typ: ": ("accepted: column, normalize, type, identifier", "(line 6)"),
        "fields.kota.type: ": ("'text', 'tokens', 'date' or 'number'; got 'txt'", "(line 9)"),
        "comparisons.1.field: ": ("is required", "(line 15)"),
        "comparisons.1.levels: ": ("at least 1 item", "(line 16)"),
        "rarity.common: ": ("less than or equal to 1; got '7'", "(line 19)"),
    }
    for start, parts in wanted.items():
        (fault,) = [fault for fault in caught.value.faults if fault.startswith(start)]
        assert all(part in fault for part in parts), fault
    assert len(caught.value.faults) == len(wanted)


def test_faults_of_form_and_of_meaning_come_together() -> None:
    text = PEOPLE.replace('field = "city"', 'field = "town"\ncolour = "red"', 1).replace(
        "[[blocking]]", "[[blocking]]\nk = 1", 1
    )
    with pytest.raises(ModelError) as caught:
        parse_model(text)
    said = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 3
    assert "comparisons.1.colour: unknown key" in said
    assert "blocking.0.k: unknown key" in said
    assert "names field 'town'; the model has name, city, born" in said


def test_what_is_no_toml_is_said_with_its_place() -> None:
    with pytest.raises(ModelError, match=r"not TOML.*line 2"):
        parse_model('name = "t"\nfields = = 3\n')


def test_a_model_without_a_way_to_candidates_is_refused() -> None:
    text = PEOPLE.split("[[blocking]]")[0] + '[[comparisons]]\nfield = "city"\nlevels = ["exact"]\n'
    with pytest.raises(ModelError, match="no way to candidates"):
        parse_model(text)


@pytest.mark.parametrize("groups", ['[["city", "town"]]', '[["city", "born"], ["city", "beds"]]'])
def test_a_group_names_comparisons_once(groups: str) -> None:
    with pytest.raises(ModelError, match="must name one comparison, once; comparisons are name, city, born") as caught:
        parse_model(f"groups = {groups}\n{PEOPLE.split(chr(10), 1)[1]}")
    assert len(caught.value.faults) == 1


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    for name in ("absent.toml", "latin.toml", "."):
        with pytest.raises(InputRefused, match="cannot be read"):
            load_model(tmp_path / name)


def test_the_hospital_model_and_the_model_of_these_tests_are_sound() -> None:
    assert load_model(HOSPITALS).name == "hospitals"
    assert [tuple(spec.label for spec in block) for block in people_model().blocks()] == [
        ("name",),
        ("city",),
        ("born",),
        ("street", "beds"),
        ("code",),
    ]


def test_the_digest_is_of_the_meaning_not_of_the_layout() -> None:
    other = parse_model("# a remark\n" + PEOPLE.replace("\n", "\n\n"))
    assert other.digest() == people_model().digest()
    assert parse_model(PEOPLE.replace("cut = 6.0", "cut = 6.5")).digest() != people_model().digest()


@pytest.mark.parametrize(
    "text", ["", "a b", "first(a)", "first(a, 0)", "last(a, -1)", "each(a, 2)", "first(a, 2", "up(a)"]
)
def test_bad_keys_are_named_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not one of NAME, first\(NAME, n\)"):
        parse_key(text)


@pytest.mark.parametrize(
    "text", ["city", "first(city, 4)", "last(city, 2)", "each(city)", "year(city)", "metaphone(city)"]
)
def test_keys_read_back_as_written(text: str) -> None:
    assert str(parse_key(text)) == text
    assert parse_key(f" {text} ").field == "city"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("same", "text"),
        ("jaro >= 1.1", "text"),
        ("jaro <= 0.9", "text"),
        ("overlap >= 2", "tokens"),
        ("exact", "tokens"),
        ("years >= 1", "date"),
        ("within -1", "number"),
        ("within", "number"),
        ("", "text"),
    ],
)
def test_bad_levels_are_named_with_what_is_accepted(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match=f"does not fit a field of type '{kind}'; accepted: "):
        parse_level(text, kind)
