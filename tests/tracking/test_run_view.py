"""A run as the rest of the package sees it."""

from mlflow.entities import Metric, Param, Run, RunData, RunInfo, RunTag

from study.tracking import RunView


def make_run(tags):
    info = RunInfo("id", "1", "user", "RUNNING", 0, None, "active", run_name="a name")
    marks = [RunTag(key, value) for key, value in tags.items()]
    return Run(info, RunData([Metric("objective", 1.5, 0, 0)], [Param("eta", "0.1")], marks))


def test_a_trials_view_has_its_number_and_state():
    view = RunView.of(make_run({"study.trial_number": "12", "study.state": "pruned"}))
    assert (view.number, view.state) == (12, "pruned")
    assert (view.run_id, view.name, view.status) == ("id", "a name", "RUNNING")
    assert (view.params, view.metrics) == ({"eta": "0.1"}, {"objective": 1.5})


def test_a_studys_view_has_neither():
    view = RunView.of(make_run({"study.kind": "study"}))
    assert (view.number, view.state) == (None, None)
    assert view.tags == {"study.kind": "study"}
