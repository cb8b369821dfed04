"""The end of a study: its best setting is refitted and tested, and all that was found is summarised and logged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import Pipeline

from study import storage
from study.commands.links import trial_runs
from study.commands.translate import settings_of
from study.descent.solvers import SOLVERS
from study.descent.theory import stability_limit
from study.errors import StudyError
from study.figures.catalogue import StudyFindings, draw_study
from study.notation import setting
from study.problems.preparation import feature_names, in_original_units, pipeline
from study.reports.study_report import study_note, study_page
from study.summary import (
    BestTrial,
    DataDescription,
    FeatureWeights,
    Metric,
    PredictedOptimum,
    Regret,
    StudySummary,
    TrialCounts,
    objective_of,
)
from study.tracking import Store
from study.trial import NOTE, Setting, TrialOutcome, TrialRecord
from study.tuning.evaluation import build_model, evaluate, score
from study.tuning.optimum import Surface, known_surface
from study.tuning.predicted import PredictedFolds, predict_folds
from study.tuning.study_data import StudyData


@dataclass(frozen=True)
class Conclusion:
    """What a study found.

    Attributes
    ----------
    summary : StudySummary
    model : Pipeline or None
        The best setting, refitted. None if no trial was completed.
    findings : StudyFindings
        What its plots show.
    run_ids : mapping of int to str
        MLflow's id of each trial's run, by the trial's number.
    """

    summary: StudySummary
    model: Pipeline | None
    findings: StudyFindings
    run_ids: Mapping[int, str]


def conclude(
    store: Store,
    run_id: str,
    data: StudyData,
    trials: Sequence[TrialOutcome],
    importance: Mapping[str, float],
    best_seen: TrialRecord | None,
) -> Conclusion:
    """Refit the best setting, touch the test data once, and log all that the study found.

    Parameters
    ----------
    store : Store
    run_id : str
        Of the study's run.
    data : StudyData
    trials : sequence of TrialOutcome
        All of the study, by number.
    importance : mapping of str to float
        Each hyper-parameter's share of it.
    best_seen : TrialRecord or None
        The best of the trials that this process ran. A study that was resumed may have a better one.

    Raises
    ------
    StudyError
        If every setting that was searched diverged. The study is logged all the same.
    """
    config = data.config
    note = next(trial for trial in trials if trial.is_note)
    best = _best_trial(trials)
    folds = predict_folds(data)
    surface = known_surface(data, folds)
    optimum = None if surface is None else _optimum(data, surface, number=len(trials))
    best_record = None if best is None else _record_of(best, data, best_seen)
    model, test_loss, test_score, weights = None, None, None, None
    if best is not None:
        model = _refit(data, best)
        test_loss = float(mean_squared_error(data.y_test, model.predict(data.X_test)))
        if config.search.metric is not None:
            test_score = score(config.search.metric, model, data.X_test, _targets(data.y_test))
        weights = _weights(data, model)
        found = (
            f"Trial {best.trial}, {setting(best.params)}, with the objective {best.objective:,.6g}; fitted on all rows "
            f"to tune on. Held-out test loss: {test_loss:,.6g}."
        )
        store.log_model(run_id, model, config.name, data.X_test.head(), found)
    report_path = storage.REPORTS / config.name / f"{run_id}.html"
    summary = StudySummary(
        study=config.name,
        run_id=run_id,
        data=_describe(data),
        seed=config.seed,
        solver=config.model.solver,
        max_iter=config.model.max_iter,
        objective=config.search.objective,
        unit=data.loss_unit,
        floor=data.floor,
        curvature=data.curvature,
        n_trials=TrialCounts.of(trials),
        best=best,
        note=Setting(note.params, note.objective),
        optimum=optimum,
        test_loss=test_loss,
        regret=Regret(
            tuner=_regret(None if best is None else best.objective, optimum),
            note=_regret(note.objective, optimum),
        ),
        report=str(report_path),
        metric=_metric(config.search.metric, best_record, test_score),
        weights=weights,
    )
    findings = StudyFindings(
        trials=trials,
        objective_label=data.loss_unit if config.search.objective == "val_loss" else "Epochs to 1 %",
        loss_label=data.loss_unit,
        surface=None if surface is None else (surface.betas, surface.etas, surface.objective),
        surface_is_expected=surface is not None and surface.is_expected,
        stability_limit=_stability_limit(data, folds),
        importance=importance,
        best=best_record,
    )
    plots = draw_study(findings)
    run_ids, links = trial_runs(store, run_id)
    settings = settings_of(config.model, best)
    page = study_page(summary, plots, run_ids, links=links, settings=settings)
    report_path.write_text(page, encoding="utf-8")
    all_diverged = _all_searched_diverged(trials, note)
    store.end_study(
        run_id,
        summary.to_json(),
        _metrics(summary),
        report=page,
        pngs={plot.path: plot.png for plot in plots},
        note=study_note(summary),
        status="FAILED" if all_diverged else "FINISHED",
    )
    if all_diverged:
        raise StudyError(
            f"every setting of the search space diverged{_limits(data, folds)}; "
            f"lower search.eta (now {config.search.eta.low:g} to {config.search.eta.high:g})"
        )
    return Conclusion(summary, model, findings, run_ids)


def _best_trial(trials: Sequence[TrialOutcome]) -> BestTrial | None:
    """Return the first trial with the least objective; None if no trial was completed."""
    complete = [
        BestTrial(trial.params, trial.objective, trial.number)
        for trial in trials
        if trial.objective is not None
    ]
    return min(complete, key=lambda trial: trial.objective, default=None)


def _refit(data: StudyData, best: BestTrial) -> Pipeline:
    """Fit the whole pipeline, with the best setting, on all the training rows."""
    model = pipeline(data.problem, data.config.data, len(data.X), build_model(data.config, best.params))
    return model.fit(data.X, _targets(data.y))


def _targets(y: pd.DataFrame) -> pd.DataFrame | pd.Series:
    """Return one target as a Series, as scikit-learn's users give it, and several as they are."""
    return y if y.shape[1] > 1 else y.iloc[:, 0]


