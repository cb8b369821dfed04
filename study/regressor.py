"""MomentumRegressor: linear regression by gradient descent with momentum."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from study.descent import auto, loop, quadratic, schedules, theory
from study.descent.rules import RULES
from study.monitor import Monitor

ROUNDING = 1e-9
"""Share of a loss that may be rounding."""

def loss_floor(loss):
    """Return the loss below which all losses count as zero: what rounding leaves of an exact fit."""
    return np.finfo(loss.dtype).eps ** 1.5 * loss.power


NOISE = 2
"""How far the noise of mini-batches may lift the best of the last epochs without being called divergence."""

ILL_CONDITIONED = 1e4
"""Condition number from which it is named as the cause of slow convergence."""


class DivergenceError(ValueError):
    """The loss of a fit grew without bound, or ended above where it started.

    Parameters
    ----------
    message : str
        Names β, η and, where it is known, the stability limit.
    loss_curve : list of float
        Training loss after each epoch, to the last.
    n_iter : int
        Epochs that were run.
    """

    def __init__(self, message, loss_curve=(), n_iter=0):
        super().__init__(message)
        self.loss_curve = list(loss_curve)
        self.n_iter = n_iter

    def __reduce__(self):
        return type(self), (str(self), self.loss_curve, self.n_iter)


class MomentumRegressor(CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    def __init__(
        self,
        eta="auto",
        beta=0.9,
        *,
        solver="momentum",
        schedule="constant",
        batch_size=None,
        alpha=0.0,
        dropout=0.0,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        n_iter_no_change=5,
        early_stopping=False,
        validation_fraction=0.1,
        shuffle=True,
        warm_start=False,
        random_state=None,
        verbose=0,
        beta_2=0.999,
        epsilon=1e-8,
        power_t=0.25,
        gamma=0.99,
    ):
        self.eta = eta
        self.beta = beta
        self.solver = solver
        self.schedule = schedule
        self.batch_size = batch_size
        self.alpha = alpha
        self.dropout = dropout
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.power_t = power_t
        self.gamma = gamma

    _parameter_constraints: dict = {
        "eta": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "beta": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "solver": [StrOptions(set(RULES))],
        "schedule": [
            StrOptions({"constant", "invscaling", "exponential", "cosine", "adaptive"}),
            callable,
        ],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "shuffle": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "gamma": [Interval(Real, 0, 1, closed="right")],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, coef_init=None, intercept_init=None):
        """Fit the model by descending from zero, or from where it is told to start.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data. float32 is kept.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, ≥ 0 and not all 0.
        coef_init : array-like of shape (n_features,) or (n_targets, n_features), default=None
            Where the weights start instead of 0.
        intercept_init : float or array-like of shape (n_targets,), default=None
            Where the intercept starts instead of 0.

        Returns
        -------
        self : MomentumRegressor

        Raises
        ------
        DivergenceError
            If the loss stops being finite, or ends above where it started.
        """
        X, y, sample_weight = self._validate(X, y, sample_weight, reset=True)
        if self.warm_start and hasattr(self, "coef_"):
            coef_init = self.coef_ if coef_init is None else coef_init
            intercept_init = self.intercept_ if intercept_init is None else intercept_init
        random_state = check_random_state(self.random_state)
        held_out = None
        if self.early_stopping:
            X, y, sample_weight, held_out = self._hold_out(X, y, sample_weight, random_state)
        loss = self._data_term(X, y, sample_weight)
        return self._descend(loss, (X, y, sample_weight), coef_init, intercept_init, held_out, random_state)

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_moments(self, moments, coef_init=None, intercept_init=None):
        """Fit a full batch on moments that were computed once, as many settings of β and η can share.

        Parameters
        ----------
        moments : study.descent.quadratic.GramLoss
            The mean squared error on the training data.
        coef_init, intercept_init : array-like
            As for `fit`.

        Returns
        -------
        self : MomentumRegressor

        Raises
        ------
        DivergenceError
            As for `fit`.
        """
        if not self._is_full_batch:
            raise ValueError("fit_moments needs batch_size=None and dropout=0: only a full batch is its moments.")
        self.n_features_in_ = moments.n_features
        self._flat_target = moments.n_targets == 1
        return self._descend(moments, None, coef_init, intercept_init)

    def predict(self, X):
        """Predict by the linear model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self)
        X = validate_data(
            self, X, accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32], reset=False
        )
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    def _validate(self, X, y, sample_weight, *, reset):
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=("csr", "csc") if self._is_full_batch else "csr",
            dtype=[np.float64, np.float32],
            order=None if self._is_full_batch else "C",
            multi_output=True,
            y_numeric=True,
            reset=reset,
        )
        self._flat_target = y.ndim == 1
        y = y.astype(X.dtype, copy=False).reshape(len(y), -1)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        return X, y, sample_weight

    @property
    def _is_full_batch(self):
        return self.batch_size is None and self.dropout == 0

    def _hold_out(self, X, y, sample_weight, random_state):
        """Split off the share of the samples that early stopping watches."""
        train, test = train_test_split(
            np.arange(X.shape[0]), test_size=self.validation_fraction, random_state=random_state
        )
        weights = [None, None] if sample_weight is None else [sample_weight[train], sample_weight[test]]
        return X[train], y[train], weights[0], self._data_term(X[test], y[test], weights[1])

    def _data_term(self, X, y, sample_weight):
        with np.errstate(all="ignore"):
            loss = quadratic.mse(
                X, y, sample_weight, fit_intercept=self.fit_intercept, max_iter=self.max_iter
            )
        if not np.isfinite(loss.power):
            raise ValueError("y is too large: the mean of its squares overflows. Divide it by its scale.")
        return loss

    def _start(self, n_targets, dtype, coef_init, intercept_init):
        """θ at the start, weights over intercept, from coefficients as scikit-learn shapes them."""
        d = self.n_features_in_
        theta = np.zeros((d + self.fit_intercept, n_targets), dtype=dtype)
        if coef_init is not None:
            coef_init = np.asarray(coef_init, dtype=dtype)
            expected = (d,) if self._flat_target else (n_targets, d)
            if coef_init.shape != expected:
                raise ValueError(f"coef_init has shape {coef_init.shape}; expected {expected}.")
            theta[:d] = coef_init.reshape(n_targets, d).T
        if intercept_init is not None and self.fit_intercept:
            intercept_init = np.ravel(np.asarray(intercept_init, dtype=dtype))
            if len(intercept_init) not in (1, n_targets):
                raise ValueError(f"intercept_init has {len(intercept_init)} values; expected {n_targets}.")
            theta[d] = intercept_init
        if not np.isfinite(theta).all():
            raise ValueError("coef_init and intercept_init must be finite.")
        return theta

    def _descend(self, loss, data, coef_init, intercept_init, held_out=None, random_state=None):
        """Fit to a data term; `data` is (X, y, sample_weight), or None where moments are all there is."""
        dtype = loss.dtype if self._is_full_batch else data[0].dtype
        start = self._start(loss.n_targets, dtype, coef_init, intercept_init)
        objective = quadratic.Objective(loss, self.alpha, dtype)
        monitor = None
        with np.errstate(all="ignore"):  # what overflows is found in the loss, and raised
            self.eta_, self.beta_ = auto.resolve(
                self.eta,
                self.beta,
                solver=self.solver,
                objective=objective,
                theta=start,
                max_iter=self.max_iter,
                rows=None if self._is_full_batch else (data[0], data[2]),
            )
            optimizer = loop.Optimizer(
                self.solver, start.copy(), beta=self.beta_, beta_2=self.beta_2, epsilon=self.epsilon
            )
            engine = self._engine(objective, optimizer, data, random_state)
            plateau = loop.Plateau(
                self.tol,
                loop.window_length(self.n_iter_no_change, self.beta_, engine.updates_per_epoch),
                loss_floor(loss),
                noisy=not self._is_full_batch,
            )
            monitor = Monitor(self, optimizer, held_out, data)
            trace = loop.descend(
                engine,
                self.eta_,
                schedules.make(self.schedule, power_t=self.power_t, gamma=self.gamma, max_iter=self.max_iter),
                plateau,
                max_iter=self.max_iter,
                adaptive=self.schedule == "adaptive",
                on_epoch=monitor.on_epoch if monitor.is_needed else None,
            )
            window = 1 if self._is_full_batch else self.n_iter_no_change
            self._check_descended(trace, objective, start, optimizer.theta, window)
        self.n_iter_ = len(trace.loss_curve)
        self.loss_curve_, self.eta_curve_ = trace.loss_curve, trace.eta_curve
        if held_out is not None:
            self.validation_curve_ = monitor.validation_curve
            optimizer.theta = monitor.best_theta
        self._optimizer = optimizer
        vars(self).update(self._coefficients(optimizer.theta, np.float64 if data is None else data[0].dtype))
        monitor.end()
        if self.tol is not None and self.n_iter_ == self.max_iter and not trace.converged:
            self._warn_not_converged(objective, start)
        return self

    def _engine(self, objective, optimizer, data, random_state):
        if self._is_full_batch:
            return loop.FullBatch(objective, optimizer)
        shuffle, masks = np.random.default_rng(random_state.randint(np.iinfo(np.int32).max)).spawn(2)
        return loop.MiniBatch(
            objective,
            optimizer,
            *data,
            batch_size=self.batch_size or len(data[1]),
            alpha=self.alpha,
            dropout=self.dropout,
            shuffle=shuffle if self.shuffle else None,
            masks=masks,
        )

    def _check_descended(self, trace, objective, start, theta, window):
        """Raise DivergenceError unless the descent ended finite and no higher than it began."""
        loss = trace.loss_curve[-1]
        rise = min(trace.loss_curve[-window:]) - loss
        ceiling = objective.value(start)
        if not self._is_full_batch or self.solver not in auto.LINEAR:
            # A good start may be left for the noise floor, but not for worse than knowing nothing.
            ceiling = max(ceiling, objective.loss.power)
        if not self._is_full_batch:
            ceiling *= NOISE
        ceiling += ROUNDING * ceiling + loss_floor(objective.loss)
        if np.isfinite(loss) and np.isfinite(theta).all() and objective.value(theta) + rise <= ceiling:
            return
        limit = ""
        if self.solver in auto.LINEAR:
            L = theory.spectrum(objective, start).L
            if 0 < L < np.inf:
                limit = f"; with this beta it is stable on these data for eta < {theory.stability_limit(self.beta_, L, self.solver):.4g}"
        raise DivergenceError(
            f"solver={self.solver!r} diverged with beta={self.beta_:g} and eta={self.eta_:.4g}{limit}. "
            f"The loss was {loss:.4g} after {len(trace.loss_curve)} epochs. "
            "Lower eta, use eta='auto', or scale the features (StandardScaler).",
            trace.loss_curve,
            len(trace.loss_curve),
        )

    def _coefficients(self, theta, dtype):
        """`coef_` and `intercept_` as scikit-learn shapes them, from θ of shape (p, k)."""
        d = self.n_features_in_
        coef = np.array(theta[:d].T, dtype=dtype, order="C")
        intercept = theta[d].astype(dtype) if self.fit_intercept else np.zeros(len(coef), dtype=dtype)
        if self._flat_target:
            return {"coef_": coef[0], "intercept_": intercept[0]}
        return {"coef_": coef, "intercept_": intercept}

    def _warn_not_converged(self, objective, start):
        message = f"max_iter={self.max_iter} epochs were not enough to converge to tol={self.tol:g}."
        condition = theory.spectrum(objective, start).condition
        if condition > ILL_CONDITIONED:
            message += f" The condition number is {condition:.2g}: scale the features (StandardScaler)."
        else:
            message += " Raise max_iter, or use eta='auto'."
        warnings.warn(message, ConvergenceWarning, stacklevel=2)
