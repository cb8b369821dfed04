"""The end of a study: its best refitted, its summary, plots and report logged."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
from sklearn.metrics import mean_squared_error

from study import figures, provenance
from study.config import Config
from study.descent import theory
from study.descent.solvers import SOLVERS
from study.errors import StudyError
from study.problems import catalogue as data
from study.reports import study_report as report
from study.tracking import Store
from study.trial import TrialRecord, TrialState
from study.tuning import optimum
from study.tuning import search as tune
from study.tuning.evaluation import estimator, evaluate, mean_floor
from study.tuning.study_data import Prepared, named

REPORTS = Path("mlruns/reports")


def conclude(store: Store, parent: str, prepared: Prepared, study) -> dict[str, Any]:
    """Refit the best, touch the test data once, and log all that the study found."""
    config = prepared.config
    records = tune.records(study)
    note = min(records, key=lambda record: record.number)  # the advice is the first trial that came to an end
    summary = _summary(prepared, parent, records, note)
    exact = optimum.surface(config, prepared.splits) if optimum.is_known(config) else None
    if exact is not None:
        summary["optimum"] = exact.best
    complete = [(record.objective, record) for record in records if record.objective is not None]
    _, best = min(complete, key=lambda pair: pair[0], default=(None, None))
    if best is not None:
        summary["best"] = {"params": best.params, "objective": best.objective, "trial": best.number}
        model = _refit(prepared, best.params)
        _, X_test, _, y_test = prepared.parts
        summary["test_loss"] = float(mean_squared_error(y_test, model.predict(X_test)))
        store.log_model(parent, model, config.name, X_test.head())
    summary["regret"] = _regret(summary)
    pngs = _plots(prepared, records, best, exact, tune.importance(study), summary["curvature"])
    trials = {run.number: run.run_id for run in store.trials(parent) if run.number is not None}
    page = report.study_page(summary, pngs, trials)
    path = REPORTS / config.name / f"{parent}.html"
    path.write_text(page, encoding="utf-8")
    summary["report"] = str(path)
    searched = [record for record in records if record is not note]
    stuck = bool(searched) and all(record.state == "diverged" for record in searched)
    store.end_study(
        parent,
        summary,
        _metrics(summary),
        report=page,
        pngs=pngs,
        note=report.study_note(summary),
        status="FAILED" if stuck else "FINISHED",
    )
    if stuck:
        raise StudyError(
            f"every setting of the search space diverged{_limits(config, summary['curvature'])}; "
            f"lower search.eta (now {config.search.eta.low:g} to {config.search.eta.high:g})"
        )
    return summary


def _summary(
    prepared: Prepared, parent: str, records: list[TrialRecord], note: TrialRecord
) -> dict[str, Any]:
    """What `summary.json` holds, before the best is refitted."""
    config, problem = prepared.config, prepared.problem
    X, X_test, y, _ = prepared.parts
    return {
        "study": config.name,
        "run_id": parent,
        "data": {
            "problem": problem.name,
            "description": problem.description,
            "features": X.shape[1],
            "targets": list(y.columns),
            "training_rows": len(X),
            "test_rows": len(X_test),
            "folds": config.data.n_splits,
            "hash": provenance.data_hash(problem.X, problem.y),
        },
        "seed": config.seed,
        "solver": config.model.solver,
        "max_iter": config.model.max_iter,
        "objective": config.search.objective,
        "unit": prepared.unit,
        "floor": mean_floor(prepared.splits),
        "curvature": _curvature(prepared),
        "n_trials": {
            state: sum(record.state == state for record in records) for state in get_args(TrialState)
        },
        "best": None,
        "note": {"params": note.params, "objective": note.objective},
        "optimum": None,
        "test_loss": None,
    }


def _regret(summary: dict[str, Any]) -> dict[str, float | None]:
    """What the best trial and the note's advice leave on the table, where the exact optimum is known."""
    optimum = summary["optimum"]
    found = {"tuner": summary["best"], "note": summary["note"]}
    return {
        whose: None
        if optimum is None or trial is None or trial["objective"] is None
        else trial["objective"] - optimum["objective"]
        for whose, trial in found.items()
    }


def _limits(config: Config, L: float) -> str:
    """Where the data are stable, if the solver has a limit."""
    solver, beta = config.model.solver, config.search.beta
    if not SOLVERS[solver].is_linear:
        return ""
    low, high = (theory.stability_limit(b, L, solver) for b in (beta.low, beta.high))
    return (
        f": these data are stable for eta < {low:.4g} at beta = {beta.low:g} and eta < {high:.4g} at "
        f"beta = {beta.high:g}"
    )


def _metrics(summary: dict[str, Any]) -> dict[str, float | None]:
    best = summary["best"] and summary["best"]["objective"]
    note = summary["note"]["objective"]
    return {
        "best_objective": best,
        "note_objective": note,
        "note_regret": None if best is None or note is None else note - best,
        "optimum_objective": summary["optimum"] and summary["optimum"]["objective"],
        "test_loss": summary["test_loss"],
    }


def _refit(prepared: Prepared, params: dict[str, Any]):
    """Fit the whole pipeline, with these settings, on all the training rows."""
    X, _, y, _ = prepared.parts
    model = data.pipeline(prepared.config.data, estimator(prepared.config, params))
    return model.fit(X, y if y.shape[1] > 1 else y.iloc[:, 0])


def _curvature(prepared: Prepared) -> float:
    """Largest curvature of any fold's objective: what its stability limit rests on."""
    largest = max(np.linalg.eigvalsh(split.train.hessian())[-1] for split in prepared.splits)
    return float(largest) + 2 * prepared.config.model.alpha


def _plots(prepared, records, best, exact, shares, curvature) -> dict[str, bytes]:
    config = prepared.config
    label = prepared.unit if config.search.objective == "val_loss" else "Epochs to 1 %"
    plots = {
        "plots/history.png": figures.history(records, label),
        "plots/plane.png": figures.plane(
            records,
            objective_label=label,
            surface=None if exact is None else (exact.betas, exact.etas, exact.objective),
            curvature=curvature if config.model.solver == "momentum" else None,
        ),
        "plots/importance.png": figures.importance(shares),
    }
    if best is not None:
        again = named(evaluate(config, prepared.splits, best.number, best.params), prepared.problem)
        plots["plots/best_curve.png"] = figures.loss_curve(again, prepared.unit)
    return {path: figures.png(figure) for path, figure in plots.items()}
