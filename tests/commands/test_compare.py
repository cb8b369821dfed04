"""`study compare`: two studies of a store."""

import shutil

import pytest

from study.commands.compare import compare, table
from study.errors import ConfigError, UserError
from study.tracking import Store
from tests.summaries import make_summary

CONFIG = {"name": "tiny", "seed": 0, "model": {"alpha": 0.0, "batch_size": None}, "storage": {"optuna": "a"}}


@pytest.fixture(scope="module")
def uri(empty_stores, tmp_path_factory):
    """A store with two studies that have ended, and one that has not."""
    folder = tmp_path_factory.mktemp("compare")
    shutil.copytree(empty_stores, folder / "mlruns")
    uri = f"sqlite:///{folder}/mlruns/mlflow.db"
    store = Store(uri)
    for changes in ({}, {"model": {"alpha": 0.5, "batch_size": 8}, "storage": {"optuna": "b"}}):
        run_id = store.start_study("tiny", CONFIG | changes, {"study.version.numpy": "2.0"})
        summary = make_summary(study="tiny", run_id=run_id).to_json()
        store.end_study(run_id, summary, {}, report="", pngs={"plots/plane.png": b"png"}, note="")
    store.start_study("open", {}, {})
    return uri


@pytest.fixture(scope="module")
def run_ids(uri):
    """The ids of the runs of tiny#1 and tiny#2."""
    return [study.run_id for study in reversed(Store(uri).find_studies("tiny"))]


def test_two_studies_are_found_by_number_name_and_run(uri, run_ids):
    for names in (("tiny#1", "tiny#2"), ("tiny #1", "tiny"), tuple(run_ids)):
        studies = compare(uri, names)
        assert [study.name for study in studies] == ["tiny#1", "tiny#2"]
        assert [study.summary for study in studies] == [
            make_summary(study="tiny", run_id=run_id) for run_id in run_ids
        ]


def test_the_terminal_shows_what_differs_but_not_where_the_studies_were_recorded(uri):
    lines = table(compare(uri, ("tiny#1", "tiny#2"))).splitlines()
    assert lines[0].split() == ["tiny#1", "tiny#2"]
    assert "held-out test loss             2,903.9" in "\n".join(lines)
    differ = lines[lines.index("What differs:") + 1 :]
    assert [line.split() for line in differ] == [
        ["model.alpha", "0.0", "0.5"],
        ["model.batch_size", "unset", "8"],
    ]


def test_a_study_does_not_differ_from_itself(uri):
    said = table(compare(uri, ("tiny#1", "tiny#1")))
    assert said.endswith("Their configs, data, code and versions are the same.")


def test_the_page_shows_the_planes_of_both_runs_and_links_them(uri, run_ids, tmp_path):
    compare(uri, ("tiny#1", "tiny#2"), tmp_path / "page.html", "zh")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 2
    assert '<html lang="zh-CN">' in page
    for run_id in run_ids:
        assert f"/runs/{run_id}?workflowType=machine_learning" in page


def test_a_study_that_is_not_there_is_named_with_those_that_are(uri):
    newest = "open#1, tiny#2, tiny#1"
    with pytest.raises(ConfigError, match=f"^tiny#9: the store holds no such study; its newest are {newest}"):
        compare(uri, ("tiny#1", "tiny#9"))


def test_a_study_without_results_is_named(uri):
    with pytest.raises(ConfigError, match=r"^open#1: it did not reach its end"):
        compare(uri, ("tiny", "open"))


def test_a_page_that_cannot_be_written_is_said_before_the_store_is_read(tmp_path):
    with pytest.raises(UserError, match="is a folder; name a file"):
        compare("sqlite:////no/such/store.db", ("a", "b"), tmp_path)
