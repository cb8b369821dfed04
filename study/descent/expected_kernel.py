"""The expected loss of mini-batch descent, epoch by epoch, compiled by numba.

The equations, and the names of what is summed here, stand in docs/theory.md, "Mini-batches, predicted". Importing this
module imports numba, so its caller imports it only when it runs.
"""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from study.descent import update_maps
from study.descent.update_maps import block_maps, congruence, epoch_maps, image, jit, matrix_at, product


@jit
def _expected_losses(
    A: np.ndarray,
    b: np.ndarray,
    n: float,
    parts: np.ndarray,
    sizes: np.ndarray,
    updates: np.ndarray,
    max_iter: int,
    shuffle: bool,
    squared: np.ndarray,
    curvature: np.ndarray,
    mixed: np.ndarray,
    fourth: np.ndarray,
    own: np.ndarray,
    drift: np.ndarray,
    mean_gradient: np.ndarray,
    start: np.ndarray,
    start_variance: np.ndarray,
    constants: np.ndarray,
    linears: np.ndarray,
    quadratics: np.ndarray,
    losses: np.ndarray,
) -> None:
    """Write the expectation of several quadratic losses after every epoch, for pairs of β and η.

    Parameters
    ----------
    A : ndarray of shape (pairs, p, 4)
        The update's 2×2 matrix on (e, v) in every direction, by rows.
    b : ndarray of shape (pairs, p, 2)
        The update's answer to a gradient of 1.
    n : float
        Rows.
    parts : ndarray of int of shape (blocks,)
        The part of the epoch that a block belongs to, ascending from 0. What the batches of an epoch have in common
        is worked out part by part.
    sizes, updates : ndarray of shape (blocks,)
        Rows of each batch of a block, and updates of the block. Within a block the noise counts as constant.
    max_iter : int
    shuffle : bool
        Whether an epoch visits every row once. Otherwise every batch is drawn for itself.
    squared : ndarray of shape (p,)
        4 mean(w² r̂² z²).
    curvature : ndarray of shape (p, p)
        The data term's Hessian in the eigenbasis.
    mixed : ndarray of shape (p, p)
        8 mean(w² r̂ zᵢ² zⱼ).
    fourth : ndarray of shape (p, p)
        4 mean(w² zᵢ² zⱼ²).
    own : ndarray of shape (p, p)
        `fourth` less the square of `curvature`, over n − 1: the covariance of two rows' curvatures, but for its sign.
    drift : ndarray of shape (p, p)
        4 mean(w² r̂ zᵢ zⱼ²) less curvature · mean gradient, over n − 1.
    mean_gradient : ndarray of shape (p,)
        Of the data term at the minimum of the objective; 0 without a penalty.
    start, start_variance : ndarray of shape (p,)
        Of the error e, from which the descent begins with v = 0.
    constants, linears, quadratics : ndarray of shape (k,), (k, p), (k, p, p)
        A loss is constant + linear·e + ½ eᵀ quadratic e.
    losses : ndarray of shape (k, max_iter, pairs)
        Filled.
    """
    p, blocks = len(start), len(updates)
    unbiased = n / (n - 1.0)
    n_parts = parts[-1] + 1
    lengths = np.zeros(n_parts, np.int64)
    for block in range(blocks):
        lengths[parts[block]] += updates[block]
    several = shuffle and n_parts > 1
    for pair in range(len(A)):
        by_block = [block_maps(A[pair], b[pair], updates[block]) for block in range(blocks)]
        by_part = [epoch_maps(A[pair], b[pair], lengths[part] if shuffle else 1) for part in range(n_parts)]
        mean, speed = start.copy(), np.zeros(p)
        ee, ev, vv = start_variance.copy(), np.zeros(p), np.zeros(p)
        variance, second, noise = np.empty(p), np.empty(p), np.empty(p)
        memory, mean_memory = np.zeros((p, p, 4)), np.zeros((p, p, 2))
        for epoch in range(max_iter):
            memory[:] = 0.0
            mean_memory[:] = 0.0
            sums, shared = np.zeros((p, 2)), np.zeros((p, 3))
            block = 0
            for part in range(n_parts):
                # The mean, the variance that the part began with, and what its batches add.
                now, now_speed = mean.copy(), speed.copy()
                old_ee, old_ev, old_vv = ee.copy(), ev.copy(), vv.copy()
                new_ee, new_ev, new_vv = np.zeros(p), np.zeros(p), np.zeros(p)
                shift, shift_speed, answers = np.zeros(p), np.zeros(p), sums.copy()
                while block < blocks and parts[block] == part:
                    power, answer, spread = by_block[block]
                    for i in range(p):
                        variance[i] = max(old_ee[i] + new_ee[i], 0.0)
                        second[i] = now[i] * now[i] + variance[i]
                    for i in range(p):
                        total, gradient, spread_gradient = squared[i], mean_gradient[i], 0.0
                        for j in range(p):
                            total += mixed[i, j] * now[j] + fourth[i, j] * second[j]
                            gradient += curvature[i, j] * now[j]
                            spread_gradient += curvature[i, j] * curvature[i, j] * variance[j]
                        noise[i] = max(total - gradient * gradient - spread_gradient, 0.0) * unbiased
                    for i in range(p):
                        a = matrix_at(power, i)
                        share = noise[i] * (1.0 / sizes[block] - (0.0 if shuffle else 1.0 / n))
                        x, y, z = congruence(a, new_ee[i], new_ev[i], new_vv[i])
                        new_ee[i] = x + spread[i, 0] * share
                        new_ev[i] = y + spread[i, 1] * share
                        new_vv[i] = z + spread[i, 2] * share
                        old_ee[i], old_ev[i], old_vv[i] = congruence(a, old_ee[i], old_ev[i], old_vv[i])
                        now[i], now_speed[i] = image(a, now[i], now_speed[i])
                        pull = 0.0
                        if shuffle:
                            for j in range(p):
                                # The middle of the block stands for the block.
                                pull += drift[i, j] * (answers[j, 0] + 0.5 * answer[j, 0])
                        x, y = image(a, shift[i], shift_speed[i])
                        shift[i], shift_speed[i] = x - answer[i, 0] * pull, y - answer[i, 1] * pull
                    for i in range(p):
                        x, y = image(matrix_at(power, i), answers[i, 0], answers[i, 1])
                        answers[i, 0], answers[i, 1] = x + answer[i, 0], y + answer[i, 1]
                    block += 1
                if shuffle:
                    _correct(
                        by_part[part], several, mean, speed, ee, ev, vv, memory, mean_memory, sums, shared,
                        squared, curvature, mixed, fourth, own, mean_gradient, 1.0 / (n - 1.0),
                        now, now_speed, old_ee, old_ev, old_vv,
                    )  # fmt: skip
                ee, ev, vv = old_ee + new_ee, old_ev + new_ev, old_vv + new_vv
                mean, speed = now + shift, now_speed + shift_speed
            for which in range(len(constants)):
                total = constants[which]
                for i in range(p):
                    along = 0.0
                    for j in range(p):
                        along += quadratics[which, i, j] * mean[j]
                    total += linears[which, i] * mean[i]
                    total += 0.5 * (along * mean[i] + quadratics[which, i, i] * max(ee[i], 0.0))
                losses[which, epoch, pair] = total


