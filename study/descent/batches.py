"""Mini-batch epochs, dense and CSR.

One update a batch. With x̃ = [x, 1] where there is an intercept, m the rows of the batch and r = x̃·θ − y,

    g = (2/m) Σᵢ wᵢ rᵢ x̃ᵢ  +  2α·θ on the weight rows (the intercept is free)

and then the solver's rule from `study.descent.rules` on every coordinate (docs/theory.md, "Mini-batches").
Importing this module imports the compiled kernels and numba, so its caller imports it only when a mini-batch
fit runs.
"""

import numpy as np

from study.descent.kernels import dense_kernel, sparse_kernel
from study.descent.quadratic import Matrix
from study.descent.solvers import SOLVERS


def dense_epoch(
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    order: np.ndarray | None,
    batch_size: int,
    theta: np.ndarray,
    velocity: np.ndarray,
    square: np.ndarray,
    updates: int,
    *,
    solver: str,
    eta: float,
    beta: float,
    beta_2: float,
    epsilon: float,
    alpha: float,
    dropout: float = 0.0,
    rng: np.random.Generator | None = None,
) -> int:
    """Visit the rows of X once in batches, one update of the solver's rule a batch.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32 or float64, C-ordered
    y : ndarray of shape (n, k), of X's dtype
    weights : ndarray of shape (n,), of X's dtype, or None
        Sample weights divided by their mean. None is all ones.
    order : ndarray of int64, or None
        The rows to visit, in this order. None is 0, 1, ..., n − 1.
    batch_size : int
        Rows an update; the last batch may be shorter. At ``n`` this is full batch, still without a copy of X.
    theta, velocity, square : ndarray of shape (d + 1, k), or (d, k) without an intercept, of X's dtype
        The coefficients, the intercept last, and the rule's two states; C-ordered, updated in place.
    updates : int
        Updates made before this epoch.
    solver : str
        A key of `SOLVERS`.
    eta, beta, beta_2, epsilon : float
        The rule's constants.
    alpha : float
        L2 penalty α of the objective's term α‖w‖².
    dropout : float
        Chance p that an input is dropped: each x_ij of each visited sample is 0 with probability p and
        x_ij / (1 − p) otherwise, drawn anew at every visit. The intercept's 1 is never dropped.
    rng : numpy.random.Generator, or None
        Draws the masks; left alone when ``dropout`` is 0.

    Returns
    -------
    updates : int
        Updates made in all.
    """
    y, weights, order = _samples(X, y, weights, order)
    constants = SOLVERS[solver].code, float(eta), float(beta), float(beta_2), float(epsilon)
    return dense_kernel(
        _frozen(X), y, weights, order, int(batch_size), theta, velocity, square, int(updates),
        constants, float(alpha), float(dropout), rng or np.random.default_rng(),
    )  # fmt: skip


def sparse_epoch(
    X: Matrix,
    y: np.ndarray,
    weights: np.ndarray | None,
    order: np.ndarray | None,
    batch_size: int,
    theta: np.ndarray,
    velocity: np.ndarray,
    square: np.ndarray,
    updates: int,
    *,
    solver: str,
    eta: float,
    beta: float,
    beta_2: float,
    epsilon: float,
    alpha: float,
    dropout: float = 0.0,
    rng: np.random.Generator | None = None,
) -> int:
    """Do what :func:`dense_epoch` does on a CSR matrix: the same iterates for O(non-zeros) an epoch.

    A weight whose column is empty in a batch still moves, by its momentum and its penalty, but linearly: its pair
    (w, v) is multiplied by one 2 × 2 matrix M a step. So a weight is brought up to date only when a row needs
    it, by M to the power of the steps it missed, and all weights are at the end (lazy updates). The same holds
    of (w, s) in RMSprop without a penalty. Adam, and RMSprop with a penalty, have no such form: they cost O(d) a
    step. `Solver.lazy` says which solver is of which kind.

    Parameters
    ----------
    X : scipy.sparse CSR matrix or array of shape (n, d), float32 or float64
        Entries that share a row and a column add up. Only stored entries are drawn for in dropout.
    y, weights, order, batch_size, theta, velocity, square, updates
        As in :func:`dense_epoch`, and so are the keywords and what is returned.
    """
    indices, indptr = X.indices.view(f"u{X.indices.itemsize}"), X.indptr.view(f"u{X.indptr.itemsize}")
    entries = _frozen(X.data), _frozen(indices), _frozen(indptr)
    y, weights, order = _samples(X, y, weights, order)
    traits = SOLVERS[solver]
    constants = traits.code, float(eta), float(beta), float(beta_2), float(epsilon)
    state = square if traits.lazy_state == "s" else velocity
    form = traits.is_lazy(alpha), traits.lazy_state == "s", len(traits.states) == 2
    # A long epoch is cut into spans of steps. Then the table of M's powers, one a step, is of size O(d), bringing
    # all weights up to date at the end of a span costs O(1) a step, and float32 holds the number of steps exactly.
    span = min(max(2**15, theta.size), 2**23) * int(batch_size)
    for first in range(0, order.size, span):
        updates = sparse_kernel(
            entries, X.shape[1], y, weights, order[first : first + span], int(batch_size),
            theta.reshape(-1), state.reshape(-1), square.reshape(-1), int(updates),
            constants, form, float(alpha), float(dropout), rng or np.random.default_rng(),
        )  # fmt: skip
    return updates


def _samples(
    X: Matrix, y: np.ndarray, weights: np.ndarray | None, order: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read-only y, weights (empty where all are 1) and order, each of one type whatever the caller has."""
    weights = np.empty(0, X.dtype) if weights is None else weights
    order = np.arange(X.shape[0]) if order is None else order
    return _frozen(y), _frozen(weights), _frozen(order)


def _frozen(array: np.ndarray) -> np.ndarray:
    """View an array read-only: numba compiles anew for each mixture of writable and read-only arguments."""
    array = np.ascontiguousarray(array).view(np.ndarray)
    array.flags.writeable = False
    return array
