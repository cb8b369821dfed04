"""Mini-batch epochs, dense and CSR: the update rules compiled by numba.

One update a batch. With x̃ = [x, 1] where there is an intercept, m the rows of the batch and r = x̃·θ − y,

    g = (2/m) Σᵢ wᵢ rᵢ x̃ᵢ  +  2α·θ on the weight rows (the intercept is free)

and then the solver's rule from ``rules`` on every coordinate. Importing this module imports numba, so its
caller imports it only when a mini-batch fit runs; compiled code is kept on disk between processes.
"""

import zlib
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from study.descent import rules

CODES = {solver: code for code, solver in enumerate(rules.RULES)}  # the numbers that kernels know solvers by
RMSPROP, ADAM = CODES["rmsprop"], CODES["adam"]
BLOCK = 2**14  # numbers in the block that a batch passes through: it stays in the second-level cache
AHEAD = 32  # rows from the one being read to the one being fetched: enough to hide the latency of memory


def dense_epoch(
    X, y, weights, order, batch_size, theta, velocity, square, updates,
    *, solver, eta, beta, beta_2, epsilon, alpha, dropout=0.0, rng=None,
):  # fmt: skip
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
        A key of ``rules.RULES``.
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
    rule = CODES[solver], float(eta), float(beta), float(beta_2), float(epsilon)
    return _dense(
        _frozen(X), y, weights, order, int(batch_size), theta, velocity, square, int(updates),
        rule, float(alpha), float(dropout), rng or np.random.default_rng(),
    )  # fmt: skip


