"""Problems that are drawn from a random generator: the note's own example and a linear problem of known condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from study.problems.problem import Problem, frame, numeric

if TYPE_CHECKING:
    from study.config import Synthetic


def note() -> Problem:
    """Return the note's own example: y = 4 + 3x + noise, 100 rows, always from seed 42."""
    draw = np.random.RandomState(42)
    x = 2 * draw.rand(100, 1)
    y = 4 + 3 * x + draw.randn(100, 1)
    return numeric("note", "y = 4 + 3x + noise from x", frame(x, ["x"]), frame(y, ["y"]))


def conditioned(spec: Synthetic, seed: int) -> Problem:
    """Return a linear problem whose covariance has log-spaced eigenvalues with exactly the ratio asked for.

    Parameters
    ----------
    spec : Synthetic
        Rows, features, condition, noise and sparsity.
    seed : int

    Returns
    -------
    Problem
    """
    from study.provenance import derive_seed

    draw = np.random.default_rng(derive_seed(seed, "synthetic"))
    n, d = spec.n, spec.d
    raw = draw.normal(size=(n, d))
    left, _ = np.linalg.qr(raw - raw.mean(axis=0))
    right, _ = np.linalg.qr(draw.normal(size=(d, d)))
    spread = np.geomspace(1, 1 / spec.condition, d)
    X = (left * np.sqrt(n * spread * d / spread.sum())) @ right.T
    weights = draw.normal(size=d)
    weights[draw.permutation(d)[: round(spec.sparsity * d)]] = 0.0
    y = X @ weights + spec.noise * draw.normal(size=n)
    description = f"y from {d} features, κ = {spec.condition:g}, noise {spec.noise:g}"
    return numeric("synthetic", description, frame(X, [f"x{j}" for j in range(d)]), frame(y, ["y"]))
