"""The mini-batch epochs as compiled by numba, from the rules as they stand in `study.descent.rules`.

Here a plain loop may be slower by a factor of several than one that is written for the processor, so the code
is less plain than elsewhere. Four things explain its form:

- Compiled functions count the references to the arrays that they are given, at tens of cycles each, inlined
  or not. So what runs for each row or entry takes numbers only, or stands in the kernel itself.
- An index of an unsigned type spares a test for negative indices at every access.
- A processor waits for hundreds of cycles for memory that it did not expect to need. So rows are asked for
  (prefetched) some rows before they are used.
- Sums that are written four rows at a time, or with padding to whole vectors, let the compiler use vector
  instructions.
"""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numba import njit

from study.descent import rules, solvers
from study.descent.prefetch import prefetch, prefetch_line
from study.descent.solvers import SOLVERS

BLOCK = 2**14  # numbers in the block that a batch passes through: it stays in the second-level cache
AHEAD = 32  # rows from the one being read to the one being fetched: enough to hide the latency of memory

Constants: TypeAlias = tuple[int, float, float, float, float]
"""A solver's code, η, β, β₂ and ε."""

LazyForm: TypeAlias = tuple[bool, bool, bool]
"""Of a solver: whether its updates without data are lazy, whether the state beside w is s rather than v, and
whether it has a second state, which is s."""

Step: TypeAlias = Callable[[Constants, float, float, float, float, float], tuple[float, float, float]]
"""(constants, w, v, s, g, t) → the new (w, v, s) of one coordinate."""

# A division by zero is inf or NaN, as in NumPy, and never raises.
_jit = njit(error_model="numpy", forceinline=True)
# Sums may be reordered, so that they run on vectors; but infinities and NaNs count, which "fast" would deny.
_jit_sums = njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})


def _choose(code: int, rule: rules.Rule, otherwise: Step) -> Step:
    """Compile a step by one rule where the solver has this code, and by another step where it has not."""
    compiled = _jit(rule)

    @_jit
    def step(
        constants: Constants, w: float, v: float, s: float, g: float, t: float
    ) -> tuple[float, float, float]:
        if constants[0] == code:
            _, eta, beta, beta_2, epsilon = constants
            return compiled(w, v, s, g, t, eta, beta, beta_2, epsilon)
        return otherwise(constants, w, v, s, g, t)

    return step


@_jit
def _unknown(
    constants: Constants, w: float, v: float, s: float, g: float, t: float
) -> tuple[float, float, float]:
    """Leave everything as it is: no solver has this code."""
    return w, v, s


_step: Step = _unknown  # every solver's rule in one function, which chooses by the solver's code
for _solver in reversed(SOLVERS.values()):
    _step = _choose(_solver.code, _solver.rule, _step)


@_jit_sums
def _residuals(rows: np.ndarray, w: np.ndarray, c: int, r: np.ndarray) -> None:
    """r += rows·w for target c, four rows at a time so that w is read once for the four."""
    for i in range(0, r.size, 4):
        r0, r1, r2, r3 = r[i], r[i + 1], r[i + 2], r[i + 3]
        for j in range(w.shape[1]):
            r0 += rows[i, j] * w[c, j]
            r1 += rows[i + 1, j] * w[c, j]
            r2 += rows[i + 2, j] * w[c, j]
            r3 += rows[i + 3, j] * w[c, j]
        r[i], r[i + 1], r[i + 2], r[i + 3] = r0, r1, r2, r3


@_jit_sums
def _add_gradient(rows: np.ndarray, r: np.ndarray, gradient: np.ndarray, c: int) -> None:
    """gradient += rowsᵀ·r for target c, four rows at a time so that it is read once for the four."""
    for i in range(0, r.size, 4):
        r0, r1, r2, r3 = r[i], r[i + 1], r[i + 2], r[i + 3]
        for j in range(gradient.shape[1]):
            pair = r0 * rows[i, j] + r1 * rows[i + 1, j]
            gradient[c, j] += pair + (r2 * rows[i + 2, j] + r3 * rows[i + 3, j])


