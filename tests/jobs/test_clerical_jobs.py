"""A sample of a linked home: drawn, answered by somebody who knows, weighed; and every way the file can come back."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from mdi_engine.errors import Conflict, InputRefused, NotFound, UsageError
from mdi_engine.jobs.answers import EntityAnswers, evaluate_answers
from mdi_engine.jobs.clerical import design_path, draw_entity, read_design
from mdi_engine.jobs.evaluate import evaluate_entity
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.judging import judging
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.population import believe
from mdi_engine.jobs.sheet import read_sheet
from mdi_engine.jobs.train import train_entity
from mdi_engine.settings import Settings

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"
TRUTH = SAMPLES / "truth" / "facility.csv"
Row = dict[str, str]


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with linked hospitals. Not to be changed: `home` gives a copy."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    ingest(settings, "sirs", [SAMPLES / "sirs" / "sirs_2021.csv"])
    ingest(settings, "pusdatin", [SAMPLES / "pusdatin" / "pusdatin_2022.csv"])
    train_entity(settings, "facility")
    link_entity(settings, "facility")
    return settings


@pytest.fixture(scope="module")
def judged(linked: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of 120 pairs with right answers. Not to be changed: `sheet` gives a copy."""
    path = tmp_path_factory.mktemp("sheet") / "pairs.csv"
    draw_entity(linked, "facility", path, pairs=120)
    change(path, answer_rightly)
    return path


@pytest.fixture
def sheet(judged: Path, tmp_path: Path) -> Path:
    for place in (judged, design_path(judged)):
        shutil.copy(place, tmp_path / place.name)
    return tmp_path / judged.name


@pytest.fixture
def home(linked: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(linked.home, tmp_path / "copy")
    return Settings(home=tmp_path / "copy")


def change(path: Path, how: Callable[[list[Row]], Iterable[Row]]) -> None:
    """Read the file, change its rows, write it again."""
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    changed = list(how(rows))
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(changed)


def answer_rightly(rows: list[Row]) -> list[Row]:
    with TRUTH.open(encoding="utf-8") as file:
        true = {(row["source"], row["source_key"]): row["entity"] for row in csv.DictReader(file)}
    for row in rows:
        same = true[row["source_a"], row["key_a"]] == true[row["source_b"], row["key_b"]]
        row["answer"] = "same" if same else "different"
    return rows


def refused(settings: Settings, path: Path, *words: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        evaluate_answers(settings, "facility", path)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_right_answers_hold_what_the_truth_says(linked: Settings, judged: Path) -> None:
    found = evaluate_answers(linked, "facility", judged)
    true = evaluate_entity(linked, "facility", TRUTH).evaluation
    assert found.linked.pairs == true.found_pairs
    precision, recall = found.linked.precision, found.linked.recall_of_candidates
    assert precision is not None
    assert recall is not None
    assert precision.lower <= true.pairwise.precision <= precision.upper
    assert recall.lower <= true.pairwise.recall <= recall.upper
    assert precision.low == pytest.approx(true.pairwise.precision, abs=0.1)
    assert found.judged == 120
    assert json.loads(json.dumps(found.to_dict()))["thresholds"][0]["figures"]["pairs"] > 0
    assert {row.group for row in found.subgroups} >= {"no name_core", "one word in name_core"}
    assert all(0 < row.judged < found.judged for row in found.subgroups)


def test_the_file_is_private_and_its_design_holds_no_value(judged: Path, tmp_path: Path, linked: Settings) -> None:
    path = tmp_path / "more.csv"
    design = draw_entity(linked, "facility", path, pairs=60)
    assert path.stat().st_mode & 0o777 == design_path(path).stat().st_mode & 0o777 == 0o600
    told = design_path(path).read_text("utf-8")
    rows = read_sheet(path)
    assert len(rows) == len(design.pairs) == 60
    assert not any(row.cells["name_a"] in told or row.cells["key_a"] in told for row in rows)
    assert "weight" not in path.read_text("utf-8").split("\n")[0]
    assert read_design(path) == design


def test_the_same_seed_draws_the_same_pairs_and_another_seed_others(linked: Settings, tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, seed in zip(names, (3, 3, 4), strict=True):
        draw_entity(linked, "facility", path, pairs=50, seed=seed)
    one, two, other = (path.read_bytes() for path in names)
    assert one == two != other


def test_nothing_is_written_over(linked: Settings, sheet: Path) -> None:
    before = sheet.read_bytes()
    with pytest.raises(UsageError, match="may hold answers"):
        draw_entity(linked, "facility", sheet)
    assert sheet.read_bytes() == before
    with pytest.raises(UsageError, match=r"\.csv"):
        draw_entity(linked, "facility", sheet.with_suffix(".xlsx"))


def test_answers_may_be_indonesian_and_come_from_a_spreadsheet(linked: Settings, sheet: Path) -> None:
    before = evaluate_answers(linked, "facility", sheet)
    words = {"same": " SAMA ", "different": "Beda"}
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8"), newline="")))
    lines = [";".join(rows[0])]
    for row in reversed(rows):
        row["answer"] = words[row["answer"]]
        lines.append(";".join(f'"{cell}"' for cell in row.values()))
    sheet.write_bytes(("\ufeff" + "\r\n".join(lines)).encode("utf-8"))
    assert evaluate_answers(linked, "facility", sheet) == before


def with_answer(rows: list[Row], answer: str) -> list[Row]:
    rows[3]["answer"] = answer
    return rows


def with_another_name(rows: list[Row]) -> list[Row]:
    rows[3]["name_a"], rows[4]["name_a"] = rows[4]["name_a"] + " X", rows[3]["name_a"]
    return rows


def with_unknown(rows: list[Row]) -> list[Row]:
    return [*rows, {**rows[0], "pair": rows[0]["pair"].split("-")[0] + "-999"}]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda rows: with_answer(rows, ""), ["without an answer: 1", "-004"]),
        (lambda rows: with_answer(rows, "maybe"), ["answers that are none: 1", "sama, beda, ragu"]),
        (lambda rows: [*rows, rows[2]], ["stand twice: 1", "-003"]),
        (lambda rows: rows[:-2], ["row is gone: 2"]),
        (with_unknown, ["unknown pairs: 1", "-999"]),
        (with_another_name, ["not those that were drawn: 2", "sort whole rows"]),
    ],
    ids=["missing", "no answer", "doubled", "gone", "unknown", "edited"],
)
def test_a_file_that_came_back_wrong_is_refused(
    linked: Settings, sheet: Path, how: Callable[[list[Row]], list[Row]], words: list[str]
) -> None:
    change(sheet, how)
    refused(linked, sheet, *words)


