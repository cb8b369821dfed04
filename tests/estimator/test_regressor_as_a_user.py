"""MomentumRegressor as a new user would put it to work: a CSV, a pipeline, a grid, scikit-learn's displays."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from matplotlib.figure import Figure
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import FitFailedWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, LearningCurveDisplay, ValidationCurveDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from study import MomentumRegressor
from tests.conftest import standardised


@pytest.fixture
def table(tmp_path, rng):
    """A CSV with numbers, words and gaps, read back."""
    frame = pd.DataFrame(rng.normal(size=(300, 3)) * [1, 50, 1e3], columns=["age", "dose", "income"])
    frame["city"] = rng.choice(["Oslo", "Bern", "Rome"], 300)
    frame["y"] = frame["age"] + frame["dose"] / 50 + (frame["city"] == "Rome") + 0.1 * rng.normal(size=300)
    frame.loc[rng.choice(300, 20, replace=False), "dose"] = np.nan
    frame.to_csv(tmp_path / "table.csv", index=False)
    return pd.read_csv(tmp_path / "table.csv")


@pytest.fixture
def model():
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
        (OneHotEncoder(), ["city"]),
    )
    return make_pipeline(columns, MomentumRegressor(max_iter=200, tol=None))


def test_grid_search_chooses_among_solvers(table, model):
    X, y = table.drop(columns="y"), table["y"]
    grid = {
        "momentumregressor__solver": ["momentum", "nesterov", "adam"],
        "momentumregressor__beta": [0.5, 0.9],
        "momentumregressor__eta": ["auto", 0.1],
    }
    search = GridSearchCV(model, grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_score_ > 0.9


def test_a_setting_that_diverges_does_not_stop_the_grid(table, model):
    X, y = table.drop(columns="y"), table["y"]
    search = GridSearchCV(model, {"momentumregressor__eta": [0.1, 1e9]}, cv=3)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, y)
    assert search.best_params_ == {"momentumregressor__eta": 0.1}


def test_scikit_learns_displays_draw_it(table, model):
    X, y = table.drop(columns="y"), table["y"]
    axes = Figure().subplots(1, 2)
    shown = LearningCurveDisplay.from_estimator(model, X, y, cv=3, ax=axes[0])
    assert np.isfinite(shown.test_scores).all()
    shown = ValidationCurveDisplay.from_estimator(
        model, X, y, param_name="momentumregressor__beta", param_range=[0.0, 0.5, 0.9], cv=3, ax=axes[1]
    )
    assert np.isfinite(shown.test_scores).all()


def test_sample_weight_is_routed():
    X, y = standardised("diabetes")
    weights = np.linspace(0, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        inner = MomentumRegressor(0.05, max_iter=20, tol=None).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(scaler, inner).fit(X, y, sample_weight=weights)
    alone = MomentumRegressor(0.05, max_iter=20, tol=None).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(routed[-1].coef_, alone.coef_, rtol=1e-10)


def test_set_params_round_trips():
    model = MomentumRegressor()
    given = {name: value for name, value in model.get_params().items() if name != "solver"}
    assert model.set_params(solver="adam", **given).get_params() == {**given, "solver": "adam"}
