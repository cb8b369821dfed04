"""Every script of examples/ runs to its end, and does what its text says."""

import runpy
from pathlib import Path

import mlflow
import numpy as np
from matplotlib.figure import Figure

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name, stores, monkeypatch):
    monkeypatch.chdir(stores)
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def test_there_are_no_other_examples():
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.name != "__pycache__") == [
        "guidance.py", "mini_batches.py", "own_table.py",
    ]  # fmt: skip


def test_every_example_is_in_cells_that_begin_with_its_title():
    for path in EXAMPLES.glob("*.py"):
        first, second, *_ = path.read_text(encoding="utf-8").splitlines()
        assert first == "# %% [markdown]"
        assert second.startswith("# # ")
        assert "\n# %%\n" in path.read_text(encoding="utf-8")


def test_a_table_of_your_own(stores, monkeypatch, capsys):
    found = run_example("own_table", stores, monkeypatch)
    result = found["result"]
    assert len(result.trials) == 8
    assert isinstance(result.plot_plane(), Figure)
    assert {"sex_first", "sex_second"} <= {*result.summary.weights.feature_names}
    client = mlflow.MlflowClient(f"sqlite:///{stores}/mlruns/mlflow.db")
    assert client.get_model_version_by_alias("progression", "champion").run_id == result.run_id
    printed = capsys.readouterr().out
    assert f"κ = {found['advice'].condition:.4g}" in printed
    assert "held-out test loss" in printed


def test_mini_batches(stores, monkeypatch, capsys):
    found = run_example("mini_batches", stores, monkeypatch)
    advice = found["advice"]
    assert [batch.batch_size for batch in advice.batches] == [8, 16, 32, 128]
    # A limit is lower where a batch says less.
    limits = [batch.limit_with_momentum for batch in advice.batches]
    assert limits == sorted(limits)
    assert limits[-1] < advice.limit_with_momentum
    assert found["optimum"].is_expected
    assert len(found["result"].trials) == 10
    assert capsys.readouterr().out.startswith("full batch: stable at β = 0.9 for η < ")


def test_the_guidance(stores, monkeypatch, capsys):
    before = [path for path in stores.rglob("*") if path.is_file()]
    found = run_example("guidance", stores, monkeypatch)
    assert len(found["known"]) == 18
    np.testing.assert_allclose(found["effects"]["effect"].mean(), found["graded"].effect)
    assert "depends: +0.4" in capsys.readouterr().out
    assert [path for path in stores.rglob("*") if path.is_file()] == before
