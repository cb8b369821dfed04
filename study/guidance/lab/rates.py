"""What theory says of the epochs in the long run, as a function of the condition number κ.

In the long run the slowest direction decides, and only the extreme curvatures matter: they are taken as 1
and κ. A descent that leaves the share ρ of the error an epoch needs epochs in proportion to 1/ln(1/ρ)
(docs/theory.md, "Convergence rate").
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from study.descent.theory import convergence_rate, stability_limit
from study.figures.panel import Series

KAPPA_LINE = np.geomspace(1.5, 1e6, 120)
"""The κ at which a theory's line is computed."""

NO_DIFFERENCE = Series("no difference", KAPPA_LINE[[0, -1]], np.ones(2), "reference")
"""The line of equal epochs in a picture over κ."""


@cache
def best_rate(beta: float, kappa: float) -> float:
    """Return the least share of the error that an epoch leaves in the slowest direction, over all η."""
    etas = np.geomspace(0.01, stability_limit(beta, 1.0), 2000) / kappa
    return float(convergence_rate(np.full(len(etas), beta), etas, [1.0, kappa]).min())


def read_line(line: np.ndarray, kappa: ArrayLike) -> np.ndarray:
    """Return the values of a line over `KAPPA_LINE` at other κ, between its points linear in log κ."""
    return np.interp(np.log(kappa), np.log(KAPPA_LINE), line)
