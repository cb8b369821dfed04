"""``eta="auto"`` and ``beta="auto"``: the setting that is soonest within 1 % of the minimum.

The β* and η* that are best in the long run (docs/theory.md, "Convergence rate") look only at the extreme
eigenvalues. What a fit needs also depends on how much of the start's error lies in each direction, so the
exact excess curves are searched instead.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import scipy.sparse

from study.descent.arrival import TARGET, Arrivals
from study.descent.auto_batches import MOST_DIRECTIONS, search_for_batches
from study.descent.auto_rates import best_of_rates
from study.descent.curves import excess_after, excess_curves
from study.descent.expected import row_moments
from study.descent.quadratic import Matrix, Objective
from study.descent.solvers import SOLVERS
from study.descent.spectrum import Spectrum, spectrum_at
from study.descent.theory import stability_limit

Setting: TypeAlias = float | Literal["auto"]
"""What a person may give for β or η."""

DEFAULT_BETA = 0.9
"""What ``beta="auto"`` is where no exact curve is known: mini-batches, Adam."""

SLACK = 0.1
"""Where β is fixed: a pair may arrive so much later than the soonest, as a share of its epochs, if it gets further."""

HORIZON = 10_000
"""Most epochs in which the search looks for an arrival, whatever `max_iter`."""

AFTERWARDS = 1000
"""Where β is fixed: of the pairs that arrive in time, the one with the least excess at this epoch is taken."""

NEGLIGIBLE = 1e-20
"""Shares of the starting excess below this one count as equal."""

TINY = 1e-300
"""Least curvature, and least learning rate, that is worked with."""

LEAST_RATE = 0.02
"""The least rate that is searched, times the largest curvature."""

MARGIN = 0.999
"""Rates are searched up to this share of the stability limit."""

LEAST_SLOWNESS = 1e-4
"""Least 1 − β that is searched."""

FEW_PAIRS = 100
"""Up to so many pairs, more epochs are computed at a time."""

CLUSTERS = (16, 24, None)
"""Directions that stand for the spectrum in each round where both β and η are searched; None is all of them."""


def resolve(
    eta: Setting,
    beta: Setting,
    *,
    solver: str,
    objective: Objective,
    theta: np.ndarray,
    max_iter: int,
    rows: tuple[Matrix, np.ndarray, np.ndarray | None] | None = None,
    batch_size: int | None = None,
    dropout: float = 0.0,
    is_first_chunk: bool = False,
    mean_factor: float = 1.0,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[float, float]:
    """Put numbers where ``"auto"`` stands.

    Parameters
    ----------
    eta, beta : float or "auto"
    solver : str
    objective : Objective
    theta : ndarray of shape (p, k)
        The start.
    max_iter : int
    rows : tuple of (X, y, sample_weight) or None
        The rows that mini-batches draw from; None for a full batch.
    batch_size : int or None
        Rows an update; None is all of `rows`.
    dropout : float
    is_first_chunk : bool
        Whether `rows` are the first chunk of `partial_fit`.
    mean_factor : float
        Mean of the schedule's factors on η; looked at for the linear solvers' mini-batches alone.
    beta_2, epsilon : float
        Adam's and RMSprop's constants.

    Returns
    -------
    eta, beta : float
    """
    traits = SOLVERS[solver]
    if not traits.uses_beta:
        beta = 0.0
    if eta != "auto" and beta != "auto":
        return float(eta), float(beta)
    if rows is None and traits.is_linear:
        return search(spectrum_at(objective, theta), eta, beta, solver=solver, max_iter=max_iter)
    if rows is not None and traits.is_linear and dropout == 0:
        found = _search_rows(
            eta, beta, objective, theta, rows, batch_size, solver, max_iter, is_first_chunk, mean_factor
        )
        if found is not None:
            return found
    beta = DEFAULT_BETA if beta == "auto" else float(beta)
    if eta != "auto":
        return float(eta), beta
    if rows is not None and traits.is_linear:
        return rate_for_one_row(objective, rows[0], rows[2], dropout, beta=beta, solver=solver), beta
    tried = None
    if dropout == 0 and not is_first_chunk and len(theta) <= MOST_DIRECTIONS:
        tried = best_of_rates(
            objective,
            theta,
            beta,
            solver=solver,
            max_iter=max_iter,
            beta_2=beta_2,
            epsilon=epsilon,
            rows=rows,
            batch_size=batch_size,
        )
    return tried or rate_for_normalised_steps(objective), beta


def _search_rows(
    eta: Setting,
    beta: Setting,
    objective: Objective,
    theta: np.ndarray,
    rows: tuple[Matrix, np.ndarray, np.ndarray | None],
    batch_size: int | None,
    solver: str,
    max_iter: int,
    is_first_chunk: bool,
    mean_factor: float,
) -> tuple[float, float] | None:
    """Search by the expected loss of mini-batches; None where there are too many coordinates or no stable pair."""
    X, y, sample_weight = rows
    if len(theta) > MOST_DIRECTIONS:
        return None
    batch_size = min(batch_size or X.shape[0], X.shape[0])
    loss = objective.loss
    if batch_size == X.shape[0] and not is_first_chunk:
        return search(spectrum_at(objective, theta), eta, beta, solver=solver, max_iter=max_iter)
    alpha = float(objective.penalty.max()) / 2
    with np.errstate(all="ignore"):
        moments = row_moments(X, y, sample_weight, fit_intercept=loss.fit_intercept, alpha=alpha)
        return search_for_batches(
            moments,
            eta,
            beta,
            solver=solver,
            batch_size=batch_size,
            max_iter=max_iter,
            start=theta.astype(np.float64),
            is_first_chunk=is_first_chunk,
            mean_factor=mean_factor,
        )


def rate_for_one_row(
    objective: Objective, X: Matrix, sample_weight: np.ndarray | None, dropout: float, *, beta: float, solver: str,
) -> float:  # fmt: skip
    """Return half the reciprocal of the largest curvature that a single row can have.

    It is below 1/L too, since no mean of the rows' curvatures exceeds the largest. Inputs that dropout keeps
    are scaled by 1 / (1 − dropout), and their squares by the square of that. Heavy ball's rate is (1 − β) times that.
    """
    squares = _squared_norms(X) / (1 - dropout) ** 2 + objective.loss.fit_intercept
    if sample_weight is not None:
        squares = squares * (sample_weight / sample_weight.mean())
    rate = _bounded(0.5 / max(2 * float(squares.max()) + float(objective.penalty.max()), TINY))
    return rate * (1 - beta) if SOLVERS[solver].velocity_is_sum else rate


def rate_for_normalised_steps(objective: Objective) -> float:
    """Return a rate for Adam and RMSprop, which move each coordinate by about η whatever the gradient.

    Near the minimum each coordinate is therefore at most about η off. The rate is the η at which a loss that is
    raised by so much, in every coordinate at once, is raised by at most 1 % of the mean of y².
    """
    loss = objective.loss
    return _bounded(0.1 * (loss.mean_square_target / max(loss.rise_bound(), TINY)) ** 0.5)


@dataclass(frozen=True)
class _Grid:
    """The pairs that one round of the search compares: every 1 − β with every place of a rate.

    A rate is given by its place between `LEAST_RATE`/L (place 0) and the stability limit of its β (place 1),
    on a log scale, so that one grid of places serves every β.

    Attributes
    ----------
    slowness : ndarray
        1 − β.
    places : ndarray
    ratio : float
        Of one slowness to the next.
    width : float
        From one place to the next.
    """

    slowness: np.ndarray
    places: np.ndarray
    ratio: float
    width: float

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """β and place of every pair."""
        return np.repeat(1 - self.slowness, len(self.places)), np.tile(self.places, len(self.slowness))

    def around(self, beta: float, place: float, *, search_beta: bool, search_eta: bool) -> "_Grid":
        """A finer grid about a pair, in what is searched."""
        slowness, places, ratio, width = self.slowness, self.places, self.ratio, self.width
        if search_eta:
            places = np.clip(place + width * np.linspace(-1, 1, 9), 0, 1)
            width /= 4
        if search_beta:
            slowness = np.clip((1 - beta) * ratio ** np.linspace(-1, 1, 7), LEAST_SLOWNESS, 1)
            ratio **= 1 / 3
        return _Grid(slowness, places, ratio, width)


def _first_grid(eta: Setting, beta: Setting) -> _Grid:
    """The coarse grid of the first round; what is given is a grid of one."""
    slowness = np.geomspace(LEAST_SLOWNESS, 1, 17) if beta == "auto" else np.array([1 - float(beta)])
    places = np.array([0.0])
    if eta == "auto":
        places = np.linspace(0, 1, 17 if beta == "auto" else 64)
    width = places[1] if eta == "auto" else 0.0
    return _Grid(slowness, places, ratio=(1 / LEAST_SLOWNESS) ** (1 / 16), width=width)


def search(
    spectrum: Spectrum,
    eta: Setting,
    beta: Setting,
    *,
    solver: str,
    max_iter: int,
    target: float = TARGET,
) -> tuple[float, float]:
    """Search η, β or both on the exact excess curves of a full-batch quadratic.

    Parameters
    ----------
    spectrum : Spectrum
    eta, beta : float or "auto"
    solver : str
        One whose update is linear (`Solver.is_linear`).
    max_iter : int
    target : float
        Share of the starting excess that counts as arrived.

    Returns
    -------
    eta, beta : float
        The pair whose excess is first, and then for good, at most the target. Where no pair
        gets there within `max_iter`, the pair with the least excess at `max_iter`.

    Notes
    -----
    Three rounds, each on a finer grid about the best pair of the one before. Where both are searched, the
    first two rounds stand a few clusters of directions in for the spectrum, because there are many pairs.
    """
    L = spectrum.L
    if not (spectrum.excess.sum() > 0 and TINY < L < 1 / TINY):  # nothing to gain, or nothing to compute with
        eta = _bounded(1 / max(L, TINY)) if eta == "auto" else float(eta)
        return eta, (0.0 if beta == "auto" else float(beta))
    grid, latest = _first_grid(eta, beta), None
    for clusters in CLUSTERS:
        searched = spectrum
        if eta == "auto" and beta == "auto" and clusters is not None:
            searched = _clustered(spectrum, clusters)
        betas, places = grid.pairs()
        etas = _rates(places, betas, L, solver) if eta == "auto" else np.full(len(betas), eta)
        arrival = arrivals(searched, betas, etas, min(max_iter, HORIZON), solver, target)
        if beta != "auto" and latest is None:
            latest = math.ceil((1 + SLACK) * arrival.min())
        best = _best_pair(searched, betas, etas, arrival, latest, max_iter, solver)
        grid = grid.around(betas[best], places[best], search_beta=beta == "auto", search_eta=eta == "auto")
    return float(etas[best]), float(betas[best])


def _best_pair(
    spectrum: Spectrum,
    betas: np.ndarray,
    etas: np.ndarray,
    arrival: np.ndarray,
    latest: float | None,
    max_iter: int,
    solver: str,
) -> int:
    """Index of the best of some pairs, by their arrival and by how far they get afterwards.

    Parameters
    ----------
    arrival : ndarray of int
        Of each pair.
    latest : float or None
        A pair that arrives by this epoch, the arrival of the first round's soonest pair plus `SLACK`, is
        a candidate. None, where β is searched: only the soonest pairs are.
    """
    soonest = arrival.min()
    if latest is None:
        candidates, epoch = np.flatnonzero(arrival == soonest), 2 * soonest + 32
    else:
        candidates, epoch = np.flatnonzero(arrival <= max(latest, soonest)), AFTERWARDS
    # Where none arrives, what is left at the last epoch decides.
    epoch = min(epoch, max_iter) if soonest <= min(max_iter, HORIZON) else max_iter
    left = excess_after(spectrum, betas[candidates], etas[candidates], epoch, solver)
    # Excesses below NEGLIGIBLE differ by rounding alone. Counted as equal they leave the choice to the arrival;
    # otherwise data with a row twice could get another rate than data with that row at weight 2.
    return int(candidates[np.lexsort((arrival[candidates], np.maximum(left, NEGLIGIBLE)))[0]])


def _rates(places: np.ndarray, betas: np.ndarray, L: float, solver: str) -> np.ndarray:
    """The rates at places of `_Grid`."""
    high = MARGIN * stability_limit(betas, L, solver)
    low = LEAST_RATE / L * ((1 - betas) if SOLVERS[solver].velocity_is_sum else np.ones_like(betas))
    return low * (high / low) ** places


def _bounded(eta: float) -> float:
    """A rate within the floating-point range, whatever the scale of the data."""
    return min(max(eta, TINY), 1 / TINY)


def _squared_norms(X: Matrix) -> np.ndarray:
    """‖xᵢ‖² of every row, shape (n,)."""
    if scipy.sparse.issparse(X):
        return np.asarray(X.power(2, dtype=np.float64).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


def arrivals(
    spectrum: Spectrum,
    betas: np.ndarray,
    etas: np.ndarray,
    max_iter: int,
    solver: str,
    target: float = TARGET,
    *,
    only_soonest: bool = True,
) -> np.ndarray:
    """First epoch from which each pair's excess stays at most `target` of its start.

    Parameters
    ----------
    spectrum : Spectrum
    betas, etas : ndarray of shape (m,)
    max_iter : int
    solver : str
    target : float
    only_soonest : bool
        Look no further than twice the epochs of the soonest pair, because only the soonest is wanted. A pair
        that rises above its target after that is then not noticed.

    Returns
    -------
    ndarray of int of shape (m,)
        Of a pair that has not arrived, the number of the last epoch that was looked at, plus 1.
    """
    found = Arrivals(target, (len(betas),))
    stride = 16 if len(betas) > FEW_PAIRS else 32
    for block in excess_curves(spectrum, betas, etas, max_iter, solver, stride):
        found.add(block)
        if only_soonest and found.seen >= 2 * found.epochs.min() + 32:
            break
    return found.epochs


def _clustered(spectrum: Spectrum, count: int) -> Spectrum:
    """A spectrum of at most `count` directions that stands for all of them, to search coarsely.

    Directions of like curvature become one: at their mean curvature, weighted by their excess.
    """
    lam = spectrum.eigenvalues
    edges = np.geomspace(lam[0], lam[-1], count)
    group = np.clip(np.searchsorted(edges, lam), 0, count - 1)
    excess = np.bincount(group, spectrum.excess, minlength=count)
    weighted = np.bincount(group, spectrum.excess * lam, minlength=count)
    kept = excess > 0
    return Spectrum(weighted[kept] / excess[kept], excess[kept], spectrum.L)
