"""Splink 5 on DuckDB, with the settings of its authors' examples: run_splink.py WORK FILE FOLDER (see peer.py).

For patients, which its authors do not know: the rules and comparisons of benchmarks/models/patients.toml; term
frequencies where the values are names; training as their guide says. `patients_N_tight` takes patients_tight.toml.
With SPLINK_ALSO=1 the run is not timed: it counts the pairs of the rules, and clusters at all of THRESHOLDS, too, into
`clusters_0.5.parquet` and so on, so that the best can be found on the truth, in Splink's favour.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import splink.comparison_library as cl  # type: ignore[import-not-found]
from peer import Run
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLDS = (0.5, 0.8, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class Setting:
    """What is asked of Splink for one work. `recall` is the authors' guess of what `sure` rules find."""

    comparisons: Sequence[Any]
    blocking: Sequence[Any]
    sure: Sequence[Any]
    recall: float
    trained_on: Sequence[Any]
    cluster_at: float
    sampled_pairs: float = 1e7
    em: dict[str, bool] = field(default_factory=dict)
    columns: str = "* EXCLUDE (cluster)"
    predict_from: float = 0.5


def patients(tight: bool) -> Setting:
    """The models patients.toml and patients_tight.toml."""
    first = "substr(name, 1, 4)"
    wide = [["nik"], ["phone"], ["birth_date"], [first, "kabkota"], ["name", "mother"]]
    narrow = [["nik"], ["phone"], [first, "birth_date"], ["name", "mother"]]
    return Setting(
        comparisons=[
            cl.DamerauLevenshteinAtThresholds("nik", 1),
            cl.JaroWinklerAtThresholds("name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("birth_date", 1),
            cl.ExactMatch("sex"),
            cl.JaroWinklerAtThresholds("mother", 0.88).configure(term_frequency_adjustments=True),
        ],
        blocking=[block_on(*keys) for keys in (narrow if tight else wide)],
        sure=[block_on("nik"), block_on("name", "birth_date", "mother")],
        recall=0.7,
        trained_on=[block_on("nik"), block_on("birth_date", first)],
        cluster_at=0.95,
        em={"estimate_without_term_frequencies": True},
    )


def historical_50k() -> Setting:
    """The example "Linking a dataset of real historical persons"."""
    area = "substr(postcode_fake, 1, 3)"
    rules = [
        ["substr(first_name, 1, 3)", "substr(surname, 1, 4)"],
        ["surname", "dob"],
        ["first_name", "dob"],
        ["postcode_fake", "first_name"],
        ["postcode_fake", "surname"],
        ["dob", "birth_place"],
        [area, "dob"],
        [area, "first_name"],
        [area, "surname"],
        ["substr(first_name, 1, 2)", "substr(surname, 1, 2)", "substr(dob, 1, 4)"],
    ]
    return Setting(
        comparisons=[
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        blocking=[block_on(*keys) for keys in rules],
        sure=[
            block_on("first_name", "surname", "dob"),
            block_on("substr(first_name, 1, 2)", "surname", "substr(postcode_fake, 1, 2)"),
            block_on("dob", "postcode_fake"),
        ],
        recall=0.6,
        trained_on=[block_on("first_name", "surname"), block_on("dob")],
        cluster_at=0.95,
        em={"estimate_without_term_frequencies": True},
        columns="* EXCLUDE (cluster), first_name || ' ' || surname AS first_name_surname_concat",
    )


def fake_1000() -> Setting:
    """The tutorial."""
    return Setting(
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking=[block_on("first_name", "city"), block_on("surname")],
        sure=[
            block_on("first_name", "dob"),
            "l.first_name = r.first_name AND levenshtein(r.surname, l.surname) <= 2",
            block_on("email"),
        ],
        recall=0.7,
        trained_on=[block_on("first_name", "surname"), block_on("dob")],
        cluster_at=0.2,
        sampled_pairs=2e6,
        predict_from=0.1,
    )


def febrl() -> Setting:
    """The example for the third set; it stops at pairs, those of the fourth are clustered at .99."""
    names = ["given_name", "surname", "date_of_birth"]
    return Setting(
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocking=[block_on(name) for name in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")],
        sure=[
            block_on("soc_sec_id"),
            block_on(*names),
            "l.given_name = r.surname AND l.surname = r.given_name AND l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
        trained_on=[block_on("date_of_birth"), block_on("postcode")],
        cluster_at=0.99,
        sampled_pairs=1e6,
        predict_from=0.2,
    )


def setting_of(work: str) -> Setting:
    """The settings of a work. Raises KeyError for one that has none."""
    if work.startswith("patients"):
        return patients(work.endswith("tight"))
    if work.startswith("febrl"):
        return febrl()
    return {"historical_50k": historical_50k, "fake_1000": fake_1000}[work]()


def trained(linker: Any, setting: Setting) -> None:
    """The share of matches from sure rules, u from random pairs, m by EM on two rules."""
    linker.training.estimate_probability_two_random_records_match(list(setting.sure), recall=setting.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=setting.sampled_pairs)
    for rule in setting.trained_on:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, **setting.em)


def main() -> int:
    """Link, and write what was found."""
    run = Run("splink")
    logging.getLogger("splink").setLevel(logging.ERROR)
    setting = setting_of(run.work)
    api = DuckDBAPI()
    con = api.duckdb_con
    with run.stage("load"):
        con.execute(f"CREATE TABLE records AS SELECT {setting.columns} FROM read_parquet(?)", [str(run.file)])
        linker = Linker(
            api.register(con.table("records")),
            SettingsCreator(
                link_type="dedupe_only",
                unique_id_column_name="record_id",
                comparisons=list(setting.comparisons),
                blocking_rules_to_generate_predictions=list(setting.blocking),
                retain_matching_columns=False,
                retain_intermediate_calculation_columns=False,
            ),
        )
    with run.stage("train"):
        trained(linker, setting)
    with run.stage("score"):
        found = linker.inference.predict(threshold_match_probability=setting.predict_from)
    with run.stage("cluster"):
        clusters = clustered(linker, found, setting.cluster_at)
    with run.stage("write"):
        write(clusters, run.folder / "clusters.parquet")
    facts: dict[str, Any] = {"pairs_kept": rows_of(found), "clustered_at": setting.cluster_at}
    if os.environ.get("SPLINK_ALSO"):
        for threshold in THRESHOLDS:
            write(clustered(linker, found, threshold), run.folder / f"clusters_{threshold}.parquet")
        facts["candidate_pairs"] = rows_of(linker.inference.compute_blocked_pairs_for_predict())
    run.tell(**facts)
    return 0


def clustered(linker: Any, found: Any, threshold: float) -> Any:
    """Connected components of the pairs that are at least so likely."""
    return linker.clustering.cluster_pairwise_predictions_at_threshold(found, threshold_match_probability=threshold)


def write(clusters: Any, path: Path) -> None:
    """The cluster of each record, as Parquet."""
    rows = clusters.as_duckdbpyrelation().project("record_id, cast(cluster_id AS VARCHAR) AS cluster_id")
    rows.write_parquet(str(path))


def rows_of(table: Any) -> int:
    """How many rows a table of Splink has."""
    return int(table.as_duckdbpyrelation().aggregate("count(*)").fetchall()[0][0])


if __name__ == "__main__":
    raise SystemExit(main())
