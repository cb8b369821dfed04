"""MomentumRegressor: linear regression by gradient descent with momentum."""

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from study.descent.loop import Optimizer
from study.descent.quadratic import GramLoss, Matrix, ResidualLoss
from study.estimator import chunks, coefficients, fitting, inputs
from study.estimator.parameters import CONSTRAINTS


class MomentumRegressor(CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Linear regression by gradient descent with momentum.

    Minimises Σ wᵢ (yᵢ − xᵢ·w − b)² / Σ wᵢ + alpha‖w‖², for each target on its own, the intercept b free. At
    convergence a full batch is ``Ridge(alpha=alpha * sample_weight.sum())``. With g the gradient there,
    every state 0 at the start, and t the number of the update, a solver makes

    ================ =================================================================================
    ``"momentum"``    v = βv + (1 − β)g,  w = w − ηv  (the note's: v is a mean of gradients)
    ``"nesterov"``    v = βv + (1 − β)g,  w = w − η(βv + (1 − β)g)
    ``"heavy_ball"``  v = βv + g,  w = w − ηv  (Polyak's: v is a sum of gradients)
    ``"sgd"``         w = w − ηg
    ``"rmsprop"``     s = 0.99 s + 0.01 g²,  w = w − ηg / (√s + ε)
    ``"adam"``        v = βv + (1 − β)g,  s = β₂s + (1 − β₂)g²,  w = w − η v̂ / (√ŝ + ε),
                      v̂ = v / (1 − βᵗ), ŝ = s / (1 − β₂ᵗ)
    ================ =================================================================================

    Which one: ``"momentum"`` and ``"nesterov"`` where features are scaled; ``"adam"`` where they cannot be;
    ``"sgd"`` as the baseline; ``"heavy_ball"`` to carry settings over from a deep-learning library.

    Parameters
    ----------
    eta : float or "auto", default="auto"
        Learning rate η. ``"auto"``, full batch: the rate that first brings the training excess to 1 % of its
        start for good, searched on the exact curves that the data's eigenvalues give. Mini-batches:
        the least expected training loss after `max_iter` epochs, predicted from the rows' moments and never
        above what those predict to be stable; a schedule begins higher, so that its mean is that rate;
        `partial_fit` settles it on the first chunk. With dropout, or
        more than 300 features, half the reciprocal of a row's largest curvature, times (1 − β) for heavy ball.
        Adam and RMSprop: the rate at which every coordinate's being η off costs 1 % of the mean of y².
        scikit-learn: ``SGDRegressor(eta0)`` on half the squared error, so twice ours. PyTorch's ``lr`` is
        η(1 − β) for ``"momentum"`` and ``"nesterov"``, η for the others.
    beta : float or "auto", default=0.9
        Momentum decay β, 0 ≤ β < 1; unused by ``"sgd"`` and ``"rmsprop"``. ``"auto"``: searched with
        eta where eta is searched, otherwise 0.9. scikit-learn: ``MLPRegressor(momentum, beta_1)``. PyTorch: ``momentum``,
        ``betas[0]``.
    solver : {"momentum", "nesterov", "heavy_ball", "sgd", "rmsprop", "adam"}, default="momentum"
        The update, as above. PyTorch: ``optim.SGD(momentum=β)``, ``nesterov=True``, ``RMSprop``, ``Adam``.
    schedule : {"constant", "invscaling", "exponential", "cosine", "adaptive"} or callable, default="constant"
        η of each epoch: η; η / (epoch + 1)^power_t; η · gamma^epoch; η (1 + cos(π epoch / max_iter)) / 2; η
        divided by 5 at each plateau; or η times what the callable returns for the epoch, from 0.
        scikit-learn: ``SGDRegressor(learning_rate)``. PyTorch: ``lr_scheduler``.
    batch_size : int or None, default=None
        Samples an update; None is all of them. Mini-batches are reshuffled every epoch. scikit-learn:
        ``MLPRegressor(batch_size)``. PyTorch: ``DataLoader(batch_size)``.
    alpha : float, default=0.0
        L2 penalty. scikit-learn: ``SGDRegressor(alpha)``, ``Ridge(alpha)`` / Σ wᵢ. PyTorch:
        ``weight_decay`` = 2·alpha.
    dropout : float, default=0.0
        Chance that an input is dropped from a sample at a visit, the others scaled by 1 / (1 − dropout). In
        expectation a ridge penalty of p / (1 − p) · mean(xⱼ²) on weight j. PyTorch: ``nn.Dropout(p)``.
    fit_intercept : bool, default=True
        Whether there is an intercept. It is a coordinate of the descent: X is never centred.
    max_iter : int, default=1000
        Most epochs.
    tol : float or None, default=1e-4
        Relative change of the loss that counts as none. Where the loss has stayed and over 1 % of the starting
        excess over the minimum is left, the fit goes on, and warns if it ends so. None runs all `max_iter` epochs.
    n_iter_no_change : int, default=5
        Epochs over which the loss must not change, at least; 3 / (1 − β) updates where that is longer, so
        that an upswing of momentum does not count as an end.
    early_stopping : bool, default=False
        Whether to hold out samples, stop on their loss, and return the weights that were best on them, of the start
        and of all epochs at which the descent had not diverged.
    validation_fraction : float, default=0.1
        Share that early stopping holds out.
    shuffle : bool, default=True
        Whether mini-batches are drawn anew each epoch.
    warm_start : bool, default=False
        Whether `fit` starts from the weights of the last one. The optimiser's state starts anew.
    random_state : int, RandomState instance or None, default=None
        Draws batches, dropout's masks and the held-out samples.
    verbose : int, default=0
        Whether to print the loss of each epoch.
    beta_2 : float, default=0.999
        Adam's decay of the mean of squared gradients. PyTorch: ``betas[1]``.
    epsilon : float, default=1e-8
        Adam's and RMSprop's ε, outside the root. PyTorch: ``eps``.
    power_t : float, default=0.25
        Exponent of ``"invscaling"``, as SGDRegressor's.
    gamma : float, default=0.99
        Factor an epoch of ``"exponential"``. PyTorch: ``ExponentialLR(gamma)``.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
    intercept_ : float or ndarray of shape (n_targets,)
    n_iter_ : int
        Epochs that were run.
    loss_curve_ : list of float
        Mean squared error on the training data, without penalty or dropout, after each epoch; the mean over
        targets, in their squared units.
    validation_curve_ : list of float
        The same on what early stopping held out.
    eta_, beta_ : float
        As used.
    eta_curve_ : list of float
        η of each epoch.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    See Also
    --------
    sklearn.linear_model.SGDRegressor : Stochastic gradient descent without momentum, more losses.
    sklearn.linear_model.Ridge : What a full batch converges to.

    Notes
    -----
    A full batch runs on second moments where these pay, so that an epoch costs O(d²) whatever the number of
    samples, and on residual passes where not. Data that are not scaled are promised finite weights, not
    convergence: a fit that ends before it has converged gives a ConvergenceWarning, which names the cause and the mend.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    Goh, "Why Momentum Really Works", Distill, 2017.
    Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    Srivastava et al., "Dropout", JMLR 2014; Wager et al., "Dropout training as adaptive regularization", 2013.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from study import MomentumRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MomentumRegressor(eta=0.1, beta=0.9))
    >>> round(model.fit(X, y).score(X, y), 3)
    0.517
    """

    def __init__(
        self,
        eta: float | Literal["auto"] = "auto",
        beta: float | Literal["auto"] = 0.9,
        *,
        solver: str = "momentum",
        schedule: str | Callable[[int], float] = "constant",
        batch_size: int | None = None,
        alpha: float = 0.0,
        dropout: float = 0.0,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-4,
        n_iter_no_change: int = 5,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        shuffle: bool = True,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        power_t: float = 0.25,
        gamma: float = 0.99,
    ) -> None:
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

    _parameter_constraints: dict = CONSTRAINTS

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
    ) -> Self:
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
            If the loss stops being finite, or ends above where it started; mini-batches, above twice the larger of
            the start and the mean of y². With early stopping this is a ConvergenceWarning.
        ValueError
            If X, y or a start are too large or too small for floating point.
        """
        rows = inputs.validate(self, X, y, sample_weight, reset=True, in_batches=not self.is_full_batch)
        if self.warm_start and hasattr(self, "coef_"):
            coef_init = self.coef_ if coef_init is None else coef_init
            intercept_init = self.intercept_ if intercept_init is None else intercept_init
        random_state = check_random_state(self.random_state)
        held_out = None
        if self.early_stopping:
            rows, held_out_rows = inputs.hold_out(rows, self.validation_fraction, random_state)
            held_out = self._data_term(held_out_rows)
        loss = self._data_term(rows)
        dtype = rows[0].dtype
        start = self._start(
            rows[1].shape[1], loss.dtype if self.is_full_batch else dtype, coef_init, intercept_init
        )
        return self._descend(loss, start, dtype, data=rows, held_out=held_out, random_state=random_state)

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_moments(
        self, moments: GramLoss, coef_init: ArrayLike | None = None, intercept_init: ArrayLike | None = None
    ) -> Self:
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
        if not self.is_full_batch:
            raise ValueError(
                "fit_moments needs batch_size=None and dropout=0: only a full batch is its moments."
            )
        self.n_features_in_ = moments.n_features
        self._flat_target = moments.n_targets == 1
        start = self._start(moments.n_targets, moments.dtype, coef_init, intercept_init)
        return self._descend(moments, start, moments.dtype)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Make one pass over a chunk of the data, in its order, and go on from where the last ended.

        The chunk is cut into batches of `batch_size`, or is one batch if that is None. The optimiser's state
        is kept from call to call, ``"auto"`` is settled on the first chunk, and the schedule stays at its
        first epoch. Chunks whose lengths are multiples of `batch_size` make the updates of one
        unshuffled epoch over all of them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : MomentumRegressor

        Raises
        ------
        DivergenceError
            If, at an eta that was given, the loss on the chunk stops being finite, or rises above twice the mean of y²
            of every chunk so far; the estimator stays as it was. ``"auto"`` lowers eta for the chunk, and warns.
        ValueError
            If X or y are too large or too small for floating point.
        """
        is_first = not hasattr(self, "_optimizer")
        rows = inputs.validate(self, X, y, sample_weight, reset=is_first, in_batches=True)
        loss = inputs.data_term(*rows, fit_intercept=self.fit_intercept, max_iter=1)
        n_features, n_targets, dtype = rows[0].shape[1], rows[1].shape[1], rows[0].dtype
        if is_first:
            start = self._start(n_targets, dtype, None, None)
            self.n_iter_ = 0
            self.loss_curve_: list[float] = []
            self.eta_curve_: list[float] = []
        else:
            start = self._optimizer.theta
            if n_targets != start.shape[1]:
                raise ValueError(f"y has {n_targets} targets; the chunks before it had {start.shape[1]}.")
            if len(start) != n_features + self.fit_intercept or self._optimizer.solver != self.solver:
                raise ValueError("solver and fit_intercept cannot change between chunks; call fit instead.")
        optimizer, end, rate = chunks.one_pass(self, loss, start, rows)
        self.loss_curve_, self.eta_curve_ = [*self.loss_curve_, end], [*self.eta_curve_, rate]
        self.n_iter_ += 1
        return self._keep(optimizer, dtype)

    def predict(self, X: Matrix) -> np.ndarray:
        """Predict by the linear model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32], reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    @property
    def is_full_batch(self) -> bool:
        """Whether an epoch is one update on the whole objective; dropout needs the rows each time."""
        return self.batch_size is None and self.dropout == 0

    def _data_term(self, rows: inputs.Rows) -> GramLoss | ResidualLoss:
        return inputs.data_term(*rows, fit_intercept=self.fit_intercept, max_iter=self.max_iter)

    def _start(
        self, n_targets: int, dtype: DTypeLike, coef: ArrayLike | None, intercept: ArrayLike | None
    ) -> np.ndarray:
        return coefficients.to_theta(
            coef,
            intercept,
            n_features=self.n_features_in_,
            n_targets=n_targets,
            fit_intercept=self.fit_intercept,
            is_flat=self._flat_target,
            dtype=dtype,
        )

    def _descend(
        self, loss: GramLoss | ResidualLoss, start: np.ndarray, dtype: DTypeLike, **watched: Any
    ) -> Self:
        for left_over in ("_masks", "validation_curve_"):
            self.__dict__.pop(left_over, None)
        optimizer, history, monitor = fitting.descend(self, loss, start, **watched)
        self.n_iter_ = len(history.loss_curve)
        self.loss_curve_, self.eta_curve_ = history.loss_curve, history.eta_curve
        if monitor.validation_curve:
            self.validation_curve_ = monitor.validation_curve
        self._keep(optimizer, dtype)
        monitor.end()
        return self

    def _keep(self, optimizer: Optimizer, dtype: DTypeLike) -> Self:
        self._optimizer = optimizer
        self.__dict__.update(self._coefficients(optimizer.theta, dtype))
        return self

    def _coefficients(self, theta: np.ndarray, dtype: DTypeLike) -> dict[str, np.ndarray]:
        return coefficients.from_theta(
            theta,
            n_features=self.n_features_in_,
            fit_intercept=self.fit_intercept,
            is_flat=self._flat_target,
            dtype=dtype,
        )
