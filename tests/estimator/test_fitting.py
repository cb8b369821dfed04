"""How a fit ends: diverged, warned about, or on auto, where it never diverges."""

import pickle

import numpy as np
import pytest
import scipy.sparse
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV

from study import DivergenceError, MomentumRegressor
from tests.conftest import LINEAR, SOLVERS, conditioned, standardised


class TestDivergence:
    @pytest.mark.parametrize("solver", ["momentum", "sgd"])
    @pytest.mark.parametrize("tol", [1e-4, 0, None])
    def test_is_raised_with_the_curve_so_far(self, solver, tol):
        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError, match=r"eta=1e\+06.*stable on these data for eta <") as raised:
            MomentumRegressor(eta=1e6, solver=solver, tol=tol).fit(X, y)
        assert len(raised.value.loss_curve) == raised.value.n_iter > 0

    def test_is_raised_where_the_end_is_above_the_start(self):
        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError):
            MomentumRegressor(eta=1e6, max_iter=1, tol=None).fit(X, y)

    def test_names_the_true_limit(self):
        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError) as raised:
            MomentumRegressor(eta=1e6).fit(X, y)
        named = float(str(raised.value).split("eta < ")[1].split(".\x20")[0])
        design = np.column_stack([X, np.ones(len(X))])
        L = np.linalg.eigvalsh(2 * design.T @ design / len(X))[-1]
        assert named == pytest.approx(2 * 1.9 / (0.1 * L), rel=1e-3)

    def test_survives_pickling(self):
        error = pickle.loads(pickle.dumps(DivergenceError("why", [1.0, 2.0], 2)))
        assert (str(error), error.loss_curve, error.n_iter) == ("why", [1.0, 2.0], 2)

    def test_is_a_failed_fit_to_a_grid_search_in_a_process_pool(self):
        X, y = standardised("diabetes")
        search = GridSearchCV(MomentumRegressor(), {"eta": [0.1, 1e6]}, n_jobs=2)
        with (
            pytest.warns(FitFailedWarning, match="DivergenceError"),
            pytest.warns(UserWarning, match="non-finite"),
        ):
            search.fit(X, y)
        assert search.best_params_ == {"eta": 0.1}


# A full batch of Adam or RMSprop comes back from any rate: its first gradient fills s.
@pytest.mark.parametrize(("solver", "batch_size"), [(s, None) for s in LINEAR] + [(s, 16) for s in SOLVERS])
@pytest.mark.parametrize("tol", [1e-4, 0, None])
def test_a_huge_rate_raises_whatever_the_tolerance(solver, tol, batch_size):
    X, y = standardised("diabetes")
    model = MomentumRegressor(
        1e6, solver=solver, tol=tol, batch_size=batch_size, max_iter=200, random_state=0
    )
    with pytest.raises(DivergenceError):
        model.fit(X, y)


@pytest.mark.parametrize("solver", ["momentum", "nesterov", "heavy_ball", "sgd"])
def test_a_mini_batch_fit_whose_losses_are_huge_is_never_returned(solver):
    """Between the first loss above the start and infinity lie losses of 1e25 to 1e236: no rounding may hide them."""
    X, y = standardised("iris")
    for epochs in range(3, 60):
        model = MomentumRegressor(
            3.0, solver=solver, batch_size=16, max_iter=epochs, tol=None, random_state=0
        )
        try:
            model.fit(X, y)
        except DivergenceError:
            continue
        assert min(model.loss_curve_[-5:]) <= 2 * np.mean(y**2) * (1 + 1e-8)


class TestWhatIsReturnedIsNoWorseThanTwiceNothing:
    def test_where_a_loss_of_1e236_was_returned(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(1.0, batch_size=32, solver="sgd", max_iter=10, tol=None, random_state=0)
        with pytest.raises(DivergenceError):
            model.fit(X, y)

    @pytest.mark.parametrize("solver", SOLVERS)
    def test_at_200_settings_of_the_default_search_box(self, solver, rng):
        X, y = standardised("diabetes")
        returned = 0
        for _ in range(200):
            beta, eta = 1 - 10 ** rng.uniform(-3, 0), 10 ** rng.uniform(-3, 1)
            model = MomentumRegressor(
                eta, beta, solver=solver, batch_size=32, max_iter=10, tol=None, random_state=0
            )
            try:
                model.fit(X, y)
            except DivergenceError as error:
                last = error.loss_curve[-1]
                assert not last <= 2 * np.mean(y**2), "a false alarm"
            else:
                assert np.mean((y - model.predict(X)) ** 2) <= 2 * np.mean(y**2) * (1 + 1e-9)
                returned += 1
        assert returned > 50

    @pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e100, 1e150])
    def test_at_any_scale_of_the_target_the_same_settings_diverge(self, scale, rng):
        X, y = standardised("diabetes")
        for _ in range(40):
            beta, eta = 1 - 10 ** rng.uniform(-3, 0), 10 ** rng.uniform(-3, 1)
            model = MomentumRegressor(eta, beta, batch_size=32, max_iter=10, tol=None, random_state=0)
            diverged = []
            for target in (y, y * scale):
                try:
                    model.fit(X, target)
                    diverged.append(False)
                except DivergenceError:
                    diverged.append(True)
            assert diverged[0] == diverged[1]

    @pytest.mark.parametrize("epochs", [1, 3, 6])
    def test_where_a_callback_stops_the_fit(self, epochs):
        class Stop:
            def setup(self, estimator, context): ...
            def teardown(self, estimator, context): ...
            def on_fit_task_begin(self, estimator, context): ...
            def on_fit_task_end(self, estimator, context):
                self.epochs = getattr(self, "epochs", 0) + (context.task_name == "epoch")
                return self.epochs == epochs

        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError):
            MomentumRegressor(30.0, batch_size=32, random_state=0).set_callbacks(Stop()).fit(X, y)

    def test_over_many_chunks_a_slow_growth_is_found(self):
        X, y = standardised("diabetes")
        L = np.linalg.eigvalsh(2 * X.T @ X / len(y))[-1]
        model = MomentumRegressor(2.02 / L, solver="sgd")
        error = None
        for _ in range(500):
            try:
                model.partial_fit(X, y)
            except DivergenceError as raised:
                error = raised
                break
        assert "on chunk" in str(error)
        assert np.mean((y - model.predict(X)) ** 2) <= 2 * np.mean(y**2)

    @pytest.mark.parametrize("rows", [1, 3, 50])
    @pytest.mark.parametrize("name", ["diabetes", "iris", "linnerud", "wine"])
    def test_small_chunks_at_a_small_rate_raise_no_false_alarm(self, name, rows):
        X, y = standardised(name)
        model = MomentumRegressor(0.01)
        order = np.random.default_rng(0).permutation(len(y))
        for _ in range(3):
            for start in range(0, len(y), rows):
                model.partial_fit(X[order[start : start + rows]], y[order[start : start + rows]])
        assert np.mean((y - model.predict(X)) ** 2) < np.mean(y**2)

    def test_chunks_on_another_scale_are_no_divergence(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(0.001).partial_fit(X, y)
        model.partial_fit(10 * X, y)


class TestEarlyStoppingOfRawData:
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    @pytest.mark.parametrize("name", ["diabetes", "wine", "linnerud"])
    def test_is_no_divergence(self, name):
        raw = {"scaled": False} if name == "diabetes" else {}
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True, **raw)
        for seed in range(20):
            model = MomentumRegressor(early_stopping=True, random_state=seed).fit(X, y)
            assert np.mean((y - model.predict(X)) ** 2) < np.mean(y**2)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("batch_size", [None, 8, 32])
