"""The expected loss of mini-batch descent on a quadratic, without a fit.

A batch's gradient is the full gradient plus noise whose size depends on where the descent is. On a quadratic the mean
and the variance of the error therefore follow a recurrence, which the second and fourth moments of the rows determine.
The equations and their derivation: docs/theory.md, "Mini-batches, predicted".

References
----------
Zhang et al., "Which algorithmic choices matter at which batch sizes?", NeurIPS 2019 (the noisy quadratic model).
Paquette & Paquette, "Dynamics of stochastic momentum methods on large-scale, quadratic models", NeurIPS 2021.
Mishchenko, Khaled & Richtárik, "Random reshuffling: simple analysis with vast improvements", NeurIPS 2020.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
import scipy.sparse

from study.descent.quadratic import Matrix
from study.descent.solvers import LINEAR, SOLVERS, check_solver

QUICK, CHEAP, CAREFUL = (1, 2), (1, 4), (64, 1)
"""How finely an epoch is followed: the parts after which its batches' common part is taken off, and in each part the
blocks within which the noise of a gradient counts as constant."""

LONG_MEMORY, FOLLOWED = 0.01, (16, 1)
"""Where 1 − β is below the first, growth within an epoch hardly compounds, and an epoch is followed in fewer parts."""

FIRST_PRECISION, PRECISION = 1.1, 1.01
"""Factors to which the limit of mini-batches is found: with the cheap form, and in the end."""

SMALLEST_SHARE = 1e-5
"""Of the full batch's limit: where the search for the limit of mini-batches begins."""

BLOCK_ROWS = 4096
"""Rows whose products are formed at a time."""

RESTLESS = 3.0
"""The velocity forgets after 1/(1 − β) updates; growth is compared over windows of so many times that."""


@dataclass(frozen=True)
class RowMoments:
    """What the expected loss needs to know of the rows: moments in the eigenbasis of the objective's Hessian.

    With w the sample weights over their mean, z a row in the eigenbasis (intercept included) and r̂ its residual at
    the minimum of the objective:

    Attributes
    ----------
    n : int
        Rows.
    fit_intercept : bool
        Whether the last coordinate is the intercept.
    eigenvalues : ndarray of shape (p,)
        Of the objective's Hessian, ascending.
    vectors : ndarray of shape (p, p)
        Its eigenvectors, a column each.
    minimum : ndarray of shape (p, k)
        In the eigenbasis.
    curvature : ndarray of shape (p, p)
        The data term's Hessian in the eigenbasis; diagonal without a penalty.
    fourth : ndarray of shape (p, p)
        4 mean(w² zᵢ² zⱼ²).
    squared : ndarray of shape (k, p)
        4 mean(w² r̂² zᵢ²).
    mixed, drift : ndarray of shape (k, p, p)
        8 mean(w² r̂ zᵢ² zⱼ), and 4 mean(w² r̂ zᵢ zⱼ²).
    mean_gradient : ndarray of shape (k, p)
        2 mean(w r̂ zᵢ): 0 without a penalty.
    least : ndarray of shape (k,)
        mean(w r̂²).
    mean_square_target : float
        Mean of w y², over targets too.
    """

    n: int
    fit_intercept: bool
    eigenvalues: np.ndarray
    vectors: np.ndarray
    minimum: np.ndarray
    curvature: np.ndarray
    fourth: np.ndarray
    squared: np.ndarray
    mixed: np.ndarray
    drift: np.ndarray
    mean_gradient: np.ndarray
    least: np.ndarray
    mean_square_target: float

    @property
    def n_targets(self) -> int:
        """k."""
        return self.minimum.shape[1]

    def loss_about_minimum(self, X: Matrix, y: np.ndarray) -> "QuadraticLoss":
        """The mean squared error on other rows, as a function of the error e = Uᵀ(θ − θ̂)."""
        k, p = self.n_targets, len(self.eigenvalues)
        constant, linear, quadratic = np.zeros(k), np.zeros((k, p)), np.zeros((p, p))
        for rows, targets, _ in _blocks(X, y, np.ones(X.shape[0]), self.fit_intercept):
            z = rows @ self.vectors
            residual = z @ self.minimum - targets
            constant += np.sum(residual**2, axis=0) / X.shape[0]
            linear += 2 / X.shape[0] * (residual.T @ z)
            quadratic += 2 / X.shape[0] * (z.T @ z)
        return QuadraticLoss(constant, linear, quadratic)


