"""The search: space, samplers, pruning, resumption. The only importer of optuna."""

import copy
import importlib.util
import math
import threading
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from study.config import Config, Search
from study.errors import ConfigError, StoreError
from study.interrupts import Interrupts
from study.provenance import derive_seed
from study.storage import create_sqlite, hide_password, one_line
from study.trial import NOTE, TrialRecord
from study.tuning.evaluation import Judge, Split, evaluate, never

SLOWNESS = "1 - beta"
"""Name of the parameter through which Optuna searches β."""

RUNGS = 10
"""How many epochs report to a pruner: each report is a transaction, each fit a millisecond."""

INTERRUPTED = "interrupted"
"""State of a trial that Ctrl-C or SIGTERM ended: it is not counted, and is tried again."""

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


class TrialLog(Protocol):
    """Who is told of each trial, before its work and after."""

    def start(self, number: int, params: dict[str, Any]) -> None: ...

    def end(self, record: TrialRecord) -> None: ...

    def fail(self, error: BaseException) -> None: ...

    def lost(self, number: int) -> None: ...


class TrialFailed(Exception):
    """A trial's fit raised what it should not have; the study goes on."""


def open_storage(url: str) -> optuna.storages.BaseStorage:
    """Open Optuna's storage, creating an sqlite file if it is missing.

    Raises
    ------
    StoreError
        If it cannot be opened.
    """

    def build(uri: str) -> optuna.storages.BaseStorage:
        with _quiet():
            return optuna.storages.get_storage(uri)

    try:
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///")).absolute()
            create_sqlite(path, "studies", build, make_folder=True)
        return build(url)
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(
            f"store {hide_password(url)}: Optuna cannot open it ({one_line(error, url)}); check --storage"
        ) from error


def search(
    config: Config,
    splits: list[Split],
    log: TrialLog,
    storage: optuna.storages.BaseStorage,
    study_name: str,
    interrupts: Interrupts,
) -> optuna.Study:
    """Run or go on with a study until it has all its trials.

    Parameters
    ----------
    config : Config
    splits : list of Split
    log : TrialLog
    storage : optuna.storages.BaseStorage
    study_name : str
        In that storage; a study of that name is gone on with.
    interrupts : Interrupts

    Returns
    -------
    optuna.Study
    """
    with _quiet():
        study = optuna.create_study(
            study_name=study_name,
            storage=storage,
            sampler=PerTrial(config.search, config.seed),
            pruner=_pruner(config),
            direction="minimize",
            load_if_exists=True,
        )
        _retry_dead_trials(study, config.search.sampler, log)
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial(_advice(config.search))

        def objective(trial: optuna.Trial) -> float:
            params = suggest(trial, config.search)
            log.start(trial.number, params)
            try:
                with interrupts.allowed():
                    record = evaluate(config, splits, trial.number, params, _judge(trial, config))
            except Exception as error:
                trial.set_user_attr("state", "failed")
                log.fail(error)
                raise TrialFailed from error
            except BaseException as error:
                trial.set_user_attr("state", INTERRUPTED)
                log.fail(error)
                raise
            trial.set_user_attr("state", record.state)
            log.end(record)
            if record.objective is None:
                raise optuna.TrialPruned(record.error)
            return record.objective

        remaining = config.search.n_trials - len(study.get_trials(deepcopy=False, states=FINISHED))
        if remaining > 0:
            study.optimize(
                objective,
                n_trials=remaining,
                catch=(TrialFailed,),
                callbacks=[lambda study, trial: interrupts.check()],
            )
    return study


def minimise(
    objective: Callable[[dict[str, Any]], float], search: Search, seed: int, n_trials: int, target: float
) -> list[float]:
    """Search for a target with nothing given and nothing recorded, and return the trials' values.

    Parameters
    ----------
    objective : callable
        Settings by MomentumRegressor's names → value.
    search : Search
        Space and sampler.
    seed : int
    n_trials : int
        At most.
    target : float
        The search ends with the first value that is not above it.
    """

    def end(study: optuna.Study, trial: FrozenTrial) -> None:
        if trial.value is not None and trial.value <= target:
            study.stop()

    with _quiet():
        study = optuna.create_study(sampler=_sampler(search, seed, 0))
        study.optimize(lambda trial: objective(suggest(trial, search)), n_trials=n_trials, callbacks=[end])
        return [trial.value for trial in study.get_trials(deepcopy=False) if trial.value is not None]


def check_sampler(search: Search) -> None:
    """Raise ConfigError if the sampler needs a library that is not installed."""
    if search.sampler == "gp" and importlib.util.find_spec("torch") is None:
        raise ConfigError(
            "search.sampler = 'gp' needs PyTorch; pip install 'momentum-study[gp]', or choose 'tpe'"
        )


