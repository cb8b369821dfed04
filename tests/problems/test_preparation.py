"""What a model reads of a table: each fold learns from its training rows alone, and weights have names and units."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression

from study.config import Data
from study.problems import preparation, splits, tables

N = 200
DATA = Data(path="t.csv", target="price")


def table(n=N, seed=0):
    draw = np.random.default_rng(seed)
    size = draw.normal(100, 20, n)
    gaps = np.where(draw.random(n) < 0.2, np.nan, draw.normal(5, 2, n))
    return pd.DataFrame(
        {
            "size": size,
            "gaps": gaps,
            "garden": draw.choice(["yes", "no"], n),
            "city": draw.choice(["Paris", "Rome", "Oslo", None], n),
            "sold": pd.Series(pd.date_range("2019-11-01", periods=n)).dt.strftime("%d/%m/%Y"),
            "code": np.where(np.arange(n) < 3, "rare", "often"),
            "price": 3 * size + draw.normal(size=n),
        }
    ).assign(code=[f"rare {i}" if i < 3 else "ab"[i % 2] for i in range(n)])


@pytest.fixture(scope="module")
def problem():
    return tables.from_table(table(), ["price"])


@pytest.fixture(scope="module")
def fitted(problem):
    return preparation.preparation(problem, DATA, N).fit(problem.X)


def test_every_role_becomes_numbers_with_names(problem, fitted):
    names = preparation.feature_names(fitted)
    values = pd.DataFrame(preparation.prepared(fitted, problem.X), columns=names)
    assert names == [
        "size", "gaps", "sold year", "sold month", "sold day", "sold day_of_week", "garden",
        "city_Oslo", "city_Paris", "city_Rome", "city_nan", "code_a", "code_b", "code_infrequent_sklearn",
    ]  # fmt: skip
    np.testing.assert_allclose(values[["size", "gaps", "sold day"]].mean(), 0, atol=1e-9)
    np.testing.assert_allclose(values[["size", "gaps", "sold day"]].std(ddof=0), 1)
    filled = problem.X["gaps"].fillna(problem.X["gaps"].median())
    np.testing.assert_allclose(values["gaps"], (filled - filled.mean()) / filled.std(ddof=0))
    np.testing.assert_array_equal(values["garden"], problem.X["garden"] == "yes")
    np.testing.assert_array_equal(values["city_nan"], problem.X["city"].isna())
    assert values["code_infrequent_sklearn"].sum() == 3
    day = pd.to_datetime(problem.X["sold"], format="%d/%m/%Y").dt.day
    np.testing.assert_allclose(values["sold day"], (day - day.mean()) / day.std(ddof=0))


def test_a_fold_learns_nothing_from_the_rows_that_it_holds_out():
    before = table()
    problem = tables.from_table(before, ["price"])
    X, _, y, _ = splits.train_test(problem, DATA, 0)
    held = splits.k_folds(problem, X, y, DATA, 0)
    changed = before.copy()
    # Every row that the first fold holds out gets other values; its training rows must be prepared as before.
    rows = X.index[np.isin(before["price"][X.index], held[0].y_held[:, 0])]
    changed.loc[rows, "size"] *= 1000
    changed.loc[rows, "gaps"] = -1e6
    changed.loc[rows, "city"] = "Bern"
    other = splits.k_folds(tables.from_table(changed, ["price"]), changed.loc[X.index, X.columns], y, DATA, 0)
    np.testing.assert_array_equal(other[0].X, held[0].X)
    assert other[0].feature_names == held[0].feature_names
    assert np.abs(other[1].X[:, :2] - held[1].X[:, :2]).max() > 1


def test_a_category_that_a_fold_never_saw_is_taken_as_rare_or_as_none(problem, fitted):
    row = problem.X.head(1).assign(city="Bern", code="never seen", garden="perhaps")
    names = preparation.feature_names(fitted)
    values = dict(zip(names, preparation.prepared(fitted, row)[0], strict=True))
    assert values["code_infrequent_sklearn"] == 1
    assert [values[f"city_{city}"] for city in ("Oslo", "Paris", "Rome", "nan")] == [0, 0, 0, 0]


def test_columns_without_a_role_are_ignored(problem, fitted):
    raw = table()
    np.testing.assert_array_equal(preparation.prepared(fitted, raw), preparation.prepared(fitted, problem.X))


def test_every_kind_of_gap_in_text_is_one_category():
    X = pd.DataFrame({"city": pd.Series(["Bern", None, np.nan, "Ulm", None, np.nan] * 5, dtype=object)})
    problem = tables.from_table(X.assign(price=np.arange(30.0)), ["price"])
    fitted = preparation.preparation(problem, DATA, 30).fit(problem.X)
    assert preparation.feature_names(fitted) == ["city_Bern", "city_Ulm", "city_nan"]
    design = preparation.prepared(fitted, X)
    design = design.toarray() if scipy.sparse.issparse(design) else design
    np.testing.assert_array_equal(design[:, 2], [0, 1, 1, 0, 1, 1] * 5)


def test_a_design_of_mostly_zeros_stays_sparse_in_every_fold():
    draw = np.random.default_rng(0)
    codes = {f"c{j}": draw.integers(0, 25, 400).astype(str) for j in range(3)}
    problem = tables.from_table(pd.DataFrame({**codes, "price": draw.normal(size=400)}), ["price"])
    X, _, y, _ = splits.train_test(problem, DATA, 0)
    for fold in splits.k_folds(problem, X, y, DATA, 0):
        assert scipy.sparse.issparse(fold.X)
        assert fold.X.format == fold.X_held.format == "csr"


def test_weights_in_original_units_predict_the_same(problem, fitted):
    Z = preparation.prepared(fitted, problem.X)
    model = LinearRegression().fit(Z, problem.y)
    coef, intercept = preparation.in_original_units(fitted, model.coef_, model.intercept_)
    unscaled = preparation.preparation(problem, DATA.model_copy(update={"scale": False}), N).fit(problem.X)
    raw = preparation.prepared(unscaled, problem.X)
    np.testing.assert_allclose(raw @ coef.T + intercept, model.predict(Z), rtol=1e-9)


def test_features_that_would_have_one_name_are_told_apart():
    draw = np.random.default_rng(0)
    raw = pd.DataFrame({"a_x": draw.normal(size=40), "a": ["x", "y"] * 20, "price": draw.normal(size=40)})
    problem = tables.from_table(raw, ["price"])
    fitted = preparation.preparation(problem, DATA, 40).fit(problem.X)
    assert preparation.feature_names(fitted) == ["a_x", "a_x (2)", "a_y"]