@_jit
def _step_all(
    constants: Constants,
    alpha: float,
    theta: np.ndarray,
    velocity: np.ndarray,
    square: np.ndarray,
    gradient: np.ndarray,
    scale: float,
    t: float,
    d: int,
    w: np.ndarray,
) -> None:
    """Step every coordinate, clear the gradient, and copy the weights to w, a target a row."""
    # t is a float, and the loop in here, so that the compiler takes Adam's βᵗ out of it.
    for c in range(theta.shape[1]):
        for j in range(theta.shape[0]):
            g = scale * gradient[c, j]
            gradient[c, j] = 0
            if j < d:
                g += 2 * alpha * w[c, j]
            w[c, j], velocity[j, c], square[j, c] = _step(
                constants, w[c, j], velocity[j, c], square[j, c], g, t
            )
            theta[j, c] = w[c, j]


@_jit
def _dense_epoch(
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    order: np.ndarray,
    batch_size: int,
    theta: np.ndarray,
    velocity: np.ndarray,
    square: np.ndarray,
    t: int,
    constants: Constants,
    alpha: float,
    dropout: float,
    rng: np.random.Generator,
) -> int:
    n, d = order.size, X.shape[1]
    size, k = theta.shape
    # Whole vectors and whole fours of rows: what pads them is 0 and stays 0.
    width = (size + 7) // 8 * 8
    block = min((min(batch_size, n) + 3) // 4 * 4, max(4, min(128, BLOCK // width // 4 * 4)))
    rows = np.zeros((block, width), X.dtype)
    w, gradient = np.zeros((k, width), X.dtype), np.zeros((k, width), X.dtype)
    for c in range(k):
        for j in range(size):
            w[c, j] = theta[j, c]
    ahead = min(AHEAD, 8 * BLOCK // (d * X.itemsize))  # 0: in long rows the processor runs ahead itself
    address = X.ctypes.data

    for start in range(0, n, batch_size):
        stop = min(start + batch_size, n)
        for first in range(start, stop, block):
            m = min(block, stop - first)
            r = np.zeros((m + 3) // 4 * 4, X.dtype)
            for i in range(m):
                if ahead > 0 and first + i + ahead < n:
                    later = order[first + i + ahead]
                    prefetch(address, later * d, later * d + d, X.itemsize)
                row = order[first + i]
                for j in range(d):
                    rows[i, j] = X[row, j]
                if dropout > 0:
                    for j in range(d):
                        rows[i, j] *= (rng.random() >= dropout) / (1 - dropout)
                if size > d:
                    rows[i, d] = 1
            for i in range(m, r.size):
                rows[i] = 0
            for c in range(k):
                for i in range(m):
                    r[i] = -y[order[first + i], c]
                _residuals(rows, w, c, r)
                if weights.size:
                    for i in range(m):
                        r[i] *= weights[order[first + i]]
                _add_gradient(rows, r, gradient, c)
        t += 1
        _step_all(constants, alpha, theta, velocity, square, gradient, 2 / (stop - start), float(t), d, w)
    return t


@_jit
def _powers(number: int, constants: Constants, alpha: float, state_is_square: bool) -> np.ndarray:
    """M⁰, M¹, …: what that many steps without data do to (w, state); M is the rule itself on (1, 0) and (0, 1)."""
    a, v, s = _step(constants, 1.0, 0.0, 0.0, 2 * alpha, 1.0)
    c = s if state_is_square else v
    b, v, s = _step(constants, 0.0, 1.0, 1.0, 0.0, 1.0)
    d = s if state_is_square else v
    powers = np.empty((number, 4))
    ww, wq, qw, qq = 1.0, 0.0, 0.0, 1.0
    for i in range(number):
        powers[i, 0], powers[i, 1], powers[i, 2], powers[i, 3] = ww, wq, qw, qq
        ww, wq, qw, qq = a * ww + b * qw, a * wq + b * qq, c * ww + d * qw, c * wq + d * qq
    return powers


@_jit
def _advance(ww: float, wq: float, qw: float, qq: float, w: float, q: float) -> tuple[float, float]:
    """Multiply (w, q) by a power of M."""
    if w == 0 and q == 0:  # zeros stay zeros, also where M diverges and 0·inf would be NaN
        return w, q
    return ww * w + wq * q, qw * w + qq * q


@_jit
def _step_touched(
    constants: Constants,
    form: LazyForm,
    alpha: float,
    cells: np.ndarray,
    second: np.ndarray,
    touched: np.ndarray,
    count: int,
    scale: float,
    t: float,
    free: np.uint64,
) -> None:
    """Step the first ``count`` cells of ``touched`` and clear their gradients."""
    _, state_is_square, has_second = form
    for i in range(count):
        j = touched[i]
        w, q, g = cells[j, 0], cells[j, 1], scale * cells[j, 2]
        if j < free:
            g += 2 * alpha * w
        w, v, s = _step(constants, w, q, second[j] if has_second else q, g, t)
        cells[j, 0], cells[j, 1], cells[j, 2] = w, s if state_is_square else v, 0
        if has_second:
            second[j] = s


@_jit
def _longest_row(indptr: np.ndarray) -> int:
    """Most entries that a row of a CSR matrix has."""
    longest: Any = 0
    for i in range(indptr.size - 1):
        longest = max(longest, np.intp(indptr[i + 1] - indptr[i]))
    return longest


@_jit
def _sparse_epoch(
    entries: tuple[np.ndarray, np.ndarray, np.ndarray],
    d: int,
    y: np.ndarray,
    weights: np.ndarray,
    order: np.ndarray,
    batch_size: int,
    theta: np.ndarray,
    state: np.ndarray,
    second: np.ndarray,
    t: int,
    constants: Constants,
    form: LazyForm,
    alpha: float,
    dropout: float,
    rng: np.random.Generator,
) -> int:
    # Names: a cell is what belongs to one coordinate of θ; k targets lie side by side, so that the cell of
    # weight j of target c is j·k + c. The intercepts' cells come last, from `free` on: they have no penalty.
    data, indices, indptr = entries
    lazy = form[0]
    n = order.size
    k = np.uint64(y.shape[1])
    free = np.uint64(d) * k
    intercepts = theta.size - d * y.shape[1]
    # What is read together lies together. The numbers of a cell: the weight w, its state, its gradient, and
    # how many steps of this call w and the state include. (Adam alone has a second state, kept apart.)
    cells = np.zeros((theta.size, 4), theta.dtype)
    # The cells that the batch at hand changes, each once. Intercepts lead: every batch touches them. Where
    # nothing is lazy, every batch steps all cells, in this order.
    touched = np.empty(theta.size, np.uint64)
    for i in range(theta.size):
        cells[i, 0], cells[i, 1] = theta[i], state[i]
        touched[theta.size - 1 - i] = np.uint64(i)
    values = np.empty(_longest_row(indptr), theta.dtype)
    powers = _powers((n + batch_size - 1) // batch_size + 1 if lazy else 0, constants, alpha, form[1])
    addresses = data.ctypes.data, indices.ctypes.data, indptr.ctypes.data, cells.ctypes.data

    step = 0
    for start in range(0, n, batch_size):
        stop = min(start + batch_size, n)
        step += 1
        count = intercepts if lazy else theta.size
        for i in range(start, stop):
            # Ask for memory ahead of time: far ahead where a row lies, nearer its entries, nearest its cells.
            if i + 2 * AHEAD < n:
                row = order[i + 2 * AHEAD]
                prefetch_line(addresses[2] + row * indptr.itemsize)
                row = order[i + AHEAD]
                prefetch(addresses[0], indptr[row], indptr[row + 1], data.itemsize)
                prefetch(addresses[1], indptr[row], indptr[row + 1], indices.itemsize)
                row = order[i + AHEAD // 8]
                for p in range(indptr[row], indptr[row + 1]):
                    prefetch_line(addresses[3] + np.intp(indices[p] * k) * 4 * cells.itemsize)
            # The row's values, after dropout.
            row = order[i]
            first, last = indptr[row], indptr[row + 1]
            for p in range(first, last):
                values[p - first] = data[p]
                if dropout > 0:
                    values[p - first] *= (rng.random() >= dropout) / (1 - dropout)
            for c in range(k):
                # Residual. A weight that this batch meets for the first time first makes the steps it missed.
                r = cells[free + c, 0] - y[row, c] if intercepts else -y[row, c]
                for p in range(first, last):
                    j = indices[p] * k + c
                    if lazy and cells[j, 3] != step:
                        m = np.uint64(step - 1 - cells[j, 3])
                        cells[j, 0], cells[j, 1] = _advance(
                            powers[m, 0], powers[m, 1], powers[m, 2], powers[m, 3], cells[j, 0], cells[j, 1]
                        )
                        cells[j, 3] = step  # counted in advance: the step that ends this batch
                        touched[count] = j
                        count += 1
                    r += values[p - first] * cells[j, 0]
                if weights.size:
                    r *= weights[row]
                # The row's part of the gradient.
                for p in range(first, last):
                    cells[indices[p] * k + c, 2] += r * values[p - first]
                if intercepts:
                    cells[free + c, 2] += r
        t += 1
        _step_touched(
            constants, form, alpha, cells, second, touched, count, 2 / (stop - start), float(t), free
        )

    # Every weight makes the steps that it missed since its last batch.
    for i in range(theta.size):
        if lazy and i < free:
            m = np.uint64(step - cells[i, 3])
            cells[i, 0], cells[i, 1] = _advance(
                powers[m, 0], powers[m, 1], powers[m, 2], powers[m, 3], cells[i, 0], cells[i, 1]
            )
        theta[i], state[i] = cells[i, 0], cells[i, 1]
    return t


def _compile(fingerprint: int) -> tuple[Any, Any]:
    """Make the entries to the kernels, which numba keeps on disk.

    Numba compiles again when this file changes, but does not look at other files. What a function
    closes over is part of its key on disk, however, so each entry closes over a fingerprint of the files that
    hold the rules and their codes.
    """
    entry = njit(cache=True, nogil=True, error_model="numpy")

    @entry
    def dense(
        X: Any, y: Any, weights: Any, order: Any, batch_size: int, theta: Any, velocity: Any, square: Any,
        t: int, constants: Constants, alpha: float, dropout: float, rng: Any,
    ) -> int:  # fmt: skip
        fingerprint  # noqa: B018
        return _dense_epoch(
            X, y, weights, order, batch_size, theta, velocity, square, t, constants, alpha, dropout, rng
        )  # fmt: skip

    @entry
    def sparse(
        entries: Any, d: int, y: Any, weights: Any, order: Any, batch_size: int, theta: Any, state: Any,
        second: Any, t: int, constants: Constants, form: LazyForm, alpha: float, dropout: float, rng: Any,
    ) -> int:  # fmt: skip
        fingerprint  # noqa: B018
        return _sparse_epoch(
            entries, d, y, weights, order, batch_size, theta, state, second, t,
            constants, form, alpha, dropout, rng,
        )  # fmt: skip

    return dense, sparse


def _fingerprint() -> int:
    """A number that changes with the text of the files that numba does not look at."""
    files = Path(rules.__file__), Path(solvers.__file__)
    return zlib.crc32(b"".join(file.read_bytes() for file in files))


dense_kernel, sparse_kernel = _compile(_fingerprint())