def _advice(search: Search) -> dict[str, float]:
    """The note's advice by Optuna's names. It has no penalty, so takes the least that is searched."""
    advice = {SLOWNESS: 1 - NOTE["beta"], "eta": NOTE["eta"]}
    return advice if search.alpha is None else {**advice, "alpha": search.alpha.low}


def suggest(trial: optuna.Trial, search: Search) -> dict[str, Any]:
    """Suggest a setting, by MomentumRegressor's names."""
    return _settings(
        {name: trial.suggest_float(name, d.low, d.high, log=d.log) for name, d in space(search).items()}
    )


def space(search: Search) -> dict[str, FloatDistribution]:
    """Return what Optuna searches: rates and 1 − β, all on log scales."""
    ranges = {
        SLOWNESS: (1 - search.beta.high, 1 - search.beta.low),
        "eta": (search.eta.low, search.eta.high),
    }
    if search.alpha is not None:
        ranges["alpha"] = (search.alpha.low, search.alpha.high)
    return {name: FloatDistribution(low, high, log=True) for name, (low, high) in ranges.items()}


def records(study: optuna.Study) -> list[TrialRecord]:
    """Return the trials that were run to an end, by number, without their curves."""
    return [
        TrialRecord(
            number=trial.number,
            state=trial.user_attrs["state"],
            params=_settings(trial.params),
            train_loss=np.empty(0),
            val_loss=np.empty(0),
            floor=math.nan,
            objective=trial.value if trial.state == TrialState.COMPLETE else None,
        )
        for trial in study.get_trials(deepcopy=False, states=(*FINISHED, TrialState.FAIL))
        # A trial that was killed or interrupted has no end: it was tried again.
        if trial.user_attrs.get("state", INTERRUPTED) != INTERRUPTED
    ]


def _settings(values: dict[str, float]) -> dict[str, Any]:
    """Optuna's values by MomentumRegressor's names."""
    others = {name: value for name, value in values.items() if name != SLOWNESS}
    return {"beta": 1 - values[SLOWNESS], **others}


def importance(study: optuna.Study) -> dict[str, float]:
    """Return each parameter's share of the objective's variance (PED-ANOVA); empty if too few trials."""
    try:
        with _quiet():
            # Optuna warns where the shares it returns mean nothing.
            warnings.filterwarnings("error", "The number of trials is too small", UserWarning)
            warnings.filterwarnings("error", "Target and region quantiles", UserWarning)
            shares = optuna.importance.get_param_importances(study)
    except (ValueError, RuntimeError, UserWarning):
        return {}
    return {"beta" if name == SLOWNESS else name: share for name, share in shares.items()}


def pedanova(points: dict[str, np.ndarray], values: np.ndarray) -> dict[str, float]:
    """Each parameter's share of the importance over points of a space that is searched on log scales.

    PED-ANOVA asks how far the best tenth of the points is from being spread like all of them, a parameter at
    a time (Watanabe et al., "PED-ANOVA", IJCAI 2023).

    Parameters
    ----------
    points : dict of str to ndarray of shape (n,)
        Positive values, by parameter.
    values : ndarray of shape (n,)
        What is minimised, finite.

    Returns
    -------
    dict of str to float
        Sums to 1.
    """
    distributions: dict[str, BaseDistribution] = {
        name: FloatDistribution(float(column.min()), float(column.max()), log=True)
        for name, column in points.items()
    }
    with _quiet():
        # Where many points tie for the best, no parameter tells them apart; shares are then equal.
        warnings.filterwarnings("ignore", "Target and region quantiles", UserWarning)
        study = optuna.create_study(direction="minimize")
        study.add_trials(
            [
                optuna.create_trial(
                    params={name: float(column[i]) for name, column in points.items()},
                    distributions=distributions,
                    value=float(value),
                )
                for i, value in enumerate(values)
            ]
        )
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        return optuna.importance.get_param_importances(study, evaluator=evaluator)


