"""The samplers: one row each, with every fact that the code needs to know about a sampler.

Importing this module does not import Optuna. A new sampler is a function that makes it, a row of the table, and its
name in `study.config.SAMPLER_NAMES`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from study.errors import ConfigError

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from study.config import Search


@dataclass(frozen=True)
class Library:
    """A library that only one of the extras of this package installs.

    Attributes
    ----------
    name : str
        As people write it.
    module : str
    extra : str
    """

    name: str
    module: str
    extra: str


@dataclass(frozen=True)
class Sampler:
    """What is known of a sampler.

    Attributes
    ----------
    make : callable
        (search, study seed, trial seed, place) → Optuna's sampler, for one trial. The first seed is the same for
        all trials of a study, the second is the trial's own. The place is how many trials were before it,
        without those that died.
    uses_the_number : bool
        Whether it takes its place in a sequence, or its seed, from the trial's number.
    library : Library or None
        What it needs and is not always installed.
    """

    make: Callable[[Search, int, int, int], BaseSampler]
    uses_the_number: bool = False
    library: Library | None = None


def tpe(search: Search, study_seed: int, trial_seed: int, place: int) -> BaseSampler:
    """Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011)."""
    from optuna.samplers import TPESampler

    return TPESampler(seed=trial_seed)


def random(search: Search, study_seed: int, trial_seed: int, place: int) -> BaseSampler:
    """Independent draws, uniform on the log scales of the search space."""
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=trial_seed)


def qmc(search: Search, study_seed: int, trial_seed: int, place: int) -> BaseSampler:
    """A scrambled Sobol sequence. The trial at place 0 is the note's advice, which takes no point of it."""
    from optuna.samplers import RandomSampler

    from study.tuning.sobol import SobolPoint

    return SobolPoint(
        max(place - 1, 0),
        seed=study_seed,
        independent_sampler=RandomSampler(seed=trial_seed),
        warn_independent_sampling=False,
    )


def grid(search: Search, study_seed: int, trial_seed: int, place: int) -> BaseSampler:
    """The points of `study.tuning.space.grid`, in an order that the study's seed shuffles."""
    from optuna.samplers import GridSampler

    from study.tuning import space

    return GridSampler(space.grid(search), seed=study_seed)


def cmaes(search: Search, study_seed: int, trial_seed: int, place: int) -> BaseSampler:
    """Covariance matrix adaptation (Hansen, "The CMA evolution strategy: a tutorial", 2016)."""
    from optuna.samplers import CmaEsSampler

    return CmaEsSampler(seed=trial_seed, warn_independent_sampling=False)


def gp(search: Search, study_seed: int, trial_seed: int, place: int) -> BaseSampler:
    """Bayesian optimisation with a Gaussian process."""
    from optuna.samplers import GPSampler, RandomSampler

    return GPSampler(seed=trial_seed, independent_sampler=RandomSampler(seed=trial_seed))


SAMPLERS: dict[str, Sampler] = {
    "tpe": Sampler(tpe),
    "random": Sampler(random),
    "qmc": Sampler(qmc),
    "grid": Sampler(grid, uses_the_number=True),
    "cmaes": Sampler(cmaes, uses_the_number=True),
    "gp": Sampler(gp, library=Library("PyTorch", module="torch", extra="gp")),
}
"""Every sampler by its name."""


def check_library(search: Search) -> None:
    """Raise ConfigError if the sampler needs a library that is not installed."""
    library = SAMPLERS[search.sampler].library
    if library is not None and importlib.util.find_spec(library.module) is None:
        raise ConfigError(
            f"search.sampler = {search.sampler!r} needs {library.name}; "
            f"pip install 'momentum-study[{library.extra}]', or choose 'tpe'"
        )
