"""What watches a fit: scikit-learn's own callback protocol, early stopping, and `verbose`."""

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from study import MomentumRegressor
from tests.conftest import standardised


class Recorder:
    """Keeps what it is told, and stops a fit after so many epochs."""

    def __init__(self, stop_after=None):
        self.tasks, self.scores, self._stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.tasks.append("setup")

    def teardown(self, estimator, context):
        self.tasks.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.tasks.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.tasks.append(f"end {context.task_name}")
        if context.task_name == "epoch":
            self.scores.append(np.mean((y - fitted_estimator.predict(X)) ** 2))
            self.metadata = metadata
            return len(self.scores) == self._stop_after
        return False


@pytest.mark.parametrize("batch_size", [None, 32])
def test_every_epoch_hands_over_an_estimator_that_predicts(batch_size):
    X, y = standardised("diabetes")
    recorder = Recorder()
    model = MomentumRegressor(0.05, batch_size=batch_size, max_iter=6, tol=None, random_state=0)
    model.set_callbacks(recorder).fit(X, y)
    np.testing.assert_allclose(recorder.scores, model.loss_curve_, rtol=1e-10)
    assert recorder.tasks == ["setup", "begin fit", *["begin epoch", "end epoch"] * 6, "end fit", "teardown"]


def test_sample_weights_are_handed_over():
    X, y = standardised("diabetes")
    recorder = Recorder()
    weights = np.linspace(1, 2, len(y))
    MomentumRegressor(0.05, max_iter=1, tol=None).set_callbacks(recorder).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(recorder.metadata["sample_weight"], weights)


def test_a_callback_can_stop_the_fit():
    X, y = standardised("diabetes")
    model = MomentumRegressor(0.05, max_iter=50, tol=None).set_callbacks(Recorder(stop_after=4)).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 4


def test_callbacks_are_torn_down_when_a_fit_diverges():
    X, y = standardised("diabetes")
    recorder = Recorder()
    with pytest.raises(ValueError, match="diverged"):
        MomentumRegressor(1e6).set_callbacks(recorder).fit(X, y)
    assert recorder.tasks[-1] == "teardown"


@pytest.mark.parametrize("max_iter", [9, 90])
@pytest.mark.parametrize("batch_size", [None, 32])
def test_without_callbacks_the_numbers_are_the_same_up_to_rounding(batch_size, max_iter):
    X, y = standardised("diabetes")
    settings = {"eta": 0.05, "batch_size": batch_size, "max_iter": max_iter, "tol": None, "random_state": 0}
    alone = MomentumRegressor(**settings).fit(X, y)
    watched = MomentumRegressor(**settings).set_callbacks(Recorder()).fit(X, y)
    np.testing.assert_allclose(alone.coef_, watched.coef_, rtol=1e-12)
    np.testing.assert_allclose(alone.loss_curve_, watched.loss_curve_, rtol=1e-12)


@pytest.mark.parametrize("where", ["alone", "pipeline", "grid search"])
def test_scikit_learns_scoring_monitor_scores_every_epoch(where):
    X, y = standardised("diabetes")
    monitor = ScoringMonitor(scoring="neg_mean_squared_error")
    model = inner = MomentumRegressor(0.05, max_iter=5, tol=None).set_callbacks(monitor)
    if where != "alone":
        model = make_pipeline(StandardScaler(), model)
    if where == "grid search":
        model = GridSearchCV(model, {"momentumregressor__beta": [0.5, 0.9]}, cv=2)
    model.fit(X, y)
    scores = [
        -row["neg_mean_squared_error"] for row in monitor.get_logs().data if row["task_name"] == "epoch"
    ]
    assert len(scores) == (25 if where == "grid search" else 5)
    if where == "alone":
        np.testing.assert_allclose(scores, inner.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("where", ["alone", "pipeline", "grid search"])
def test_scikit_learns_progress_bar_comes_to_its_end(where, capsys):
    X, y = standardised("diabetes")
    model = MomentumRegressor(0.05, max_iter=5, tol=None)
    if where != "alone":
        model = make_pipeline(StandardScaler(), model)
    if where == "grid search":
        model = GridSearchCV(model, {"momentumregressor__beta": [0.5, 0.9]}, cv=2)
    model.set_callbacks(ProgressBar()).fit(X, y)
    assert "100%" in capsys.readouterr().out


def test_early_stopping_returns_the_best_held_out_weights():
    X, y = standardised("diabetes")
    model = MomentumRegressor(0.3, early_stopping=True, random_state=0).fit(X, y)
    assert len(model.validation_curve_) == model.n_iter_
    _, held_out = train_test_split(np.arange(len(y)), test_size=0.1, random_state=np.random.RandomState(0))
    loss = np.mean((y[held_out] - model.predict(X[held_out])) ** 2)
    assert loss == pytest.approx(min(model.validation_curve_), rel=1e-10)


def held_out_loss(model, X, y):
    """The loss on the samples that early stopping held out, as scikit-learn splits them."""
    _, held_out = train_test_split(
        np.arange(len(y)), test_size=0.1, random_state=np.random.RandomState(model.random_state)
    )
    return np.mean((y[held_out] - model.predict(X[held_out])) ** 2)


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("eta", [1e6, 8.0])
def test_early_stopping_of_a_descent_that_diverges_returns_the_best_weights_and_says_so(eta, batch_size):
    X, y = standardised("diabetes")
    model = MomentumRegressor(eta, early_stopping=True, batch_size=batch_size, tol=None, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"diverged with beta=0.9.*are returned. Lower eta"):
        model.fit(X, y)
    _, rest = train_test_split(np.arange(len(y)), test_size=0.1, random_state=np.random.RandomState(0))
    start = np.mean(y[rest] ** 2)
    assert held_out_loss(model, X, y) <= start * (1 + 1e-12)
    assert np.mean((y - model.predict(X)) ** 2) <= 2 * np.mean(y**2)


def test_early_stopping_may_return_the_start():
    X, y = standardised("diabetes")
    best = MomentumRegressor(tol=None).fit(X, y)
    model = MomentumRegressor(1.0, solver="sgd", early_stopping=True, max_iter=50, random_state=0)
    with pytest.warns(ConvergenceWarning, match="weights of the start"):
        model.fit(X, y, coef_init=best.coef_, intercept_init=best.intercept_)
    np.testing.assert_array_equal(model.coef_, best.coef_)


def test_verbose_prints_the_loss_of_each_epoch(capsys):
    X, y = standardised("diabetes")
    model = MomentumRegressor(0.05, max_iter=3, tol=None, verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Epoch {i}, loss = {loss:.8g}" for i, loss in enumerate(model.loss_curve_, start=1)]
