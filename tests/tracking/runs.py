"""Trials to be logged, and runs read back through a client of their own."""

from pathlib import Path

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Run

from study.tracking import Store
from study.trial import TrialRecord
from tests.preloaded import Python

PNG = b"\x89PNG not really"


def make_record(state="complete", train=(3.0, 2.0, 1.0), targets=1, **changes) -> TrialRecord:
    train = np.array(train)
    values = {
        "number": 7,
        "state": state,
        "params": {"beta": np.float64(0.912), "eta": 0.31, "schedule": "cosine"},
        "train_loss": train,
        "val_loss": train * 1.1,
        "floor": 0.9,
        "objective": float(train[-1]) * 1.1 if state == "complete" else None,
        "epochs_to_target": 3 if state == "complete" else None,
        "feature_names": ["a", "b"],
        "target_names": [f"y{k}" for k in range(targets)],
        "coef": np.arange(2 * targets * 2, dtype=float).reshape(2, targets, 2),
        "intercept": np.ones((2, targets)),
    }
    return TrialRecord(**values | changes)


def run_trial(store: Store, study_id: str, record: TrialRecord, pngs: dict[str, bytes] | None = None) -> str:
    run_id = store.start_trial(study_id, record.number, record.params)
    store.end_trial(run_id, record, {"plots/loss_curve.png": PNG} if pngs is None else pngs)
    return run_id


def read(store: Store, run_id: str) -> Run:
    return MlflowClient(store.uri).get_run(run_id)


def artifact(store: Store, run_id: str, path: str) -> bytes:
    return Path(MlflowClient(store.uri).download_artifacts(run_id, path)).read_bytes()


def in_a_killed_process(store: Store, code: str) -> list[str]:
    """Run lines that use a `store` in another process, kill that, and return what the lines printed."""
    begin = "from study.tracking.guidance_store import GuidanceStore\n"
    open_store = f"store = GuidanceStore({store.uri!r}, {str(store.artifact_root)!r})\n"
    end = "\nprint('done', flush=True)\nimport time; time.sleep(60)"
    with Python(Path.cwd(), begin + open_store + code + end) as process:
        printed = []
        for line in process.stdout:
            if line == "done\n":
                break
            printed.append(line.strip())
        process.kill()
    return printed
