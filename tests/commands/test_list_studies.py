"""`study list`: what it says of each study of a store."""

from datetime import UTC, datetime

import pytest

from study.commands.list_studies import StudyEntry, list_studies, table
from study.errors import ConfigError
from study.tracking import Store
from tests.commands.records import query
from tests.summaries import make_summary


def test_a_study_is_listed_with_its_results_and_its_trials_by_state(stores):
    uri = f"sqlite:///{stores}/mlruns/mlflow.db"
    store = Store(uri)
    run_id = store.start_study("tiny", {}, {})
    for number in range(2):
        store.fail_trial(store.start_trial(run_id, number, {"beta": 0.9, "eta": 0.1}), "an error")
    metrics = {"best_objective": 2.0, "note_regret": 0.5, "test_loss": 3.0}
    store.end_study(run_id, make_summary().to_json(), metrics, report="", pngs={}, note="")
    ((began,),) = query(
        stores / "mlruns" / "mlflow.db", "SELECT start_time FROM runs WHERE run_uuid = ?", run_id
    )
    assert list_studies(uri) == [
        StudyEntry(
            "tiny",
            1,
            datetime.fromtimestamp(began / 1000, UTC),
            "finished",
            {"failed": 2},
            2.0,
            0.5,
            3.0,
            run_id,
        )
    ]


def test_the_newest_of_all_experiments_comes_first_and_an_open_study_has_no_results(stores):
    uri = f"sqlite:///{stores}/mlruns/mlflow.db"
    store = Store(uri)
    first = store.start_study("b", {}, {})
    store.fail_study(first, "an error")
    second = store.start_study("a", {}, {})
    store.start_trial(second, 0, {"beta": 0.9, "eta": 0.1})
    third = store.start_study("b", {}, {})
    entries = list_studies(uri)
    assert [entry.run_id for entry in entries] == [third, second, first]
    assert [(entry.name, entry.number, entry.status) for entry in entries] == [
        ("b", 2, "running"), ("a", 1, "running"), ("b", 1, "failed"),
    ]  # fmt: skip
    assert [entry.trials for entry in entries] == [{}, {"running": 1}, {}]
    assert {entry.best_objective for entry in entries} == {None}


def test_the_table_is_aligned_and_names_a_study_as_compare_takes_it():
    entries = [
        StudyEntry("houses", 2, datetime(2026, 1, 2, 12, tzinfo=UTC), "finished", {"complete": 9, "diverged": 1},
                   3052.48, 0.5, 12.25, "f" * 32),
        StudyEntry("wine", 1, datetime(2025, 1, 2, 12, tzinfo=UTC), "killed", {}, None, None, None, "a" * 32),
    ]  # fmt: skip
    head, first, second = table(entries).splitlines()
    assert head.split("  ")[0] == "study"
    assert first.startswith("houses#2  2026-01-02 ")
    assert "9 complete, 1 diverged  3,052.48            0.5      12.25  ffff" in first
    assert second.split()[0] == "wine#1"
    assert second.split()[3:] == ["killed", "none", "–", "–", "–", "a" * 32]
    assert len({line.index(word) for line, word in ((head, "run"), (first, "ffff"), (second, "aaaa"))}) == 1


def test_an_empty_store_says_how_to_make_a_study(stores):
    assert "`study run CONFIG`" in table(list_studies(f"sqlite:///{stores}/mlruns/mlflow.db"))


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="does not exist, so it holds no study yet"):
        list_studies(f"sqlite:///{tmp_path}/mlflow.db")
    assert list(tmp_path.iterdir()) == []
