"""A config's data, loaded, split and scaled: what the trials and the summary work on."""

import dataclasses

from study.config import Config
from study.errors import ConfigError
from study.problems import catalogue as data
from study.trial import TrialRecord
from study.tuning import search as tune
from study.tuning.evaluation import Split, prepare


@dataclasses.dataclass
class Prepared:
    """A config with its problem, its two parts and its folds."""

    config: Config
    problem: data.Problem
    parts: tuple
    splits: list[Split]

    @property
    def unit(self) -> str:
        """What the loss is in."""
        return (
            f"MSE ({self.problem.y.columns[0]}²)"
            if self.problem.y.shape[1] == 1
            else "MSE (mean over targets)"
        )

    @property
    def weight_unit(self) -> str:
        """What a weight is in."""
        targets = self.problem.y.columns
        per = "standard deviation" if self.config.data.scale else "unit"
        return f"Weight ({targets[0] if len(targets) == 1 else 'target'} per {per} of the feature)"


def prepare_data(config: Config) -> Prepared:
    """Load, split and scale what a config names."""
    tune.check_sampler(config.search)
    problem = data.load(config.data, config.seed)
    parts = data.split(problem, config.data, config.seed)
    X, _, y, _ = parts
    if len(X) < 2 * config.data.n_splits:
        raise ConfigError(
            f"data.n_splits = {config.data.n_splits}: {len(X)} training rows are too few; lower it"
        )
    folds = data.folds(X, y, config.data, config.seed)
    return Prepared(config, problem, parts, prepare(folds, config.model.fit_intercept))


def named(record: TrialRecord, problem: data.Problem) -> TrialRecord:
    """A record with the names of its columns."""
    return dataclasses.replace(
        record, feature_names=list(problem.X.columns), target_names=list(problem.y.columns)
    )
