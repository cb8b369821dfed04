"""An arm of a full-batch claim: β, η, and the exact epoch from which its excess stays below a target.

Every arm's η is tuned on one grid, and the epochs come from `study.descent.closed_form`, so that arms are
compared without a search and without a fit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.descent import closed_form
from study.descent.spectrum import Spectrum
from study.guidance.claim import Curve

ETA_L_GRID = np.geomspace(0.01, 4000, 320)
"""ηL of every tuned arm: 4 % from one to the next, up to the stability limit of β = 0.999."""

BETA_GRID = 1 - np.geomspace(1, 1e-4, 25)
"""The β of an arm whose β is tuned too: evenly spaced in log(1 − β)."""

COARSE = 4
"""Where β is tuned too, only every fourth ηL of the grid is tried with every β."""

EPOCHS_ALLOWED = closed_form.EPOCHS
"""A descent that has not arrived after so many epochs has missed."""

TARGET = 1e-6
"""Share of the starting excess that is graded."""

LOOSE_TARGET = 1e-2
"""Share of the starting excess that is shown beside it."""

MISS_COST = 2.0 * EPOCHS_ALLOWED
"""Epochs that a miss is counted as."""

CURVE_POINTS = 100
"""Most points of a tracked curve."""


@dataclass(frozen=True)
class Arm:
    """A β and η, and the epoch at which the descent arrives; infinite where it misses."""

    beta: float
    eta: float
    epochs: float

    @property
    def cost(self) -> float:
        """The epochs; `MISS_COST` for a miss."""
        return float(min(self.epochs, MISS_COST))


def tune_arm(
    spectrum: Spectrum,
    betas: Iterable[float],
    target: float,
    eta_L: np.ndarray = ETA_L_GRID,
    epochs_allowed: float = EPOCHS_ALLOWED,
) -> Arm:
    """Return the pair of these β and these ηL that arrives first.

    Parameters
    ----------
    spectrum : Spectrum
        The problem: eigenvalues and the start's excess in each direction.
    betas : iterable of float
    target : float
        Share of the starting excess.
    eta_L : ndarray
        The values of ηL.
    epochs_allowed : float
        A pair that arrives later counts as a miss.

    Returns
    -------
    Arm
        Of pairs that arrive together, the one with the least β, and of these with the least η.
    """
    pairs = np.meshgrid(np.sort(list(betas)), eta_L / spectrum.L, indexing="ij")
    beta, eta = (values.ravel() for values in pairs)
    allowed = int(min(epochs_allowed, EPOCHS_ALLOWED))
    epochs = closed_form.arrivals(spectrum, beta, eta, target, allowed, only_best=True)
    best = int(np.argmin(epochs))
    return Arm(float(beta[best]), float(eta[best]), float(epochs[best]))


def fixed_arm(spectrum: Spectrum, beta: float, eta: float, target: float = TARGET) -> Arm:
    """Return the arm of one given pair."""
    epochs = closed_form.arrivals(spectrum, np.array([beta]), np.array([eta]), target)
    return Arm(beta, eta, float(epochs[0]))


def log_ratio(slow: float, fast: float) -> float:
    """Return ln(slow / fast) of two costs in epochs: 0 where both are misses, which cost the same."""
    return float(np.log(max(slow, 1.0) / max(fast, 1.0)))


Descents = dict[tuple[str, str], list[tuple[Spectrum, Arm]]]
"""By (problem, name of the arm), one descent a seed."""


def add_descents(descents: Descents, problem: str, spectrum: Spectrum, arms: Mapping[str, Arm]) -> None:
    """Add the descents of one seed, an arm by its name."""
    for name, arm in arms.items():
        descents.setdefault((problem, name), []).append((spectrum, arm))


def mean_excess_curves(descents: Descents) -> list[Curve]:
    """Return each arm's excess as a share of its start: the mean over the seeds, until the last one arrives."""
    return [Curve(problem, name, *_mean_excess(by_seed)) for (problem, name), by_seed in descents.items()]


def _mean_excess(by_seed: Sequence[tuple[Spectrum, Arm]]) -> tuple[np.ndarray, np.ndarray]:
    last = max(min(arm.epochs, EPOCHS_ALLOWED) for _, arm in by_seed)
    spaced = np.geomspace(1, max(last, 2), CURVE_POINTS - 1).round()
    epochs = np.unique(np.concatenate([[0], spaced])).astype(int)
    left = np.mean(
        [closed_form.excess(spectrum, arm.beta, arm.eta, epochs) for spectrum, arm in by_seed], axis=0
    )
    # A picture needs neither the floor of rounding nor infinity.
    return epochs, np.clip(left, 1e-3 * TARGET, 1e6)
