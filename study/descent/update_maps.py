"""What many updates of a linear rule do together, direction by direction, compiled by numba.

In an eigen-direction an update multiplies (e, v) by a 2×2 matrix A and adds b times the deviation of the gradient.
The sums that many updates need stand in docs/theory.md, "Mini-batches, predicted". Importing this module imports numba.
"""

import numpy as np
from numba import njit

Matrix2 = tuple[float, float, float, float]
"""A 2×2 matrix by rows."""

jit = njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
inline = njit(inline="always")


@inline
def product(
    x: Matrix2,
    y: Matrix2,
) -> Matrix2:
    """The product of two 2×2 matrices, each given by rows."""
    return (
        x[0] * y[0] + x[1] * y[2], x[0] * y[1] + x[1] * y[3],
        x[2] * y[0] + x[3] * y[2], x[2] * y[1] + x[3] * y[3],
    )  # fmt: skip


@inline
def congruence(
    m: Matrix2,
    ee: float,
    ev: float,
    vv: float,
) -> tuple[float, float, float]:
    """M C Mᵀ for a symmetric 2×2 matrix C with the entries ee, ev, vv."""
    a, b, c, d = m
    return (
        a * a * ee + 2 * a * b * ev + b * b * vv,
        a * c * ee + (a * d + b * c) * ev + b * d * vv,
        c * c * ee + 2 * c * d * ev + d * d * vv,
    )


@inline
def image(
    m: Matrix2,
    e: float,
    v: float,
) -> tuple[float, float]:
    """What a 2×2 matrix makes of (e, v)."""
    return m[0] * e + m[1] * v, m[2] * e + m[3] * v


@inline
def matrix_at(
    array: np.ndarray,
    i: int,
) -> Matrix2:
    return array[i, 0], array[i, 1], array[i, 2], array[i, 3]


@jit
def _join(
    A: np.ndarray,
    V: np.ndarray,
    L: np.ndarray,
    M: np.ndarray,
    A2: np.ndarray,
    V2: np.ndarray,
    L2: np.ndarray,
    M2: np.ndarray,
    out_A: np.ndarray,
    out_V: np.ndarray,
    out_L: np.ndarray,
    out_M: np.ndarray,
) -> None:
    """What two runs of updates do one after the other, the first's maps before the second's."""
    p = len(A)
    for i in range(p):
        later, earlier = matrix_at(A2, i), matrix_at(A, i)
        both = product(later, earlier)
        for k in range(4):
            out_A[i, k] = both[k]
        out_V[i, 0] = later[0] * V[i, 0] + later[1] * V[i, 1] + V2[i, 0]
        out_V[i, 1] = later[2] * V[i, 0] + later[3] * V[i, 1] + V2[i, 1]
        for j in range(p):
            here, there = matrix_at(L2[i], j), matrix_at(L[i], j)
            x, y = product(later, there), product(here, matrix_at(A, j))
            u, w = product(later, matrix_at(M[i], j)), product(matrix_at(M2[i], j), earlier)
            z = product(here, matrix_at(L[j], i))
            for k in range(4):
                out_L[i, j, k] = x[k] + y[k]
                out_M[i, j, k] = u[k] + w[k] + z[k]


@jit
def epoch_maps(
    A: np.ndarray,
    b: np.ndarray,
    updates: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Aᴮ, Σ Aᵏb, and L and M of every pair of directions, for B equal updates, by repeated doubling.

    L[i, j] = Σₖ Aᵢ^(B−1−k) bᵢ (1, 0) Aⱼ^k answers in direction i to what direction j was at every update, and
    M[i, j] = Σ_{k<l} Aᵢ^(B−1−l) bᵢ (1, 0) Aⱼ^(l−1−k) bⱼ (1, 0) Aᵢ^k answers in i to its own past through j.
    """
    p = len(A)
    shape = (p, p, 4)
    base_A, base_V, base_L, base_M = A.copy(), b.copy(), np.zeros(shape), np.zeros(shape)
    for i in range(p):
        for j in range(p):
            base_L[i, j, 0], base_L[i, j, 2] = b[i, 0], b[i, 1]
    out_A, out_V, out_L, out_M = np.zeros((p, 4)), np.zeros((p, 2)), np.zeros(shape), np.zeros(shape)
    out_A[:, 0] = 1.0
    out_A[:, 3] = 1.0
    spare_A, spare_V, spare_L, spare_M = out_A.copy(), out_V.copy(), out_L.copy(), out_M.copy()
    while updates > 0:
        if updates & 1:
            _join(
                out_A, out_V, out_L, out_M, base_A, base_V, base_L, base_M, spare_A, spare_V, spare_L, spare_M
            )
            out_A, spare_A = spare_A, out_A
            out_V, spare_V = spare_V, out_V
            out_L, spare_L = spare_L, out_L
            out_M, spare_M = spare_M, out_M
        updates >>= 1
        if updates > 0:
            _join(
                base_A,
                base_V,
                base_L,
                base_M,
                base_A,
                base_V,
                base_L,
                base_M,
                spare_A,
                spare_V,
                spare_L,
                spare_M,
            )
            base_A, spare_A = spare_A, base_A
            base_V, spare_V = spare_V, base_V
            base_L, spare_L = spare_L, base_L
            base_M, spare_M = spare_M, base_M
    return out_A, out_V, out_L, out_M


@jit
def block_maps(
    A: np.ndarray,
    b: np.ndarray,
    updates: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Aᵠ, Σ Aᵏb and Σ (Aᵏb)(Aᵏb)ᵀ over a block of q updates, direction by direction."""
    p = len(A)
    power, answer, spread = np.zeros((p, 4)), np.zeros((p, 2)), np.zeros((p, 3))
    power[:, 0] = 1.0
    power[:, 3] = 1.0
    for i in range(p):
        h0, h1 = b[i, 0], b[i, 1]
        a = matrix_at(A, i)
        for _ in range(updates):
            answer[i, 0] += h0
            answer[i, 1] += h1
            spread[i, 0] += h0 * h0
            spread[i, 1] += h0 * h1
            spread[i, 2] += h1 * h1
            h0, h1 = a[0] * h0 + a[1] * h1, a[2] * h0 + a[3] * h1
            power[i, 0], power[i, 1], power[i, 2], power[i, 3] = product(a, matrix_at(power, i))
    return power, answer, spread