def test_one_sorted_column_is_seen(linked: Settings, sheet: Path) -> None:
    def sort_names(rows: list[Row]) -> list[Row]:
        names = sorted(row["name_a"] for row in rows)
        return [{**row, "name_a": name} for row, name in zip(rows, names, strict=True)]

    change(sheet, sort_names)
    refused(linked, sheet, "not those that were drawn")


def test_dates_and_numbers_that_a_spreadsheet_rewrote_do_not_matter(linked: Settings, sheet: Path) -> None:
    before = evaluate_answers(linked, "facility", sheet)

    def rewrite(rows: list[Row]) -> list[Row]:
        return [{**row, "key_a": row["key_a"].lstrip("0") + "0"} for row in rows]

    change(sheet, rewrite)
    assert evaluate_answers(linked, "facility", sheet) == before


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "pair\n1\n", 'pair,answer\n"1\n'], ids=["none", "other", "no", "odd"]
)
def test_what_is_no_sheet_is_refused(linked: Settings, sheet: Path, text: str) -> None:
    sheet.write_text(text)
    with pytest.raises((InputRefused, Conflict)):
        evaluate_answers(linked, "facility", sheet)


def test_a_sample_belongs_to_its_design_its_entity_and_its_home(
    linked: Settings, home: Settings, sheet: Path, tmp_path: Path
) -> None:
    with pytest.raises(Conflict, match="of facility, not of patient"):
        evaluate_answers(linked, "patient", sheet)
    other = tmp_path / "other.csv"
    draw_entity(linked, "facility", other, pairs=50, seed=9)
    shutil.copy(sheet, other)
    with pytest.raises(Conflict, match="another sample"):
        evaluate_answers(linked, "facility", other)
    strange = Settings(home=tmp_path / "strange")
    ingest(strange, "sirs", [SAMPLES / "sirs" / "sirs_2021.csv"])
    with pytest.raises(Conflict, match="not drawn from the home"):
        evaluate_answers(strange, "facility", sheet)
    design_path(sheet).write_text('{"format": 99}')
    with pytest.raises(InputRefused, match="another version"):
        evaluate_answers(linked, "facility", sheet)
    design_path(sheet).unlink()
    with pytest.raises(NotFound, match="cannot be weighed"):
        evaluate_answers(linked, "facility", sheet)


