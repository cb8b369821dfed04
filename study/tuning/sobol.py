"""A scrambled Sobol sequence, one point a trial."""

from typing import Any

import optuna
from optuna.distributions import BaseDistribution


class SobolPoint(optuna.samplers.QMCSampler):
    """Optuna's sampler of a scrambled Sobol sequence (Owen, 1998), at a given point of the sequence.

    Optuna's own counts in its storage how many points were taken, so that a point is lost where a process is
    killed before it has stored the trial's setting.

    Parameters
    ----------
    index : int
        Of the point, from 0.
    **settings
        Of `optuna.samplers.QMCSampler`.
    """

    def __init__(self, index: int, **settings: Any) -> None:
        super().__init__(qmc_type="sobol", scramble=True, **settings)
        self._index = index

    def _find_sample_id(self, study: optuna.Study, search_space: dict[str, BaseDistribution]) -> int:
        return self._index