@dataclass(frozen=True)
class QuadraticLoss:
    """constant + linear·e + ½ eᵀ quadratic e, for each target.

    Attributes
    ----------
    constant : ndarray of shape (k,)
    linear : ndarray of shape (k, p)
    quadratic : ndarray of shape (p, p)
    """

    constant: np.ndarray
    linear: np.ndarray
    quadratic: np.ndarray


def row_moments(
    X: Matrix,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    fit_intercept: bool = True,
    alpha: float = 0.0,
) -> RowMoments:
    """Gather the moments in two passes over the rows: one for the Hessian, one for the fourth moments.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n, d)
    y : ndarray of shape (n, k)
    sample_weight : ndarray of shape (n,), optional
    fit_intercept : bool
    alpha : float
        L2 penalty.
    """
    n, d = X.shape
    p = d + fit_intercept
    weight = (
        np.ones(n)
        if sample_weight is None
        else np.asarray(sample_weight / np.mean(sample_weight), dtype=float)
    )
    hessian, slope = np.zeros((p, p)), np.zeros((p, y.shape[1]))
    for rows, targets, w in _blocks(X, y, weight, fit_intercept):
        weighted = rows * w[:, None]
        hessian += 2 / n * (weighted.T @ rows)
        slope += 2 / n * (weighted.T @ targets)
    penalty = np.append(np.full(d, 2.0 * alpha), np.zeros(p - d))
    eigenvalues, vectors = scipy.linalg.eigh(hessian + np.diag(penalty))
    flat = eigenvalues <= eigenvalues[-1] * p * np.finfo(float).eps
    minimum = np.where(flat[:, None], 0.0, vectors.T @ slope / np.where(flat, 1.0, eigenvalues)[:, None])
    k = y.shape[1]
    fourth, squared, mean_gradient = np.zeros((p, p)), np.zeros((k, p)), np.zeros((k, p))
    mixed, drift, least, power = np.zeros((k, p, p)), np.zeros((k, p, p)), np.zeros(k), 0.0
    for rows, targets, w in _blocks(X, y, weight, fit_intercept):
        z = rows @ vectors
        residual = z @ minimum - targets
        w_squared = w * w
        squares = z * z
        weighted_squares = squares * w_squared[:, None]
        fourth += 4 / n * (weighted_squares.T @ squares)
        squared += 4 / n * ((residual**2).T @ weighted_squares)
        mean_gradient += 2 / n * ((residual * w[:, None]).T @ z)
        least += w @ residual**2 / n
        power += float(w @ np.mean(targets**2, axis=1)) / n
        for target in range(k):
            along = z * residual[:, target : target + 1]
            mixed[target] += 8 / n * (weighted_squares.T @ along)
    drift[:] = mixed.swapaxes(1, 2) / 2
    curvature = vectors.T @ hessian @ vectors
    eigenvalues = np.where(flat, 0.0, eigenvalues)
    return RowMoments(
        n,
        fit_intercept,
        eigenvalues,
        vectors,
        minimum,
        curvature,
        fourth,
        squared,
        mixed,
        drift,
        mean_gradient,
        least,
        power,
    )


