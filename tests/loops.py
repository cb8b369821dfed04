"""The note's own two lines as a plain loop: what the closed forms are compared with."""

import numpy as np

from study.descent.expected import largest_stable_eta, row_moments
from study.descent.spectrum import Spectrum
from study.descent.theory import minibatch_stability_limit


def looped_excess(spectrum: Spectrum, beta: float, eta: float, epochs: int) -> np.ndarray:
    """Excess after every epoch from 0, as a share of its start."""
    left, velocity = np.ones(len(spectrum.eigenvalues)), 0.0
    share = spectrum.excess / spectrum.excess.sum()
    found = [1.0]
    for _ in range(epochs):
        velocity = beta * velocity + (1 - beta) * spectrum.eigenvalues * left
        left = left - eta * velocity
        found.append(float(left**2 @ share))
    return np.array(found)


def first_that_stays(excess: np.ndarray, target: float) -> int:
    """First epoch from which no excess is above the target."""
    above = [epoch for epoch, value in enumerate(excess) if not value <= target]
    return above[-1] + 1 if above else 0


def random_spectrum(draw: np.random.Generator, d: int = 6, condition: float = 200.0) -> Spectrum:
    """Eigenvalues from 1 to the condition number, with random shares of the excess."""
    lam = np.sort(np.exp(draw.uniform(0, np.log(condition), d)))
    lam[0], lam[-1] = 1.0, condition
    return Spectrum(lam, draw.dirichlet(np.ones(d)), condition)


def limit_of_moments(X: np.ndarray, beta: float, batch_size: int, solver: str = "momentum") -> float:
    """The limit of mini-batches by the moments of the rows alone, bisected from the full batch's."""
    moments = row_moments(X, np.zeros((len(X), 1)))
    full_batch = minibatch_stability_limit(X, beta, None, solver=solver)
    return largest_stable_eta(moments, beta, batch_size, full_batch, solver=solver)