def _weights(data: StudyData, model: Pipeline) -> FeatureWeights:
    """Return the weights of a fitted pipeline, by feature."""
    prepare, linear = model.named_steps["prepare"], model.named_steps["model"]
    coef, intercept = np.atleast_2d(linear.coef_), np.atleast_1d(linear.intercept_)
    original = in_original_units(prepare, coef, intercept)
    # As scikit-learn: one target has no dimension of its own.
    own, shown = (
        [array[0] if len(intercept) == 1 else array for array in pair]
        for pair in ((coef, intercept), original)
    )
    return FeatureWeights(
        feature_names(prepare), list(data.y.columns), *(np.asarray(v).tolist() for v in (*own, *shown))
    )


def _metric(name: str | None, best: TrialRecord | None, test: float | None) -> Metric | None:
    if name is None:
        return None
    return Metric(name, None if best is None else best.metrics.get(name), test)


def _record_of(best: BestTrial, data: StudyData, best_seen: TrialRecord | None) -> TrialRecord:
    """Return the record of the best trial; fit it again only if an earlier process ran it."""
    if best_seen is not None and best_seen.number == best.trial:
        return best_seen
    return evaluate(data, best.trial, best.params)


def _describe(data: StudyData) -> DataDescription:
    return DataDescription(
        problem=data.problem.name,
        description=data.problem.description,
        features=len(data.feature_names),
        targets=list(data.y.columns),
        training_rows=len(data.X),
        test_rows=len(data.X_test),
        folds=data.config.data.n_splits,
        hash=data.hash,
    )


def _optimum(data: StudyData, surface: Surface, number: int) -> Setting | None:
    """Return the optimum of a surface, fitted as a trial where it is an expectation; None if every pair diverges.

    `number` is what the trial's record says; it is not one of the study's.
    """
    best = surface.best
    if best.objective is None or not math.isfinite(best.objective):
        return None
    if not surface.is_expected:
        return best
    measured = evaluate(data, number, best.params).objective
    return PredictedOptimum(best.params, best.objective, measured)


def _regret(objective: float | None, optimum: Setting | None) -> float | None:
    """Return how far an objective is above that of the optimum; None where one of both is not known."""
    reference = None if optimum is None else objective_of(optimum)
    return None if objective is None or reference is None else objective - reference


def _metrics(summary: StudySummary) -> dict[str, float | None]:
    best = None if summary.best is None else summary.best.objective
    note, optimum = summary.note.objective, summary.optimum
    metrics = {
        "best_objective": best,
        "note_objective": note,
        "note_regret": None if best is None or note is None else note - best,
        "optimum_objective": None if optimum is None else optimum.objective,
        "test_loss": summary.test_loss,
    }
    if summary.metric is not None:
        metrics[f"best_{summary.metric.name}"] = summary.metric.best
        metrics[f"test_{summary.metric.name}"] = summary.metric.test
    if isinstance(optimum, PredictedOptimum):
        metrics["optimum_measured"] = optimum.measured
    return metrics


def _stability_limit(data: StudyData, folds: PredictedFolds | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Return points of the stability limit over a little more than the range of β.

    It is the least of all folds'. None where it is not known of mini-batches, and for full batches of other solvers
    than momentum.
    """
    if folds is not None:
        return folds.stability_limit
    if data.config.model.solver != "momentum" or data.has_batches:
        return None
    beta = data.config.search.beta
    shown = [1 - beta.low, 1 - beta.high, 1 - NOTE["beta"]]
    betas = 1 - np.geomspace(1.3 * max(shown), min(shown) / 1.3, 200)
    return betas, stability_limit(betas, data.curvature)


def _all_searched_diverged(trials: Sequence[TrialOutcome], note: TrialOutcome) -> bool:
    """Whether the study has trials beside the note's advice, and all of them diverged."""
    searched = [trial for trial in trials if trial is not note]
    return bool(searched) and all(trial.state == "diverged" for trial in searched)


def _limits(data: StudyData, folds: PredictedFolds | None) -> str:
    """Return for which η the data are stable, if the solver has a limit, as a part of a message."""
    limit, beta = SOLVERS[data.config.model.solver].stability_limit, data.config.search.beta
    if limit is None:
        return ""
    low, high = (limit(value, data.curvature) for value in (beta.low, beta.high))
    of_batches = ""
    if folds is not None:
        low, high = folds.stability_limits(np.array([beta.low, beta.high]))
    elif data.has_batches:
        of_batches = " on a full batch, and for less on mini-batches"
    return (
        f": these data are stable for eta < {low:.4g} at beta = {beta.low:g} and eta < {high:.4g} at "
        f"beta = {beta.high:g}{of_batches}"
    )
