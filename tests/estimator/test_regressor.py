"""MomentumRegressor against the note, scikit-learn and closed forms."""

import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import study
from study import MomentumRegressor
from study.descent.quadratic import GramLoss
from study.descent.theory import optimal_beta_eta
from tests.conftest import conditioned, standardised

BUNDLED = ["diabetes", "linnerud", "wine", "iris", "breast_cancer", "digits"]


@pytest.fixture
def note():
    """The note's example as its own code draws it: X, y and the start θ₀."""
    draw = np.random.RandomState(42)
    X = 2 * draw.rand(100, 1)
    y = 4 + 3 * X + draw.randn(100, 1)
    return X, y.ravel(), draw.randn(2, 1).ravel()


class TestTheNote:
    def test_ends_where_the_note_ends(self, note):
        X, y, theta = note
        model = MomentumRegressor(eta=0.1, beta=0.9, max_iter=100, tol=None)
        model.fit(X, y, coef_init=theta[1:], intercept_init=theta[0])
        assert model.intercept_ == pytest.approx(4.21420003279761, rel=1e-12)
        assert model.coef_[0] == pytest.approx(2.761917968173546, rel=1e-12)
        assert model.loss_curve_[0] == pytest.approx(28.631391605805604, rel=1e-12)
        assert model.loss_curve_[-1] == pytest.approx(0.8066821103892274, rel=1e-12)

    def test_runs_exactly_as_many_epochs_as_it_is_told(self, note):
        X, y, _ = note
        model = MomentumRegressor(eta=0.1, max_iter=37, tol=None).fit(X, y)
        assert model.n_iter_ == len(model.loss_curve_) == len(model.eta_curve_) == 37


class TestLeastSquares:
    @pytest.mark.parametrize("condition", [10, 1e3, 1e6])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("weighted", [True, False])
    @pytest.mark.parametrize("alpha", [0.0, 0.01])
    def test_converges_to_ridge(self, condition, fit_intercept, weighted, alpha, rng):
        X, y = conditioned(condition)
        weights = rng.uniform(0.1, 3, len(y)) if weighted else None
        hessian = 2 * np.cov(X.T, bias=True, aweights=weights)
        curvatures = np.append(np.linalg.eigvalsh(hessian) + 2 * alpha, 2.0)
        beta, eta = optimal_beta_eta(curvatures.min() / 2, curvatures.max() * 2)
        model = MomentumRegressor(
            eta,
            beta,
            alpha=alpha,
            fit_intercept=fit_intercept,
            max_iter=int(40 * np.sqrt(condition)) + 500,
            tol=None,
        ).fit(X, y, sample_weight=weights)
        total = len(y) if weights is None else weights.sum()
        ridge = Ridge(alpha * total, fit_intercept=fit_intercept, solver="svd").fit(X, y, weights)
        np.testing.assert_allclose(model.coef_, ridge.coef_, rtol=1e-8, atol=1e-8 * abs(ridge.coef_).max())
        assert model.intercept_ == pytest.approx(ridge.intercept_, rel=1e-8)

    @pytest.mark.parametrize("name", BUNDLED)
    def test_default_ends_at_least_squares_on_bundled_data(self, name):
        X, y = standardised(name)
        reached = MomentumRegressor().fit(X, y).score(X, y)
        assert reached > LinearRegression().fit(X, y).score(X, y) - 0.01

    @pytest.mark.parametrize("eta", [0.1, 1.0])
    def test_does_not_stop_on_momentums_first_upswing(self, eta):
        X, y = standardised("iris")
        model = MomentumRegressor(eta=eta).fit(X, y)
        assert np.any(np.diff(model.loss_curve_) > 0)
        assert model.score(X, y) > LinearRegression().fit(X, y).score(X, y) - 0.01

    def test_several_targets_are_fitted_each_on_its_own(self):
        X, Y = standardised("linnerud")
        together = MomentumRegressor(eta=0.3, max_iter=50, tol=None).fit(X, Y)
        assert together.coef_.shape == (3, 3)
        assert together.intercept_.shape == (3,)
        for k in range(3):
            alone = MomentumRegressor(eta=0.3, max_iter=50, tol=None).fit(X, Y[:, k])
            np.testing.assert_allclose(together.coef_[k], alone.coef_, rtol=1e-12)

    def test_integer_weights_are_repeated_rows(self, rng):
        X, y = standardised("diabetes")
        weights = rng.integers(0, 4, len(y))
        weighted = MomentumRegressor(eta=0.05, max_iter=200, tol=None).fit(X, y, sample_weight=weights)
        repeated = MomentumRegressor(eta=0.05, max_iter=200, tol=None).fit(
            X.repeat(weights, axis=0), y.repeat(weights)
        )
        np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-10)


