"""A tracked trial (2 × 100 points, weights, two PNGs) on sqlite: ours, the tutorials' way, the least.

Prints milliseconds a trial, the ratio of ours to the tutorials' way, and what a trial's two plots cost if
matplotlib does what `study.figures` does itself. Ways that are compared take turns; the least time of each
counts.
"""

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from study.figures.loss_curve import loss_curve
from study.figures.trial_plots import trial_pngs
from study.figures.weights import weights
from study.tracking import Store
from study.trial import TrialRecord

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from mlflow.entities import Metric, Param, RunTag

EPOCHS, FEATURES, FOLDS = 100, 10, 5
NAMES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
LABELS = "MSE (progression²)", "Weight"


def main(rounds: int = 30, tutorial_every: int = 6) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/mlflow.db")
        study_id = store.start_study("bench", {}, {})
        times: dict[str, list[float]] = {}
        mlflow.set_tracking_uri(store.uri)
        mlflow.set_experiment("bench")
        # The first trial of each pays for imports and figures that all others share.
        for warm in (True, False):
            times.clear()
            for k in range(2 if warm else rounds):
                record = make_record(k)
                timed(times, "ours", lambda r=record: ours(store, study_id, r, times))
                timed(times, "floor", lambda r=record: floor(store, study_id, r, folder))
                if k % tutorial_every == 0:
                    timed(times, "tutorial", lambda r=record: tutorial(r))
        report(times)
    report_plots(time_plots(rounds))


def make_record(number: int) -> TrialRecord:
    """A trial such as diabetes gives."""
    rng = np.random.default_rng(number)
    beta, eta = 1 - 10 ** rng.uniform(-3, 0), 10 ** rng.uniform(-3, 0.5)
    epochs = np.arange(1, EPOCHS + 1)
    train = 2850 + 26000 * np.exp(-epochs / rng.uniform(5, 50)) * (1 + 0.3 * np.cos(epochs / 7))
    coef = rng.normal(scale=20, size=(FOLDS, 1, FEATURES))
    params = {"beta": float(beta), "eta": float(eta)}
    return TrialRecord(
        number=number,
        state="complete",
        params=params,
        objective=float(train[-1]),
        train_loss=train,
        val_loss=train * 1.05,
        floor=2846.0,
        epochs_to_target=60,
        feature_names=NAMES,
        target_names=["progression"],
        coef=coef,
        intercept=np.full((FOLDS, 1), 152.0),
    )


def ours(store: Store, study_id: str, record: TrialRecord, times: dict[str, list[float]]) -> None:
    run_id = timed(times, "  open", lambda: store.start_trial(study_id, record.number, record.params))
    pngs = timed(times, "  draw both", lambda: trial_pngs(record, *LABELS))
    with split(store, times):
        store.end_trial(run_id, record, pngs)


@contextmanager
def split(store: Store, times: dict[str, list[float]]) -> Iterator[None]:
    """Time the parts of `end_trial` by what it asks of MLflow."""
    client, names = (
        store.client,
        {"log_batch": "  batch", "log_artifacts": "  artifacts", "set_terminated": "  end"},
    )
    for method, label in names.items():
        inner = getattr(client, method)
        setattr(client, method, lambda *a, _f=inner, _l=label, **k: timed(times, _l, lambda: _f(*a, **k)))
    try:
        yield
    finally:
        for method in names:
            delattr(client, method)


def floor(store: Store, study_id: str, record: TrialRecord, folder: str) -> None:
    """The least that MLflow itself can be asked to do: no drawing, no shaping."""
    client, experiment = store.client, store.client.get_experiment_by_name("bench").experiment_id
    run_id = client.create_run(experiment, tags={"mlflow.parentRunId": study_id}).info.run_id
    curves = (("train_loss", record.train_loss), ("val_loss", record.val_loss))
    metrics = [Metric(key, float(v), 0, i) for key, values in curves for i, v in enumerate(values, 1)]
    params = [Param(key, str(value)) for key, value in record.params.items()]
    client.log_batch(run_id, metrics, params, [RunTag("study.state", "complete")])
    files = Path(folder, "files", "plots")
    files.mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "b.png", "../weights.json"):
        (files / name).write_bytes(b"0" * 20_000)
    client.log_artifacts(run_id, str(files.parent))
    client.set_terminated(run_id)