def _blocks(
    X: Matrix, y: np.ndarray, weight: np.ndarray, fit_intercept: bool
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows with the intercept's column, targets and weights, a part at a time."""
    sparse = scipy.sparse.issparse(X)
    X = X.tocsr() if sparse else X
    for first in range(0, X.shape[0], BLOCK_ROWS):
        part = slice(first, min(first + BLOCK_ROWS, X.shape[0]))
        rows = X[part].toarray() if sparse else X[part]
        rows = np.asarray(rows, dtype=float)
        if fit_intercept:
            rows = np.column_stack([rows, np.ones(len(rows))])
        yield rows, np.asarray(y[part], dtype=float), weight[part]


def check_settings(solver: str, batch_size: int | None) -> None:
    """Raise ValueError unless the expected loss is known of a solver, and a batch has rows."""
    check_solver(solver, LINEAR, "the expected loss")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size = {batch_size}: it must be at least 1, or None for the full batch")


def expected_loss_curves(
    moments: RowMoments,
    betas: np.ndarray,
    etas: np.ndarray,
    max_iter: int,
    batch_size: int,
    *,
    solver: str = "momentum",
    shuffle: bool = True,
    start: np.ndarray | None = None,
    held_out: QuadraticLoss | None = None,
) -> np.ndarray:
    """Expected mean squared errors after every epoch, for pairs (β, η).

    Parameters
    ----------
    moments : RowMoments
    betas, etas : ndarray of shape (m,)
    max_iter : int
        Epochs.
    batch_size : int
        Below n.
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}
    shuffle : bool
        Whether an epoch visits every row once; otherwise every batch is drawn for itself.
    start : ndarray of shape (p, k), optional
        θ at the start; 0 if left out.
    held_out : QuadraticLoss, optional
        Another loss, such as that of rows to validate on.

    Returns
    -------
    ndarray of shape (1 or 2, max_iter, m)
        The training loss, and the other one; infinite beyond the floating-point range.
    """
    k, p = moments.n_targets, len(moments.eigenvalues)
    begin = np.zeros((p, k)) if start is None else moments.vectors.T @ start
    total = np.zeros(())
    for target in range(k):
        constants = [moments.least[target]]
        linears, quadratics = [moments.mean_gradient[target]], [moments.curvature]
        if held_out is not None:
            constants.append(held_out.constant[target])
            linears.append(held_out.linear[target])
            quadratics.append(held_out.quadratic)
        total = total + _run(
            moments, target, betas, etas, max_iter, batch_size, solver, shuffle,
            begin[:, target] - moments.minimum[:, target], np.zeros(p),
            np.array(constants), np.array(linears), np.array(quadratics),
        )  # fmt: skip
    losses = total / k
    return np.where(np.isfinite(losses), losses, np.inf)


def second_moment_grows(
    moments: RowMoments, betas: np.ndarray, etas: np.ndarray, batch_size: int, *, solver: str = "momentum",
    shuffle: bool = True, blocks: tuple[int, int] = QUICK,
) -> np.ndarray:  # fmt: skip
    """Whether the second moment of the error grows without bound, for pairs (β, η).

    The recurrence without residuals is followed from equal variance in every direction, for three windows of epochs
    that are each longer than the velocity's memory. It grows where the last window's largest value is above that of
    the window before.
    """
    p = len(moments.eigenvalues)
    quiet = replace(
        moments,
        squared=np.zeros((1, p)), mixed=np.zeros((1, p, p)), drift=np.zeros((1, p, p)), mean_gradient=np.zeros((1, p)),
    )  # fmt: skip
    updates = -(-moments.n // batch_size)
    result = np.empty(len(betas), dtype=bool)
    memory = RESTLESS / ((1 - betas) * updates)
    moving = moments.eigenvalues > 0
    # Pairs of about the same memory are followed for as many epochs.
    windows = np.clip(2 ** np.ceil(np.log2(np.maximum(memory, 4))), 4, 512).astype(int)
    for window in np.unique(windows):
        chosen = windows == window
        curve = _run(
            quiet, 0, betas[chosen], etas[chosen], 3 * int(window), batch_size, solver, shuffle,
            np.zeros(p), moving.astype(float), np.zeros(1), np.zeros((1, p)), 2 * np.eye(p)[None], blocks,
        )[0]  # fmt: skip
        peaks = curve.reshape(3, window, -1).max(axis=1)
        result[chosen] = ~(peaks[2] < peaks[1])
    return result


def largest_stable_eta(
    moments: RowMoments, beta: float, batch_size: int, highest: float, *, lowest: float | None = None,
    solver: str = "momentum",
) -> float:  # fmt: skip
    """The largest η up to `highest`, to 1 %, whose second moment does not grow.

    It is bisected, first with the cheap form and then with the careful one. `highest` is the full batch's limit or
    less; `lowest`, where the search begins, is better close below the answer but need not be below it.
    """

    def grows(eta: float, blocks: tuple[int, int]) -> bool:
        pair = np.array([beta]), np.array([eta])
        return bool(second_moment_grows(moments, *pair, batch_size, solver=solver, blocks=blocks)[0])

    careful = CAREFUL if 1 - beta > LONG_MEMORY else FOLLOWED
    # Just below it, because at the full batch's limit rounding decides.
    if not grows(highest / PRECISION**0.5, careful):
        return highest
    low, high = lowest or SMALLEST_SHARE * highest, highest
    while high / low > FIRST_PRECISION * PRECISION:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if grows(middle, CHEAP) else (middle, high)
    while grows(low, careful) and low > SMALLEST_SHARE * highest:
        low, high = low / FIRST_PRECISION, low
    while high < highest and not grows(high, careful):
        low, high = high, min(high * FIRST_PRECISION, highest)
    while high / low > PRECISION:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if grows(middle, careful) else (middle, high)
    return float(low)


def _run(
    moments: RowMoments, target: int, betas: np.ndarray, etas: np.ndarray, max_iter: int, batch_size: int,
    solver: str, shuffle: bool, start: np.ndarray, variance: np.ndarray,
    constants: np.ndarray, linears: np.ndarray, quadratics: np.ndarray, blocks: tuple[int, int] = CHEAP,
) -> np.ndarray:  # fmt: skip
    """Run the compiled recurrence for one target."""
    from study.descent.expected_kernel import expected_losses

    matrix, answer = _update(solver, moments.eigenvalues, np.asarray(betas, float), np.asarray(etas, float))
    parts, sizes, updates = _epoch_in_blocks(moments.n, batch_size, *blocks)
    losses = np.empty((len(constants), max_iter, len(betas)))
    gradient = moments.mean_gradient[target]
    drift = moments.drift[target] - moments.curvature * gradient
    freedom = max(moments.n - 1, 1)
    with np.errstate(all="ignore"):
        expected_losses(
            matrix, answer, float(moments.n), parts, sizes, updates, max_iter, shuffle,
            moments.squared[target], moments.curvature, moments.mixed[target], moments.fourth,
            (moments.fourth - moments.curvature**2) / freedom, drift / freedom, gradient,
            start, variance, constants, linears, quadratics, losses,
        )  # fmt: skip
    return losses


def _update(
    solver: str, lam: np.ndarray, betas: np.ndarray, etas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The rule's 2×2 matrix on (e, v), shape (m, p, 4), and its answer to a gradient of 1, shape (m, p, 2)."""
    rule = SOLVERS[solver].rule
    one, zero = np.ones((len(betas), len(lam))), np.zeros((len(betas), len(lam)))
    beta, eta = betas[:, None], etas[:, None]

    def advance(e: np.ndarray, v: np.ndarray, gradient: np.ndarray) -> list[np.ndarray]:
        return [
            np.broadcast_to(part, one.shape)
            for part in rule(e, v, None, gradient, 1, eta, beta, None, None)[:2]
        ]

    (a, c), (b, d) = advance(one, zero, lam * one), advance(zero, one, zero)
    return np.stack([a, b, c, d], axis=-1), np.stack(advance(zero, zero, one), axis=-1)


def _epoch_in_blocks(
    n: int, batch_size: int, n_parts: int, n_blocks: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The part that each block of an epoch belongs to, its rows a batch and its updates.

    A shorter last batch is a block of its own.
    """
    full, rest = divmod(n, batch_size)
    parts, sizes, lengths = [], [], []
    for part, updates in enumerate(np.array_split(np.arange(full), min(n_parts, full))):
        for block in np.array_split(updates, min(n_blocks, len(updates))):
            parts.append(part)
            sizes.append(float(batch_size))
            lengths.append(len(block))
    if rest:
        parts, sizes, lengths = [*parts, parts[-1]], [*sizes, float(rest)], [*lengths, 1]
    return np.array(parts), np.array(sizes), np.array(lengths)
