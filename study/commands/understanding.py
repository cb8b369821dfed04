"""What a study is about to do, said before its first trial: its data, their curvature, the search, and about how long."""

import time

from study.commands.advise import spectrum_of
from study.descent.batch_limit import stable_eta
from study.descent.expected import row_moments
from study.descent.solvers import SOLVERS
from study.notation import number
from study.problems.preparation import preparation, prepared
from study.problems.roles import joined
from study.storage import hide_credentials
from study.trial import NOTE
from study.tuning.evaluation import evaluate
from study.tuning.study_data import StudyData

RECORD_SECONDS = 0.15
"""What recording and drawing a trial takes beside its fits."""

TIMED_EPOCHS = 3
"""Epochs of a trial that are timed, and from which the time of all is told."""

MOST_WORK = 2e9
"""Rows times the squared coordinates, beyond which the limit of mini-batches is not computed before a study."""


def describe(data: StudyData) -> str:
    """Return what is known of a study before it begins, as lines of text. No store is touched.

    Parameters
    ----------
    data : StudyData
    """
    config = data.config
    search, model = config.search, config.model
    n_targets = data.y.shape[1]
    how = {True: " without parting a group", False: ""}[data.problem.groups is not None]
    if data.problem.is_ordered:
        how = ", each after the rows it is tuned on"
    lines = [
        f"{config.name}: {data.problem.description}",
        *_table_lines(data),
        f"  {len(data.X)} rows in {config.data.n_splits} folds{how}, {len(data.X_test)} held out, "
        f"{len(data.feature_names)} features, {n_targets} target{'s' * (n_targets > 1)}",
        _curvature_line(data),
        f"  {search.n_trials} trials by {search.sampler}, pruner {search.pruner}, minimising {search.objective} "
        f"over {model.max_iter} epochs of {model.solver}; {duration(seconds_for(data))}",
        f"  beta {search.beta.low:g} to {search.beta.high:g}, eta {search.eta.low:g} to {search.eta.high:g}",
        f"  into {hide_credentials(config.storage.tracking_uri)} and {hide_credentials(config.storage.optuna)}",
    ]
    return "\n".join(lines)


def _table_lines(data: StudyData) -> list[str]:
    """Return how a person's table was read, its columns by role, and what was dropped and why."""
    problem = data.problem
    if data.config.data.problem is not None:
        return []
    how = "in memory" if problem.source is None else f"{problem.source.name}: {problem.source.how}"
    lines = [f"  {how}; {len(problem.y)} rows"]
    lines += [f"  {name}: {joined(columns)}" for name, columns in problem.roles.by_name.items()]
    lines += [f"  dropped: {name!r} {reason}" for name, reason in problem.roles.dropped.items()]
    return lines


def _curvature_line(data: StudyData) -> str:
    """Return κ, and the largest stable η at β = 0.9 for the study's batches, of all rows to tune on."""
    config = data.config
    model, beta = config.model, NOTE["beta"]
    rows = prepared(preparation(data.problem, config.data, len(data.X)).fit(data.X), data.X)
    y = data.y.to_numpy(dtype=float)
    spectrum = spectrum_of(config, rows, y)
    line = f"  condition number κ = {spectrum.condition:.4g}"
    limit = SOLVERS[model.solver].stability_limit
    if limit is None:
        return f"{line}; no stability limit is known for {model.solver}"
    eta = float(limit(beta, spectrum.L))
    if model.batch_size is None or model.batch_size >= len(y):
        return f"{line}; stable at β = {beta:g} for η < {number(eta)}, full batch"
    coordinates = rows.shape[1] + model.fit_intercept
    if model.dropout > 0 or len(y) * coordinates**2 > MOST_WORK:
        return (
            f"{line}; stable at β = {beta:g} for η < {number(eta)} on a full batch, for less on mini-batches"
        )
    moments = row_moments(rows, y, fit_intercept=model.fit_intercept, alpha=model.alpha)
    eta = stable_eta(moments, rows, None, beta, model.batch_size, eta, solver=model.solver, alpha=model.alpha)
    return f"{line}; stable at β = {beta:g} for η < {number(eta)}, batches of {model.batch_size}"


def seconds_for(data: StudyData) -> float:
    """Return about how long all trials take, from the time of a few epochs of one of them."""
    config = data.config
    epochs = min(config.model.max_iter, TIMED_EPOCHS)
    short = config.model_copy(update={"model": config.model.model_copy(update={"max_iter": epochs})})
    timed = StudyData(short, data.problem, data.X, data.X_test, data.y, data.y_test, data.folds)
    # A step so small that no setting of the data makes it diverge.
    setting = {"beta": NOTE["beta"], "eta": 1e-9 / data.curvature if data.curvature > 0 else 1e-9}
    seconds = 0.0
    for _ in range(2):  # the first one may wait for a compiler
        begin = time.perf_counter()
        evaluate(timed, 0, setting)
        seconds = time.perf_counter() - begin
    return config.search.n_trials * (RECORD_SECONDS + seconds * config.model.max_iter / epochs)


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 90:
        return f"about {max(5 * round(seconds / 5), 5)} seconds"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
