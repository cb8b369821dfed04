"""Whatever the data: finite weights or a clear error."""

import re
import warnings

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from study import DivergenceError, MomentumRegressor
from tests.conftest import SOLVERS

SCALES = st.sampled_from([1e-150, 1e-100, 1e-30, 1e-8, 1.0, 1e8, 1e30, 1e100, 1e150])
ANY_SOLVER = st.sampled_from(list(SOLVERS))


@st.composite
def designs(draw):
    """A design with the accidents of real tables: few rows, constant, duplicate and empty columns, any scale."""
    n, d = draw(st.integers(1, 12)), draw(st.integers(1, 8))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = generator.normal(size=(n, d)) * draw(SCALES)
    for column in range(d):
        kind = draw(st.sampled_from(["as it is", "constant", "duplicate", "zero", "rescaled"]))
        if kind == "constant":
            X[:, column] = X[0, column]
        elif kind == "duplicate":
            X[:, column] = X[:, 0]
        elif kind == "zero":
            X[:, column] = 0
        elif kind == "rescaled":
            X[:, column] *= draw(st.sampled_from([1e-6, 1e6]))
    y = generator.normal(size=(n, draw(st.integers(1, 2)))) * draw(SCALES)
    weights = generator.integers(0, 3, n).astype(float) if draw(st.booleans()) else None
    if weights is not None and not weights.any():
        weights[0] = 1
    return np.clip(X, -1e150, 1e150), y, weights


@given(
    designs(),
    ANY_SOLVER,
    st.sampled_from([None, 1, 3]),
    st.sampled_from(["auto", 1e-3, 1.0, 1e3]),
    st.sampled_from(["auto", 0.0, 0.9, 0.999]),
    st.sampled_from([0.0, 1e-3, 1e3]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_weights_are_finite_or_the_error_is_clear(
    design, solver, batch_size, eta, beta, alpha, sparse, intercept
):
    X, y, weights = design
    model = MomentumRegressor(
        eta, beta, solver=solver, batch_size=batch_size, alpha=alpha, fit_intercept=intercept,
        max_iter=30, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            model.fit(scipy.sparse.csr_array(X) if sparse else X, y, sample_weight=weights)
        except DivergenceError as error:
            assert error.n_iter == len(error.loss_curve) >= 1
            assert "diverged with beta=" in str(error)
            return
        except ValueError as error:
            assert "too large" in str(error) or "too small" in str(error)
            return
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.intercept_).all()
    assert np.isfinite(model.loss_curve_).all()
    assert min(model.loss_curve_) >= 0


@given(designs(), ANY_SOLVER)
@settings(max_examples=100, deadline=None)
def test_chunks_give_finite_weights_or_a_clear_error(design, solver):
    X, y, weights = design
    model = MomentumRegressor(solver=solver, batch_size=2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for _ in range(3):
                model.partial_fit(X, y, weights)
    except ValueError as error:
        assert not isinstance(error, DivergenceError)
        assert "too large" in str(error) or "too small" in str(error)
        return
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["X", "y", "sample_weight"])
def test_what_is_not_a_number_is_named_by_scikit_learn(value, where):
    data = {"X": np.ones((5, 2)), "y": np.arange(5.0), "sample_weight": np.ones(5)}
    data[where].flat[0] = value
    with pytest.raises(ValueError, match=r"contains NaN|contains infinity|[Ii]nput .* contains"):
        MomentumRegressor().fit(**data)


def test_all_zero_data_fit_the_mean():
    y = np.array([1.0, 2.0, 6.0])
    model = MomentumRegressor().fit(np.zeros((3, 2)), y)
    assert model.intercept_ == pytest.approx(3.0, rel=1e-2)
    np.testing.assert_array_equal(model.coef_, 0)


def test_one_sample_is_predicted():
    model = MomentumRegressor().fit([[2.0, 1.0]], [3.0])
    assert model.predict([[2.0, 1.0]]) == pytest.approx(3.0, rel=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scale", [0.0, 1e-160, 1e-100, 1.0, 1e100, 1e160])
@pytest.mark.parametrize("eta", ["auto", 0.1, 1e6])
def test_wide_designs_give_finite_weights_or_a_clear_error(scale, eta):
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(40, 1000)), draw.normal(size=40)
    try:
        model = MomentumRegressor(eta, fit_intercept=False, max_iter=40).fit(scale * X, y)
    except (DivergenceError, ValueError) as error:
        assert "diverged" in str(error) or "too large" in str(error) or "too small" in str(error)
    else:
        assert np.isfinite(model.coef_).all()


LAYOUTS = [np.ascontiguousarray, np.asfortranarray, scipy.sparse.csr_array, scipy.sparse.csc_array]
ROWS = 20
EXTREMES = {np.float64: (1e-150, 1.0, 1e150), np.float32: (1e-30, 1.0, 1e30)}


@pytest.mark.parametrize("batch_size", [None, 1, 7, ROWS, ROWS + 5])
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_batch_size_dtype_and_layout_at_extreme_scales(solver, batch_size):
    """A finite fit, a ConvergenceWarning or an error that names its cause; any other warning fails the test."""
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(ROWS, 4)), draw.normal(size=ROWS)
    weights = draw.integers(1, 4, ROWS).astype(float)
    cases = [(dtype, a, b) for dtype, scales in EXTREMES.items() for a in scales for b in scales]
    for number, (dtype, scale_of_X, scale_of_y) in enumerate(cases):
        for place, layout in enumerate(LAYOUTS):
            scale_of_weights = (1e-150, 1.0, 1e150)[(number + place) % 3]
            model = MomentumRegressor(
                ("auto", 0.1)[place % 2], solver=solver, batch_size=batch_size, early_stopping=place == 2,
                max_iter=8, random_state=number,
            )  # fmt: skip
            design = layout((X * scale_of_X).astype(dtype))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                try:
                    model.fit(design, y * scale_of_y, sample_weight=weights * scale_of_weights)
                except DivergenceError as error:
                    assert model.eta != "auto"
                    assert "diverged with beta=" in str(error)
                except ValueError as error:
                    named = r"(X|y|X and y) (is|are) too (large|small)|the weights (overflow|vanish)"
                    assert re.match(named, str(error)), error
                else:
                    assert np.isfinite(model.coef_).all()
                    assert np.isfinite(model.intercept_)