class PerTrial(optuna.samplers.BaseSampler):
    """A sampler made anew for every trial, seeded by the trial's place among those that did not die.

    So a study that was interrupted goes on exactly as one that was not.
    """

    def __init__(self, search: Search, seed: int):
        self._search, self._seed = search, seed
        self._here = threading.local()

    def before_trial(self, study, trial):
        place = sum(
            t.number < trial.number
            for t in study.get_trials(deepcopy=False, states=(*FINISHED, TrialState.RUNNING))
        )
        self._here.place = place
        self._here.sampler = _sampler(self._search, self._seed, place)
        self._here.sampler.before_trial(study, self._renumbered(trial))

    def infer_relative_search_space(self, study, trial):
        if "fixed_params" in trial.system_attrs:
            return {}  # a setting that is given must not use up a point of a sequence
        return self._here.sampler.infer_relative_search_space(study, self._renumbered(trial))

    def sample_relative(self, study, trial, search_space):
        return self._here.sampler.sample_relative(study, self._renumbered(trial), search_space)

    def sample_independent(self, study, trial, param_name, param_distribution):
        trial = self._renumbered(trial)
        return self._here.sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study, trial, state, values):
        if hasattr(self._here, "sampler"):  # not for a trial that died with another process
            self._here.sampler.after_trial(study, trial, state, values)

    def _renumbered(self, trial: FrozenTrial) -> FrozenTrial:
        """The trial under its place: CMA-ES seeds by the number, and a grid is walked by it."""
        if self._here.place == trial.number or self._search.sampler not in ("cmaes", "grid"):
            return trial
        trial = copy.copy(trial)
        trial.number = self._here.place
        return trial


def _sampler(search: Search, seed: int, place: int) -> optuna.samplers.BaseSampler:
    samplers = optuna.samplers
    varying, constant = derive_seed(seed, "sampler", place), derive_seed(seed, "sampler")
    with _quiet():
        match search.sampler:
            case "random":
                return samplers.RandomSampler(seed=varying)
            case "qmc":
                return samplers.QMCSampler(
                    scramble=True,
                    seed=constant,
                    independent_sampler=samplers.RandomSampler(seed=varying),
                    warn_independent_sampling=False,
                )
            case "grid":
                return samplers.GridSampler(_grid(search), seed=constant)
            case "cmaes":
                return samplers.CmaEsSampler(seed=varying, warn_independent_sampling=False)
            case "gp":
                return samplers.GPSampler(
                    seed=varying, independent_sampler=samplers.RandomSampler(seed=varying)
                )
    return samplers.TPESampler(seed=varying)


def _grid(search: Search) -> dict[str, list[float]]:
    """A log-spaced grid of at least two points more than there are trials, as even as it can be."""
    distributions = space(search)
    side = math.ceil((search.n_trials + 2) ** (1 / len(distributions)))
    return {
        name: np.clip(np.geomspace(d.low, d.high, side), d.low, d.high).tolist()
        for name, d in distributions.items()
    }


class Hyperband(optuna.pruners.HyperbandPruner):
    """Optuna's, with brackets drawn from the study's seed.

    Optuna draws a trial's bracket from the study's name, which is another one for every study; it offers no
    public place to say otherwise.
    """

    def __init__(self, seed: int, **settings: int):
        super().__init__(**settings)
        self._name = SimpleNamespace(study_name=str(derive_seed(seed, "brackets")))

    def _get_bracket_id(self, study: Any, trial: FrozenTrial) -> int:
        return super()._get_bracket_id(self._name, trial)  # type: ignore[arg-type]


def _pruner(config: Config) -> optuna.pruners.BasePruner:
    match config.search.pruner:
        case "median":
            return optuna.pruners.MedianPruner()
        case "hyperband":
            return Hyperband(config.seed, min_resource=1, max_resource=config.model.max_iter)
    return optuna.pruners.NopPruner()


def _judge(trial: optuna.Trial, config: Config) -> Judge:
    if config.search.pruner == "none":
        return never
    last = config.model.max_iter
    rungs = {math.ceil(rung) for rung in np.geomspace(1, last, RUNGS)} - {last}

    def judge(epoch: int, loss: float) -> bool:
        if epoch not in rungs or not math.isfinite(loss):
            return False
        trial.report(loss, epoch)
        return trial.should_prune()

    return judge


def _retry_dead_trials(study: optuna.Study, sampler: str, log: TrialLog) -> None:
    """Close the trials that a killed process left running, and have the settings of all that died tried again.

    A model-based sampler comes to the same setting by itself; a sequence would go on to its next point.
    """
    trials = study.get_trials(deepcopy=False)
    died = [t for t in trials if t.state == TrialState.RUNNING or t.user_attrs.get("state") == INTERRUPTED]
    for trial in died:
        given = trial.system_attrs.get("fixed_params")
        again = trial.params if sampler in ("qmc", "grid") and trial.params else given
        # Those behind the last that ended are still owed; the others were tried again when they died.
        owed = not any(t.number > trial.number and t.state in FINISHED for t in trials)
        waiting = [t.system_attrs.get("fixed_params") for t in trials if t.state == TrialState.WAITING]
        if again and owed and again not in waiting:
            study.enqueue_trial(again)
        if trial.state == TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
            log.lost(trial.number)


@contextmanager
def _quiet():
    """Keep Optuna's own log and its notes on experimental features off the terminal."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            # The note's advice is tried even where the search space does not hold it.
            warnings.filterwarnings("ignore", "Fixed parameter", UserWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