@pytest.mark.parametrize("solver", SOLVERS)
def test_auto_and_early_stopping_never_raise(solver, batch_size, early_stopping):
    kinds = [np.asarray, np.float32, scipy.sparse.csr_array, lambda X: scipy.sparse.csr_array(np.float32(X))]
    for seed, name in enumerate(["diabetes", "linnerud", "wine", "iris"]):
        raw = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
        for X in (standardised(name)[0], raw.data):
            # At early_stopping no rate may raise.
            for eta in ["auto", 30.0] if early_stopping else ["auto"]:
                model = MomentumRegressor(
                    eta, solver=solver, batch_size=batch_size, early_stopping=early_stopping, max_iter=40,
                    random_state=seed,
                ).fit(kinds[seed](X), raw.target)  # fmt: skip
                assert np.isfinite(model.coef_).all()
                assert np.mean((raw.target - model.predict(kinds[seed](X))) ** 2) <= 2 * np.mean(
                    raw.target**2
                )


class TestAutoNeverDiverges:
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    @pytest.mark.parametrize("scaled", [True, False])
    @pytest.mark.parametrize("batch_size", [None, 32])
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("name", ["diabetes", "linnerud", "wine", "iris", "breast_cancer", "digits"])
    def test_on_bundled_data(self, name, solver, batch_size, scaled):
        X, y = standardised(name)
        if not scaled:
            X = getattr(datasets, f"load_{name}")().data
        for data in (X, scipy.sparse.csr_array(X)):
            model = MomentumRegressor(solver=solver, batch_size=batch_size, max_iter=60, random_state=0)
            assert np.isfinite(model.fit(data, y).coef_).all()


class TestWarning:
    def test_names_the_condition_number_where_that_is_the_cause(self):
        X, y = conditioned(1e6)
        with pytest.warns(ConvergenceWarning, match=r"condition number is .*StandardScaler"):
            MomentumRegressor(eta=1e-3).fit(X, y)

    def test_says_nothing_where_no_tolerance_was_asked_for(self):
        X, y = conditioned(1e6)
        MomentumRegressor(eta=1e-3, tol=None).fit(X, y)


def test_partial_fit_that_diverges_leaves_the_model_as_it_was():
    X, y = standardised("diabetes")
    model = MomentumRegressor(1e-2).partial_fit(X, y)
    before = model.coef_.copy()
    with pytest.raises(DivergenceError, match="chunk 2"):
        model.partial_fit(1e100 * X, y)
    np.testing.assert_array_equal(model.coef_, before)
    model.partial_fit(X, y)
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize(
    ("scale_X", "scale_y"), [(1e131, 1e80), (1e-100, 1e80), (1e-131, 1e20), (1e140, 1e-120)]
)
@pytest.mark.parametrize("schedule", ["constant", "exponential"])
def test_without_an_intercept_the_scales_of_X_and_y_do_not_change_the_fit(scale_X, scale_y, schedule, rng):
    X = np.column_stack([np.ones(120), rng.normal(size=(120, 11))])
    y = np.ones(120)
    model = MomentumRegressor(fit_intercept=False, schedule=schedule, max_iter=300, tol=None)
    expected = model.fit(X, y).coef_
    coef = model.fit(X * scale_X, y * scale_y).coef_
    np.testing.assert_allclose(coef / scale_y * scale_X, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("layout", [np.asarray, scipy.sparse.csc_array])
def test_a_fit_in_single_precision_diverges_where_the_mean_of_y_squared_leaves_its_range(layout, rng):
    X = rng.normal(size=(2, 6)).astype(np.float32)  # so few rows are passed over, in single precision
    y = np.array([1e20, 2e20], dtype=np.float32)
    with pytest.raises(DivergenceError):
        MomentumRegressor(30.0, max_iter=5).fit(layout(X), y)
