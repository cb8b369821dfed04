"""`tune` and `advise`: what the commands `study run` and `study advise` do, called from Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from study import keywords
from study.config import Config
from study.errors import ConfigError

if TYPE_CHECKING:
    from study.commands.advice import Advice
    from study.problems.problem import Problem
    from study.result import TuneResult


def tune(
    X: Any = None,
    y: Any = None,
    *,
    config: Config | str | Path | None = None,
    resume: bool = False,
    quiet: bool = False,
    **config_keys: Any,
) -> TuneResult:
    """Tune one study as `study run` does, with the same trials, record and report.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n, d), optional
        The features. Numbers, categories, booleans and dates are used as those of a table's file are. Columns of an array are
        named x0, x1, …
    y : Series, DataFrame or array-like of shape (n,) or (n, k), optional
        The targets.
    config : Config, str or Path, optional
        A config, or its TOML file, instead of `X` and `y`.
    resume : bool
        Go on with the newest study of this name, which was interrupted or is to get more trials.
    quiet : bool
        Say nothing of the data and show no progress.
    **config_keys
        Keys of a config, each without its table: ``n_trials=50``, ``seed=1``, ``max_iter=200``, ``batch_size=32``,
        ``sampler="qmc"``, ``metric="r2"``, ``eta={"low": 0.01, "high": 1.0}``. ``alpha`` is the penalty of all trials, or a
        range to search. ``name`` names the study and its model. ``drop``, ``group`` and ``time`` name columns of
        `X`. With `config` they take the place of its keys. With neither `config` nor `X`, ``problem``, or ``path`` and ``target``,
        say what the data are.

    Returns
    -------
    TuneResult

    Raises
    ------
    ConfigError
        If a key or a value is wrong, or there is no study to resume.
    KeyboardInterrupt
        If SIGINT or SIGTERM comes. The trials that have ended are kept, and ``resume=True`` goes on.
    StoreError
        If a store cannot be opened.
    StudyError
        If every setting that was searched diverged.
    TableError
        If the data cannot be used, as a sparse matrix cannot.

    Notes
    -----
    The records go to `mlruns/` in the current folder, unless ``tracking_uri`` and ``optuna`` name other stores. MLflow's active run
    and tracking URI, matplotlib's backend, log levels, warning filters, NumPy's random state and signal handlers are
    after the call what they were before.
    """
    settings, problem = _settings(X, y, config, config_keys)

    # What a person did wrong is said before the imports that take seconds.
    from study.commands import checks
    from study.tuning.study_data import load_study_data

    checks.check_run(settings, resume=resume)
    data = load_study_data(settings, problem)

    from study.commands.run import run_study
    from study.result import TuneResult

    found = run_study(settings, data=data, resume=resume, quiet=quiet)
    return TuneResult(found, reads_arrays=problem is not None)


def advise(
    X: Any = None, y: Any = None, *, config: Config | str | Path | None = None, **config_keys: Any
) -> Advice:
    """Say what the data's eigenvalues and fourth moments say of β and η, as `study advise` does. Nothing is tuned or recorded.

    Parameters
    ----------
    X, y, config, **config_keys
        As `tune` takes them.

    Returns
    -------
    Advice
        The numbers. ``print`` shows what the command prints.

    Raises
    ------
    ConfigError
        If a key or a value is wrong.
    TableError
        If the data cannot be used.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from study import advise
    >>> advice = advise(*load_diabetes(return_X_y=True))
    >>> print(f"κ = {advice.condition:.3g}, stable at β = 0.9 for η < {advice.limit_with_momentum:.3g}")
    κ = 478, stable at β = 0.9 for η < 4.63
    """
    settings, problem = _settings(X, y, config, config_keys)

    from study.commands.advise import compute_advice

    return compute_advice(settings, problem)


def _settings(
    X: Any, y: Any, config: Config | str | Path | None, config_keys: dict[str, Any]
) -> tuple[Config, Problem | None]:
    """Return the config of what was asked for, and the problem if it is in memory."""
    if X is None and y is None:
        if config is None and not config_keys.keys() & {"problem", "path"}:
            raise ConfigError(
                "no data are given; give X and y, config=..., path=... and target=..., or problem=..."
            )
        return keywords.of_config(config, config_keys), None
    if X is None or y is None:
        given, missing = ("y", "X") if X is None else ("X", "y")
        raise ConfigError(f"{given} is given without {missing}; give both")
    if config is not None:
        raise ConfigError("X and config are both given; leave one of them out")
    settings = keywords.of_arrays(config_keys)

    from study.problems.tables import from_arrays

    data = settings.data
    return settings, from_arrays(X, y, settings.name, drop=data.drop or [], group=data.group, time=data.time)
