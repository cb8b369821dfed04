"""A trial's numbers against plain fits of scikit-learn's pipeline, fold by fold."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from study import MomentumRegressor, config
from study.provenance import derive_seed
from study.tuning.evaluation import epochs_to_target, evaluate
from study.tuning.study_data import load_study_data


def load(**changes):
    table = {"name": "try", "data": {"problem": "diabetes"}, "model": {"max_iter": 40}} | changes
    return load_study_data(config.Config.model_validate(table))


@pytest.mark.parametrize("batch_size", [None, 32])
def test_a_trial_is_the_mean_over_folds_of_a_pipelines_fits(batch_size):
    data = load(model={"max_iter": 40, "batch_size": batch_size})
    X, y = data.X, data.y
    record = evaluate(data, 0, {"beta": 0.8, "eta": 0.05})
    seed = derive_seed(0, "batches")
    train, held_out = [], []
    cv = KFold(5, shuffle=True, random_state=derive_seed(0, "folds"))
    for rows, held in cv.split(X):
        model = MomentumRegressor(0.05, 0.8, batch_size=batch_size, max_iter=40, tol=None, random_state=seed)
        pipeline = make_pipeline(StandardScaler(), model).fit(X.iloc[rows], y.iloc[rows])
        train.append(model.loss_curve_)
        held_out.append(np.mean((y.iloc[held].to_numpy() - pipeline.predict(X.iloc[held])) ** 2))
    assert record.state == "complete"
    np.testing.assert_allclose(record.train_loss, np.mean(train, axis=0), rtol=1e-9)
    assert record.objective == record.val_loss[-1] == pytest.approx(np.mean(held_out), rel=1e-9)


def test_a_diverged_trial_keeps_its_curve_up_to_the_epoch():
    record = evaluate(load(), 3, {"beta": 0.0, "eta": 1e30})
    assert (record.state, record.objective) == ("diverged", None)
    assert len(record.train_loss) == len(record.val_loss) < 40
    assert np.isfinite(record.train_loss[:-1]).all()
    assert not np.isfinite(record.train_loss[-1])
    assert np.isfinite(record.coef).all()
    assert "stable on these data for eta <" in record.error


def test_a_trial_stops_at_the_epoch_at_which_it_is_told_to():
    seen = []

    def should_stop(epoch, loss):
        seen.append((epoch, loss))
        return epoch == 7

    record = evaluate(load(), 1, {"beta": 0.9, "eta": 0.1}, should_stop)
    assert (record.state, record.objective) == ("pruned", None)
    assert len(record.train_loss) == 7
    assert [epoch for epoch, _ in seen] == [1, 2, 3, 4, 5, 6, 7]
    np.testing.assert_allclose([loss for _, loss in seen], record.val_loss)


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([5, 1.02, 1.0, 1.005], 3),
        ([1.0, 1.0], 1),
        ([1.0, 1.02, 1.0], 3),
        ([3, 2], None),
        ([1.0, np.nan], None),
    ],
)
def test_the_target_is_reached_for_good(curve, expected):
    assert epochs_to_target(np.array(curve), 1.0) == expected


def test_the_epochs_objective_counts_a_miss_as_twice_the_budget():
    data = load(search={"objective": "epochs"})
    assert evaluate(data, 0, {"beta": 0.9, "eta": 1e-3}).objective == 80
    fast = evaluate(data, 0, {"beta": 0.5, "eta": 0.4})
    assert fast.objective == fast.epochs_to_target < 40


def test_a_record_carries_the_names_of_its_columns():
    data = load(data={"problem": "linnerud", "n_splits": 3})
    record = evaluate(data, 0, {"beta": 0.9, "eta": 0.1})
    assert record.feature_names == ["Chins", "Situps", "Jumps"]
    assert record.target_names == ["Weight", "Waist", "Pulse"]
    assert record.coef.shape == (3, 3, 3)
    assert record.intercept.shape == (3, 3)


@pytest.mark.parametrize("metric", ["r2", "neg_mean_absolute_error", "neg_mean_squared_error"])
def test_a_metric_is_scikit_learns_on_the_rows_held_out(metric):
    problem = {"name": "try", "data": {"problem": "linnerud", "n_splits": 3}, "search": {"metric": metric}}
    data = load_study_data(config.Config.model_validate(problem))
    record = evaluate(data, 0, {"beta": 0.5, "eta": 0.1})
    score = {
        "r2": r2_score,
        "neg_mean_absolute_error": mean_absolute_error,
        "neg_mean_squared_error": mean_squared_error,
    }
    expected = [
        score[metric](fold.rows.y_held, fold.rows.X_held @ coef.T + intercept)
        for fold, coef, intercept in zip(data.folds, record.coef, record.intercept, strict=True)
    ]
    sign = -1 if metric.startswith("neg") else 1
    assert record.metrics == {metric: pytest.approx(sign * np.mean(expected), rel=1e-12)}


def test_a_metric_that_is_undefined_is_left_out_and_so_is_that_of_a_diverged_trial():
    def of(metric, eta):
        problem = {"name": "try", "data": {"problem": "synthetic"}, "search": {"metric": metric}}
        data = load_study_data(config.Config.model_validate(problem))
        return evaluate(data, 0, {"beta": 0.0, "eta": eta}).metrics

    assert of("neg_mean_squared_log_error", 0.1) == {}  # the targets are negative
    assert of("r2", 1e3) == {}