@jit
def _correct(
    maps: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    several: bool,
    mean: np.ndarray,
    speed: np.ndarray,
    ee: np.ndarray,
    ev: np.ndarray,
    vv: np.ndarray,
    memory: np.ndarray,
    mean_memory: np.ndarray,
    sums: np.ndarray,
    shared: np.ndarray,
    squared: np.ndarray,
    curvature: np.ndarray,
    mixed: np.ndarray,
    fourth: np.ndarray,
    own: np.ndarray,
    mean_gradient: np.ndarray,
    scale: float,
    now: np.ndarray,
    now_speed: np.ndarray,
    old_ee: np.ndarray,
    old_ev: np.ndarray,
    old_vv: np.ndarray,
) -> None:
    """Correct mean and variance at the end of a part for what the batches of one epoch have in common.

    The batches are all rows together, so a batch deviates, on average, the other way than those before it. That
    pulls the mean (through M, and through the memory of the parts before), and it takes off the variance that the
    deviations would add if they were independent. `memory` and `mean_memory` hold how direction i still answers to
    what direction j was earlier in this epoch; `sums` and `shared` the same of a constant gradient, and the variance
    taken off so far.
    """
    power, answer, L, M = maps
    p = len(mean)
    for i in range(p):
        a = matrix_at(power, i)
        mixed_e = mixed_v = 0.0
        V_e, V_v = image(a, sums[i, 0], sums[i, 1])
        V_e, V_v = V_e + answer[i, 0], V_v + answer[i, 1]
        gradient_e, gradient_v = mean_gradient[i] * V_e, mean_gradient[i] * V_v
        x, y, z = squared[i] * V_e * V_e, squared[i] * V_e * V_v, squared[i] * V_v * V_v
        pull_e = pull_v = 0.0
        k0 = k1 = k2 = k3 = 0.0
        for j in range(p):
            m = matrix_at(L[i], j)
            # The mean of the answer to direction j.
            e, v = image(m, mean[j], speed[j])
            back_e = back_v = 0.0
            if several:
                x0, y0 = image(a, mean_memory[i, j, 0], mean_memory[i, j, 1])
                e, v = e + x0, v + y0
                back_e, back_v = image(m, mean_memory[j, i, 0], mean_memory[j, i, 1])
            mixed_e += mixed[i, j] * e
            mixed_v += mixed[i, j] * v
            gradient_e += curvature[i, j] * e
            gradient_v += curvature[i, j] * v
            x += fourth[i, j] * e * e
            y += fourth[i, j] * e * v
            z += fourth[i, j] * v * v
            q = matrix_at(M[i], j)
            pe, pv = image(q, mean[i], speed[i])
            pull_e += own[i, j] * (pe + back_e)
            pull_v += own[i, j] * (pv + back_v)
            # Variance: what is taken off, and the pull.
            xx, yy, zz = congruence(m, ee[j], ev[j], vv[j])
            c = product(q, (ee[i], ev[i], ev[i], vv[i]))
            if several:
                d = product(m, matrix_at(memory[j], i))
                c = c[0] + d[0], c[1] + d[1], c[2] + d[2], c[3] + d[3]
                u = product(product(a, matrix_at(memory[i], j)), (m[0], m[2], m[1], m[3]))
                xx, yy, zz = xx + 2 * u[0], yy + u[1] + u[2], zz + 2 * u[3]
            k0 += own[i, j] * c[0]
            k1 += own[i, j] * c[1]
            k2 += own[i, j] * c[2]
            k3 += own[i, j] * c[3]
            old_ee[i] -= own[i, j] * xx
            old_ev[i] -= own[i, j] * yy
            old_vv[i] -= own[i, j] * zz
        t = product((k0, k1, k2, k3), (a[0], a[2], a[1], a[3]))
        old_ee[i] -= 2 * t[0]
        old_ev[i] -= t[1] + t[2]
        old_vv[i] -= 2 * t[3]
        now[i] -= pull_e
        now_speed[i] -= pull_v
        x += mixed_e * V_e - gradient_e * gradient_e
        y += 0.5 * (mixed_e * V_v + mixed_v * V_e) - gradient_e * gradient_v
        z += mixed_v * V_v - gradient_v * gradient_v
        # What was taken off in the parts before has moved on with the descent.
        x0, y0, z0 = congruence(a, shared[i, 0], shared[i, 1], shared[i, 2])
        old_ee[i] -= scale * (x - x0)
        old_ev[i] -= scale * (y - y0)
        old_vv[i] -= scale * (z - z0)
        shared[i, 0], shared[i, 1], shared[i, 2] = x, y, z
    if not several:
        return
    for i in range(p):
        a = matrix_at(power, i)
        for j in range(p):
            m, other = matrix_at(L[i], j), matrix_at(power, j)
            turned = (other[0], other[2], other[1], other[3])
            kept = product(product(a, matrix_at(memory[i], j)), turned)
            fresh = product(product(m, (ee[j], ev[j], ev[j], vv[j])), turned)
            for k in range(4):
                memory[i, j, k] = kept[k] + fresh[k]
            x0, y0 = image(a, mean_memory[i, j, 0], mean_memory[i, j, 1])
            x1, y1 = image(m, mean[j], speed[j])
            mean_memory[i, j, 0], mean_memory[i, j, 1] = x0 + x1, y0 + y1
        x0, y0 = image(a, sums[i, 0], sums[i, 1])
        sums[i, 0], sums[i, 1] = x0 + answer[i, 0], y0 + answer[i, 1]


def _compile(fingerprint: int) -> Callable[..., None]:
    """Make the entry to the recurrence, which numba keeps on disk.

    Numba does not look at the other file that is compiled here. What a function closes over is part of its key on
    disk, so the entry closes over a fingerprint of that file.
    """

    @njit(cache=True, nogil=True, error_model="numpy")
    def entry(*arguments: Any) -> None:
        fingerprint  # noqa: B018
        _expected_losses(*arguments)

    compiled: Callable[..., None] = entry
    return compiled


expected_losses = _compile(zlib.crc32(Path(update_maps.__file__).read_bytes()))