def sparse_epoch(
    X, y, weights, order, batch_size, theta, velocity, square, updates,
    *, solver, eta, beta, beta_2, epsilon, alpha, dropout=0.0, rng=None,
):  # fmt: skip
    """Do what :func:`dense_epoch` does on a CSR matrix: the same iterates for O(non-zeros) an epoch.

    A weight that a batch does not touch still moves, by its momentum and its penalty, but linearly: its pair
    (w, v) is multiplied by one 2 × 2 matrix M a step. So a weight is brought up to date only when it is
    touched, by M to the number of the steps it missed, and all are at the end. The same holds of (w, s) in
    RMSprop without a penalty. Adam, and RMSprop with a penalty, have no such form: they cost O(d) a step.

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
    rule = CODES[solver], float(eta), float(beta), float(beta_2), float(epsilon)
    lazy = solver != "adam" and (solver != "rmsprop" or alpha == 0)
    state = square if solver == "rmsprop" else velocity
    # A long epoch goes in spans: the table of powers, one a step, stays O(d), the flush at the end of a span
    # O(1) a step, and the number of steps exact in float32.
    span = min(max(2**15, theta.size), 2**23) * int(batch_size)
    for first in range(0, order.size, span):
        updates = _sparse(
            entries, X.shape[1], y, weights, order[first : first + span], int(batch_size),
            theta.reshape(-1), state.reshape(-1), square.reshape(-1), int(updates),
            rule, lazy, float(alpha), float(dropout), rng or np.random.default_rng(),
        )  # fmt: skip
    return updates


def _samples(X, y, weights, order):
    """Read-only y, weights (empty where all are 1) and order, each of one type whatever the caller has."""
    weights = np.empty(0, X.dtype) if weights is None else weights
    order = np.arange(X.shape[0]) if order is None else order
    return _frozen(y), _frozen(weights), _frozen(order)


def _frozen(array):
    """View an array read-only: numba compiles anew for each mixture of writable and read-only arguments."""
    array = np.ascontiguousarray(array).view(np.ndarray)
    array.flags.writeable = False
    return array


# A division by zero is inf or NaN, as in NumPy, and never raises.
_jit = njit(error_model="numpy", forceinline=True)
# Sums may be reordered, so that they run on vectors; but infinities and NaNs count, which "fast" would deny.
_jit_sums = njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})

_momentum, _nesterov, _heavy_ball, _sgd, _rmsprop, _adam = map(_jit, rules.RULES.values())

# Compiled functions count the references to the arrays that they are given, at tens of cycles each, inlined
# or not. So what runs for each row or entry takes numbers only, or stands in the kernel itself.


@_jit
def _step(rule, w, v, s, g, t):
    code, eta, beta, beta_2, epsilon = rule
    if code == 0:
        return _momentum(w, v, s, g, t, eta, beta, beta_2, epsilon)
    if code == 1:
        return _nesterov(w, v, s, g, t, eta, beta, beta_2, epsilon)
    if code == 2:
        return _heavy_ball(w, v, s, g, t, eta, beta, beta_2, epsilon)
    if code == 3:
        return _sgd(w, v, s, g, t, eta, beta, beta_2, epsilon)
    if code == 4:
        return _rmsprop(w, v, s, g, t, eta, beta, beta_2, epsilon)
    return _adam(w, v, s, g, t, eta, beta, beta_2, epsilon)


@intrinsic
def _prefetch_line(typing_context, address):
    """Ask the processor for the cache line at an address, into its second level, and do not wait for it."""

    def generate(context, builder, signature, arguments):
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (pointer,), ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        )
        read, second_level, data = number(0), number(2), number(1)
        builder.call(prefetch, [builder.inttoptr(arguments[0], pointer), read, second_level, data])
        return context.get_dummy_value()

    return types.void(types.intp), generate


@_jit
def _prefetch(address, start, stop, itemsize):
    """Prefetch elements start to stop of the array whose memory begins at the address."""
    first = address + np.intp(start) * itemsize
    for line in range(first & ~63, address + np.intp(stop) * itemsize, 64):
        _prefetch_line(line)


@_jit_sums
def _residuals(rows, w, c, r):
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
def _add_gradient(rows, r, gradient, c):
    """gradient += rowsᵀ·r for target c, four rows at a time so that it is read once for the four."""
    for i in range(0, r.size, 4):
        r0, r1, r2, r3 = r[i], r[i + 1], r[i + 2], r[i + 3]
        for j in range(gradient.shape[1]):
            pair = r0 * rows[i, j] + r1 * rows[i + 1, j]
            gradient[c, j] += pair + (r2 * rows[i + 2, j] + r3 * rows[i + 3, j])


@_jit
def _step_all(rule, alpha, theta, velocity, square, gradient, scale, t, d, w):
    """Step every coordinate, clear the gradient, and copy the weights to w, a target a row."""
    # t is a float, and the loop in here, so that the compiler takes Adam's βᵗ out of it.
    for c in range(theta.shape[1]):
        for j in range(theta.shape[0]):
            g = scale * gradient[c, j]
            gradient[c, j] = 0
            if j < d:
                g += 2 * alpha * w[c, j]
            w[c, j], velocity[j, c], square[j, c] = _step(rule, w[c, j], velocity[j, c], square[j, c], g, t)
            theta[j, c] = w[c, j]


@_jit
def _dense_body(X, y, weights, order, batch_size, theta, velocity, square, t, rule, alpha, dropout, rng):
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
                    _prefetch(address, later * d, later * d + d, X.itemsize)
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
        _step_all(rule, alpha, theta, velocity, square, gradient, 2 / (stop - start), float(t), d, w)
    return t


@_jit
def _powers(number, rule, alpha):
    """M⁰, M¹, ...: what that many steps without data do to (w, q). M is read off the rule itself."""
    a, v, s = _step(rule, 1.0, 0.0, 0.0, 2 * alpha, 1.0)
    c = s if rule[0] == RMSPROP else v
    b, v, s = _step(rule, 0.0, 1.0, 1.0, 0.0, 1.0)
    d = s if rule[0] == RMSPROP else v
    powers = np.empty((number, 4))
    ww, wq, qw, qq = 1.0, 0.0, 0.0, 1.0
    for i in range(number):
        powers[i, 0], powers[i, 1], powers[i, 2], powers[i, 3] = ww, wq, qw, qq
        ww, wq, qw, qq = a * ww + b * qw, a * wq + b * qq, c * ww + d * qw, c * wq + d * qq
    return powers


@_jit
def _advance(ww, wq, qw, qq, w, q):
    """Multiply (w, q) by a power of M."""
    if w == 0 and q == 0:  # zeros stay zeros, also where M diverges and 0·inf would be NaN
        return w, q
    return ww * w + wq * q, qw * w + qq * q


@_jit
def _step_touched(rule, alpha, cells, second, touched, count, scale, t, free):
    """Step the first ``count`` cells of ``touched`` and clear their gradients."""
    for i in range(count):
        j = touched[i]
        w, q, g = cells[j, 0], cells[j, 1], scale * cells[j, 2]
        if j < free:
            g += 2 * alpha * w
        w, v, s = _step(rule, w, q, second[j] if rule[0] == ADAM else q, g, t)
        cells[j, 0], cells[j, 1], cells[j, 2] = w, s if rule[0] == RMSPROP else v, 0
        if rule[0] == ADAM:
            second[j] = s


@_jit
def _sparse_body(
    entries, d, y, weights, order, batch_size, theta, state, second, t, rule, lazy, alpha, dropout, rng
):  # fmt: skip
    data, indices, indptr = entries
    n = order.size
    # What indexes is unsigned here: that spares the compiled code a test for negatives at every access.
    k = np.uint64(y.shape[1])
    free = np.uint64(d) * k  # cells from here on are intercepts
    intercepts = theta.size - d * y.shape[1]
    # What is read together lies together, a cell a coordinate: the weight w, its state q, its gradient, and
    # the number of steps that w and q include. Adam alone has a second state.
    cells = np.zeros((theta.size, 4), theta.dtype)
    touched = np.empty(theta.size, np.uint64)
    for i in range(theta.size):
        cells[i, 0], cells[i, 1] = theta[i], state[i]
        touched[theta.size - 1 - i] = np.uint64(i)  # the intercepts first: every batch touches them
    longest = 0
    for i in range(indptr.size - 1):
        longest = max(longest, np.intp(indptr[i + 1] - indptr[i]))
    values = np.empty(longest, theta.dtype)
    powers = _powers((n + batch_size - 1) // batch_size + 1 if lazy else 0, rule, alpha)
    addresses = data.ctypes.data, indices.ctypes.data, indptr.ctypes.data, cells.ctypes.data

    step = 0
    for start in range(0, n, batch_size):
        stop = min(start + batch_size, n)
        step += 1
        count = intercepts if lazy else theta.size
        for i in range(start, stop):
            if i + 2 * AHEAD < n:  # fetch, nearer and nearer, where a row lies, the row, and its cells
                row = order[i + 2 * AHEAD]
                _prefetch_line(addresses[2] + row * indptr.itemsize)
                row = order[i + AHEAD]
                _prefetch(addresses[0], indptr[row], indptr[row + 1], data.itemsize)
                _prefetch(addresses[1], indptr[row], indptr[row + 1], indices.itemsize)
                row = order[i + AHEAD // 8]
                for p in range(indptr[row], indptr[row + 1]):
                    _prefetch_line(addresses[3] + np.intp(indices[p] * k) * 4 * cells.itemsize)
            row = order[i]
            first, last = indptr[row], indptr[row + 1]
            for p in range(first, last):
                values[p - first] = data[p]
                if dropout > 0:
                    values[p - first] *= (rng.random() >= dropout) / (1 - dropout)
            for c in range(k):
                r = cells[free + c, 0] - y[row, c] if intercepts else -y[row, c]
                for p in range(first, last):
                    j = indices[p] * k + c
                    if lazy and cells[j, 3] != step:
                        m = np.uint64(step - 1 - cells[j, 3])  # the steps it missed
                        cells[j, 0], cells[j, 1] = _advance(
                            powers[m, 0], powers[m, 1], powers[m, 2], powers[m, 3], cells[j, 0], cells[j, 1]
                        )
                        cells[j, 3] = step  # the one that ends this batch
                        touched[count] = j
                        count += 1
                    r += values[p - first] * cells[j, 0]
                if weights.size:
                    r *= weights[row]
                for p in range(first, last):
                    cells[indices[p] * k + c, 2] += r * values[p - first]
                if intercepts:
                    cells[free + c, 2] += r
        t += 1
        _step_touched(rule, alpha, cells, second, touched, count, 2 / (stop - start), float(t), free)

    for i in range(theta.size):
        if lazy and i < free:
            m = np.uint64(step - cells[i, 3])
            cells[i, 0], cells[i, 1] = _advance(
                powers[m, 0], powers[m, 1], powers[m, 2], powers[m, 3], cells[i, 0], cells[i, 1]
            )
        theta[i], state[i] = cells[i, 0], cells[i, 1]
    return t


def _compile(fingerprint):
    """Make the entries to the kernels, which numba keeps on disk.

    Numba compiles again when this file changes, but does not look at the file of the rules. What a function
    closes over is part of its key on disk, however, so each entry closes over a fingerprint of that file.
    """
    entry = njit(cache=True, nogil=True, error_model="numpy")

    @entry
    def dense(X, y, weights, order, batch_size, theta, velocity, square, t, rule, alpha, dropout, rng):
        fingerprint  # noqa: B018
        return _dense_body(
            X, y, weights, order, batch_size, theta, velocity, square, t, rule, alpha, dropout, rng
        )

    @entry
    def sparse(
        entries, d, y, weights, order, batch_size, theta, state, second, t, rule, lazy, alpha, dropout, rng
    ):  # fmt: skip
        fingerprint  # noqa: B018
        return _sparse_body(
            entries, d, y, weights, order, batch_size, theta, state, second, t,
            rule, lazy, alpha, dropout, rng,
        )  # fmt: skip

    return dense, sparse


_dense, _sparse = _compile(zlib.crc32(Path(rules.__file__).read_bytes()))