class TestLossCurve:
    def test_is_the_training_mse(self):
        X, y = standardised("linnerud")
        model = MomentumRegressor(eta=0.3, alpha=0.1, max_iter=20, tol=None).fit(X, y)
        assert model.loss_curve_[-1] == pytest.approx(mean_squared_error(y, model.predict(X)), rel=1e-12)

    @pytest.mark.parametrize("noise", [1e-6, 1e-3])
    def test_is_accurate_where_the_fit_is_nearly_exact(self, noise):
        X, y = conditioned(100, noise=noise, intercept=1e3)
        model = MomentumRegressor(eta=2.0, max_iter=5000, tol=None).fit(X, y)
        residual = y.astype(np.longdouble) - X.astype(np.longdouble) @ model.coef_ - model.intercept_
        assert model.loss_curve_[-1] == pytest.approx(float(np.mean(residual**2)), rel=1e-7)
        assert min(model.loss_curve_) >= 0

    def test_is_the_same_from_moments_and_from_residuals(self):
        X, y = standardised("diabetes")
        dense = MomentumRegressor(eta=0.05, max_iter=100, tol=None).fit(X, y)
        # Two epochs cannot pay for a Gram matrix.
        short = MomentumRegressor(eta=0.05, max_iter=2, tol=None).fit(X, y)
        np.testing.assert_allclose(short.loss_curve_, dense.loss_curve_[:2], rtol=1e-12)

    def test_reads_the_data_a_fixed_number_of_times(self):
        class Counted(np.ndarray):
            reads = 0

            def __getitem__(self, key):
                Counted.reads += isinstance(key, slice)
                return super().__getitem__(key)

        X, y = conditioned(10, n=50)
        for epochs in (100, 1000):
            Counted.reads = 0
            moments = GramLoss(X.view(Counted), y[:, None])
            reads = Counted.reads
            MomentumRegressor(max_iter=epochs, tol=None).fit_moments(moments)
            assert Counted.reads == reads


class TestMiniBatch:
    def test_a_batch_of_everything_is_the_full_batch(self):
        X, y = standardised("diabetes")
        settings = {"eta": 0.05, "max_iter": 30, "tol": None, "alpha": 0.01}
        full = MomentumRegressor(**settings).fit(X, y)
        one = MomentumRegressor(**settings, batch_size=len(y), shuffle=False).fit(X, y)
        np.testing.assert_allclose(one.coef_, full.coef_, rtol=1e-10)
        np.testing.assert_allclose(one.loss_curve_, full.loss_curve_, rtol=1e-10)

    def test_the_same_seed_gives_the_same_bits(self):
        X, y = standardised("diabetes")
        fits = [
            MomentumRegressor(batch_size=16, max_iter=5, tol=None, random_state=s).fit(X, y)
            for s in (0, 0, 1)
        ]
        assert np.array_equal(fits[0].coef_, fits[1].coef_)
        assert not np.array_equal(fits[0].coef_, fits[2].coef_)

    @pytest.mark.parametrize("name", BUNDLED)
    def test_default_rate_ends_near_least_squares(self, name):
        X, y = standardised(name)
        model = MomentumRegressor(batch_size=32, random_state=0, max_iter=300, tol=None).fit(X, y)
        assert model.score(X, y) > LinearRegression().fit(X, y).score(X, y) - 0.03


class TestScikitLearn:
    def test_pipeline_grid_search_and_cross_validation(self):
        X, y = standardised("diabetes")
        pipeline = make_pipeline(StandardScaler(), MomentumRegressor(max_iter=300, tol=None))
        search = GridSearchCV(pipeline, {"momentumregressor__beta": [0.5, 0.9]}, n_jobs=2).fit(X, y)
        assert search.best_score_ > 0.45
        assert cross_validate(pipeline, X, y)["test_score"].mean() > 0.45

    def test_transformed_target(self):
        X, y = standardised("diabetes")
        model = TransformedTargetRegressor(MomentumRegressor(), transformer=StandardScaler()).fit(X, y)
        assert model.score(X, y) > 0.5

    def test_feature_names_are_kept(self):
        pd = pytest.importorskip("pandas")
        X, y = standardised("iris")
        frame = pd.DataFrame(X, columns=list("abcd"))
        assert MomentumRegressor().fit(frame, y).feature_names_in_.tolist() == list("abcd")

    def test_clone_and_pickle(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(beta=0.8, max_iter=20, tol=None).fit(X, y)
        assert clone(model).get_params() == model.get_params()
        assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))

    def test_import_brings_no_tracker_no_tuner_no_plots_no_compiler(self):
        code = (
            "import sys\n"
            "from study import MomentumRegressor\n"
            "print(*[m for m in ('optuna', 'mlflow', 'matplotlib', 'numba') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""

    def test_the_estimator_works_with_the_parts_of_the_package_that_a_logged_model_carries(self, tmp_path):
        package = Path(study.__file__).parent
        for part in ("__init__.py", "errors.py", "descent", "estimator"):
            source, place = package / part, tmp_path / "study" / part
            place.parent.mkdir(exist_ok=True)
            shutil.copytree(source, place) if source.is_dir() else shutil.copy(source, place)
        code = (
            "import numpy as np, study\n"
            "from study import MomentumRegressor\n"
            "X = np.arange(12.0).reshape(6, 2) / 10\n"
            "for batch_size in (None, 2):\n"
            "    MomentumRegressor(0.1, batch_size=batch_size, max_iter=3, tol=None).fit(X, X[:, 0]).predict(X)\n"
            "print(study.__file__)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert Path(done.stdout.strip()).parent == tmp_path / "study"
