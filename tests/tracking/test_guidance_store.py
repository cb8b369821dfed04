"""The runs of the guidance, read back through a client of their own."""

import json

import numpy as np
import pytest
from mlflow import MlflowClient

from study.tracking.guidance_store import GuidanceStore
from tests.tracking.runs import artifact, in_a_killed_process, read


@pytest.fixture
def store(uri, artifacts):
    return GuidanceStore(uri, artifacts)


@pytest.fixture
def ledger_id(store):
    return store.start_ledger("guidance", {"budget": "quick", "seed": 0}, {"commit": "abc"})


def curve(store, run_id, key):
    history = MlflowClient(store.uri).get_metric_history(run_id, key)
    return sorted((point.step, point.value) for point in history)


def test_a_ledger_opens_with_its_params_and_tags(store, ledger_id):
    run = read(store, ledger_id)
    assert run.info.status == "RUNNING"
    assert run.info.run_name == "guidance #1"
    assert run.data.params == {"budget": "quick", "seed": "0"}
    tags = {"study.kind": "guidance", "study.name": "guidance", "commit": "abc"}
    assert tags.items() <= run.data.tags.items()


def test_ledgers_are_numbered_and_studies_are_not_counted(store, ledger_id):
    store.start_study("guidance", {}, {})
    again = store.start_ledger("guidance", {}, {})
    assert read(store, again).info.run_name == "guidance #2"


def test_the_next_ledger_closes_those_that_were_killed_and_leaves_those_that_run(store, ledger_id):
    code = (
        "ledger = store.start_ledger('guidance', {}, {})\n"
        "experiment = store.client.get_run(ledger).info.experiment_id\n"
        "tags = {'mlflow.parentRunId': ledger, 'study.kind': 'arm'}\n"
        "arm = store.client.create_run(experiment, tags=tags).info.run_id\n"
        "print(ledger, arm, sep='\\n')"
    )
    dead, arm = in_a_killed_process(store, code)
    elsewhere = store.start_ledger("guidance", {}, {"study.host": "another", "study.pid": "1"})
    unknown = store.start_ledger("guidance", {}, {"study.pid": "unknown"})
    assert read(store, dead).info.status == "FAILED"
    assert read(store, dead).data.tags["study.error"] == "the process was killed"
    assert read(store, arm).info.status == "FAILED"
    store.start_ledger("guidance", {}, {})
    for run_id in (ledger_id, elsewhere, unknown):
        assert read(store, run_id).info.status == "RUNNING"


def test_an_arm_is_an_ended_child_with_a_curve_and_raw_values(store, ledger_id):
    x, y = np.array([1.0, 2.0, 5.0]), np.array([3.0, np.nan, 1.0])
    run_id = store.log_arm(ledger_id, "l2 on iris", tags={"study.claim": "l2"}, x=x, y=y, units={"seed": [0]})
    run = read(store, run_id)
    assert run.info.status == "FINISHED"
    tags = {"mlflow.parentRunId": ledger_id, "study.kind": "arm", "study.claim": "l2"}
    assert tags.items() <= run.data.tags.items()
    assert curve(store, run_id, "curve") == [(1, 3.0), (5, 1.0)]
    assert "x" not in run.data.metrics
    assert json.loads(artifact(store, run_id, "units.json")) == {"seed": [0]}


def test_a_curve_whose_x_is_not_whole_keeps_it_as_a_metric(store, ledger_id):
    x, y = np.array([0.1, 0.5, 2.0]), np.array([3.0, 2.0, 1.0])
    run_id = store.log_arm(ledger_id, "arm", tags={}, x=x, y=y, units={})
    assert curve(store, run_id, "curve") == [(0, 3.0), (1, 2.0), (2, 1.0)]
    assert curve(store, run_id, "x") == [(0, 0.1), (1, 0.5), (2, 2.0)]


def test_a_ledger_ends_with_what_it_found(store, ledger_id):
    files = {"guidance.json": b"[]", "plots/l2.png": b"png"}
    store.end_ledger(ledger_id, {"l2": 0.5, "dropout": None}, files, note="**l2**")
    run = read(store, ledger_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"l2": 0.5}
    assert run.data.tags["mlflow.note.content"] == "**l2**"
    assert artifact(store, ledger_id, "guidance.json") == b"[]"
    assert artifact(store, ledger_id, "plots/l2.png") == b"png"


def test_pages_lead_to_the_ledger_and_to_each_claims_curves(store, ledger_id):
    pages = store.claim_pages(ledger_id, ["l2"])
    experiment = read(store, ledger_id).info.experiment_id
    assert pages["run"] == f"#/experiments/{experiment}/runs/{ledger_id}?workflowType=machine_learning"
    assert pages["l2"].startswith(f"#/experiments/{experiment}/runs?")
    assert ledger_id in pages["l2"]
    assert "compareRunsMode=CHART" in pages["l2"]