def tutorial(record: TrialRecord) -> None:
    """The same, as the tutorials log it."""
    with mlflow.start_run(nested=True, run_name=f"trial {record.number}"):
        mlflow.log_params(record.params)
        for epoch, (train, val) in enumerate(zip(record.train_loss, record.val_loss, strict=True), 1):
            mlflow.log_metric("train_loss", train, step=epoch)
            mlflow.log_metric("val_loss", val, step=epoch)
        mlflow.log_metric("objective", record.objective)
        mlflow.log_metric("epochs_to_target", record.epochs_to_target)
        mlflow.set_tag("study.state", record.state)
        mlflow.log_dict({"features": NAMES, "coef": record.coef.tolist()}, "weights.json")
        curve = Figure()
        axes = curve.subplots()
        axes.plot(record.train_loss, label="train")
        axes.plot(record.val_loss, label="validation")
        axes.set(xlabel="Epochs", ylabel="MSE", yscale="log", title="Training loss")
        axes.legend()
        mlflow.log_figure(curve, "plots/loss_curve.png")
        bars = Figure()
        axes = bars.subplots()
        axes.barh(NAMES, record.coef.mean(axis=(0, 1)))
        axes.set(xlabel="Weight", title="Weights")
        mlflow.log_figure(bars, "plots/weights.png")


def time_plots(rounds: int) -> dict[str, list[float]]:
    """Time a trial's two plots, drawn in each way in turn."""
    times: dict[str, list[float]] = {}
    ways = {
        "as they are drawn": trial_pngs,
        "  PNG by Pillow, level 1": _with_pillow,
        "  ticks placed beforehand": _with_fixed_ticks,
        "  figures built anew": _built_anew,
        "  built anew, figure.savefig": _saved_by_matplotlib,
    }
    for warm in (True, False):
        times.clear()

        for k in range(2 if warm else rounds):
            record = make_record(k)
            for name, draw in ways.items():
                timed(times, name, lambda d=draw, r=record: d(r, *LABELS))
    return times


def _with_pillow(record: TrialRecord, *labels: str) -> None:
    """The same pixels, encoded by matplotlib's library at its fastest level."""

    def encode(canvas: FigureCanvasAgg) -> bytes:
        content = io.BytesIO()
        Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3]).save(content, "png", compress_level=1)
        return content.getvalue()

    with mock.patch("study.figures.redrawn.encode", encode):
        trial_pngs(record, *labels)


def _with_fixed_ticks(record: TrialRecord, *labels: str) -> None:
    """No search for places of ticks and no formatting: more than code of our own for ticks could save."""

    def set_locator(axis: Axis, *_: Any) -> None:
        axis.set_ticks(np.linspace(*axis.get_view_interval(), 6), ["1000"] * 6)
        axis.set_ticks([], minor=True)

    with mock.patch("study.figures.style.set_locator", set_locator):
        trial_pngs(record, *labels)


def _built_anew(record: TrialRecord, *labels: str) -> None:
    with mock.patch("study.figures.redrawn._built", {}):
        trial_pngs(record, *labels)


def _saved_by_matplotlib(record: TrialRecord, *labels: str) -> None:
    for figure in (loss_curve(record, labels[0]), weights(record, labels[1])):
        figure.savefig(io.BytesIO(), format="png")


def report_plots(times: dict[str, list[float]]) -> None:
    """Print each way's least time, and what drawing as it is done saves beside it."""
    now = min(times["as they are drawn"])
    print(f"\n{'a trial’s two plots':<30}{'least':>9}{'saved':>9}")
    for name, found in times.items():
        print(f"{name:<30}{min(found):>9.1f}{1 - now / min(found):>9.0%}")


def timed(times: dict[str, list[float]], name: str, work: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    result = work()
    times.setdefault(name, []).append(1000 * (time.perf_counter() - began))
    return result


def report(times: dict[str, list[float]]) -> None:
    order = ["tutorial", "floor", "ours", *(name for name in times if name.startswith("  "))]
    print(f"{'ms a trial':<16}{'least':>9}{'median':>9}")
    for name in order:
        print(f"{name:<16}{min(times[name]):>9.1f}{np.median(times[name]):>9.1f}")
    least, median = (f(times["tutorial"]) / f(times["ours"]) for f in (min, np.median))
    print(f"\nours over the tutorials' way: {least:.1f}× by least, {median:.1f}× by median (mark: 10×)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