def cut(path: Path, keep: Callable[[int], bool]) -> Path:
    """The list without some of its rows."""
    lines = (SAMPLES / "sirs" / "sirs_2021.csv").read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for number, line in enumerate(lines) if not number or keep(number)), "utf-8")
    return path


def test_a_withdrawn_record_is_left_out_and_told(home: Settings, sheet: Path, tmp_path: Path) -> None:
    before = evaluate_answers(home, "facility", sheet)
    ingest(home, "sirs", [cut(tmp_path / "sirs.csv", lambda number: number % 20 != 0)], yes=True)
    after = evaluate_answers(home, "facility", sheet)
    assert before.withdrawn == 0
    assert after.withdrawn > 0
    assert after.judged + after.withdrawn == before.judged
    ingest(home, "sirs", [SAMPLES / "sirs" / "sirs_2021.csv"], yes=True)
    again = evaluate_answers(home, "facility", sheet)
    assert (again.judged, again.withdrawn) == (before.judged, 0)
    assert again.changed == after.withdrawn


def test_other_parameters_in_force_make_a_sample_worthless(home: Settings, sheet: Path, tmp_path: Path) -> None:
    ingest(home, "sirs", [cut(tmp_path / "sirs.csv", lambda number: number % 11 != 0)], yes=True)
    train_entity(home, "facility")
    evaluate_answers(home, "facility", sheet)  # trained is not in force yet
    link_entity(home, "facility")
    with pytest.raises(Conflict, match=r"version 1; in force\s+is version 2"):
        evaluate_answers(home, "facility", sheet)


def test_unsure_answers_widen_what_is_said(linked: Settings, sheet: Path) -> None:
    before = evaluate_answers(linked, "facility", sheet)

    def doubt(rows: list[Row]) -> list[Row]:
        return [{**row, "answer": "ragu"} if number % 4 == 0 else row for number, row in enumerate(rows)]

    change(sheet, doubt)
    after = evaluate_answers(linked, "facility", sheet)
    assert after.unsure == 30
    for one, other in zip(_shown(before), _shown(after), strict=True):
        assert other[2] <= one[2]
        assert one[3] <= other[3]
    assert any(low < high for low, high, *_ in _shown(after))


def _shown(found: EntityAnswers) -> list[tuple[float, float, float, float]]:
    both = (found.linked.precision, found.linked.recall)
    return [(each.low, each.high, each.lower, each.upper) for each in both if each is not None]


def test_an_answer_is_kept_at_once_and_can_be_taken_back(linked: Settings, sheet: Path) -> None:
    change(sheet, lambda rows: [{**row, "answer": ""} for row in rows])
    session = judging(linked, "facility", sheet)
    assert len(session.waiting()) == 120
    session.answer(5, "unsure")
    assert len(judging(linked, "facility", sheet).waiting()) == 119
    session.answer(5, None)
    assert len(judging(linked, "facility", sheet).waiting()) == 120
    assert sheet.stat().st_mode & 0o777 == 0o600
    row, found = session.rows[7], session.waterfall(7)
    assert found.left == f"{row.cells['source_a']}:{row.cells['key_a']}"
    assert found.weight == found.prior + sum(step.weight for step in found.steps)


def test_the_belief_of_the_model_falls_with_the_threshold_and_adds_up(linked: Settings) -> None:
    found = believe(linked, "facility", precision=0.95, recall=0.9)
    shares = [(row.precision, row.recall) for row in found.expected]
    assert all(p is not None and r is not None and 0 <= p <= 1 and 0 <= r <= 1 for p, r in shares)
    assert shares == sorted(shares, key=lambda pair: (pair[0] or 0, -(pair[1] or 0)))
    assert found.band.match is not None
    assert found.expected[0].pairs + found.weak_pairs + found.uncovered_pairs == 247 * 241  # pairs of two sources


def test_before_the_first_link_there_is_nothing_to_draw(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    ingest(settings, "sirs", [SAMPLES / "sirs" / "sirs_2021.csv"])
    with pytest.raises(NotFound, match="never linked"):
        draw_entity(settings, "facility", tmp_path / "pairs.csv")
    assert not (tmp_path / "pairs.csv").exists()
