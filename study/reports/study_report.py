"""A study's report: one HTML page that needs no network, and the Markdown note on its run.

Everything on the page comes from the study's summary, through a template that escapes it.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from jinja2 import Environment, PackageLoader, StrictUndefined

from study.notation import setting, symbol
from study.summary import BestTrial, PredictedOptimum, StudySummary, objective_of
from study.trial import Setting

NEARLY_EQUAL = 1.01
"""The note's advice costs nothing that matters if its objective is at most so many times the best trial's."""

_environment = Environment(
    loader=PackageLoader("study.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def study_page(
    summary: StudySummary, plots: Sequence[tuple[str, str, bytes]], run_ids: Mapping[int, str]
) -> str:
    """Return a study's report as one self-contained HTML page.

    Parameters
    ----------
    summary : StudySummary
    plots : sequence of tuple (path, title, png)
        The study's plots, in the order of the page.
    run_ids : mapping of int to str
        MLflow's run id of each trial, by Optuna's number.
    """
    template = _environment.get_template("study.html")
    return template.render(
        summary=summary,
        rows=rows(summary),
        sentences=sentences(summary),
        plots=[(title, base64.b64encode(png).decode()) for _, title, png in plots],
        run_ids=sorted(run_ids.items()),
    )


def study_note(summary: StudySummary) -> str:
    """Return the Markdown that MLflow shows on the study's run."""
    table = "\n".join(f"| {name} | {value} |" for name, value in rows(summary))
    return "\n\n".join([f"| {summary.study} | |\n|---|---|\n{table}", *sentences(summary)])


def rows(summary: StudySummary) -> list[tuple[str, str]]:
    """Return the results of a study as a table of two columns."""
    best, note, optimum = summary.best, summary.note, summary.optimum
    result = []
    if best is None:
        result.append(("best setting", "none: no trial was completed"))
    else:
        result.append(("best setting", f"{setting(best.params)} (trial {best.trial})"))
        result.append((f"best {_objective_name(summary)}", _objective(summary, best.objective)))
    result.append((f"note's advice, {setting(note.params)}", _objective(summary, note.objective)))
    if best is not None and not _is_miss(summary, best.objective):
        result.append(("what following the note costs", _cost(note.objective, best.objective)))
    if optimum is not None and optimum.objective is not None:
        is_predicted = isinstance(optimum, PredictedOptimum)
        kind, value = "exact", _objective(summary, optimum.objective)
        if isinstance(optimum, PredictedOptimum):
            is_fitted = optimum.measured is not None
            measured = f"{_loss(optimum.measured)} measured" if is_fitted else "diverged when it was fitted"
            kind, value = "predicted", f"{value} expected, {measured}"
        result.append((f"{kind} optimum in the search box", f"{setting(optimum.params)}: {value}"))
        reference = objective_of(optimum)
        for whose, regret in (("the tuner's", summary.regret.tuner), ("the note's", summary.regret.note)):
            if regret is not None and reference is not None and not _is_miss(summary, reference):
                name = f"{whose} regret against it" + (", measured" if is_predicted else "")
                result.append((name, _cost(reference + regret, reference)))
    result.append(("held-out test loss", _loss(summary.test_loss)))
    counts = [f"{count} {state}" for state, count in asdict(summary.n_trials).items() if count]
    result.append(("trials", ", ".join(counts)))
    return result


def sentences(summary: StudySummary) -> list[str]:
    """Return what the trials say, in sentences made from their numbers."""
    data, best = summary.data, summary.best
    said = [
        f"{data.problem.capitalize()}: {data.description}; {data.training_rows} rows to tune on in "
        f"{data.folds} folds, {data.test_rows} held out, {data.features} features."
    ]
    if best is None:
        said.append("No trial was completed, so there is nothing to recommend.")
        return said
    said.append(_note_sentence(summary, best))
    if summary.optimum is not None:
        said += _optimum_sentences(summary, summary.optimum, best)
    if summary.n_trials.diverged:
        also = ""
        if isinstance(summary.optimum, PredictedOptimum):
            also = ", and the noise of the mini-batches bounds it further"
        said.append(
            f"{summary.n_trials.diverged} of {summary.n_trials.total} trials diverged: the largest curvature of "
            f"the data is {summary.curvature:.3g}, which bounds η{also}."
        )
    if summary.solver == "momentum":
        beta, eta = best.params["beta"], best.params["eta"]
        said.append(
            f"In PyTorch's terms the best setting is SGD(momentum={beta:.4g}, lr={eta * (1 - beta):.4g}), "
            "on the mean squared error."
        )
    return said


def _note_sentence(summary: StudySummary, best: BestTrial) -> str:
    """Return what the note's advice costs against the best trial."""
    if _is_miss(summary, best.objective):
        return f"No setting came within 1 % of least squares in {summary.max_iter} epochs: raise max_iter."
    ratio = _ratio(summary.note.objective, best.objective)
    if ratio is None:
        return "The note's advice diverged on these data."
    if ratio < NEARLY_EQUAL:
        return (
            f"The note's advice is within 1 % of the best that {summary.n_trials.total} trials found: "
            "tuning is not worth its time here."
        )
    return (
        f"The note's advice costs {_percent_above(ratio)} more than the best setting found: "
        f"{_differences(best.params, summary.note.params)}."
    )


def _optimum_sentences(summary: StudySummary, optimum: Setting, best: BestTrial) -> list[str]:
    """Return how far the tuner ended from the exact or predicted optimum; nothing where that is not known."""
    ratio = _ratio(best.objective, objective_of(optimum))
    if not isinstance(optimum, PredictedOptimum):
        if ratio is None:
            return []
        return [
            f"The tuner ended {_percent_above(max(ratio, 1.0))} above the exact optimum of the search box, which is "
            f"known without a fit: {setting(optimum.params)}."
        ]
    predicted = (
        f"The least expected objective in the search box, over the order of the rows, is predicted without a fit: "
        f"{_loss(optimum.objective)} at {setting(optimum.params)}."
    )
    if optimum.measured is None:
        return [predicted, "A trial at that setting diverged."]
    measured = f"A trial at that setting, with the order of all trials, measured {_loss(optimum.measured)}"
    if ratio is None:
        return [predicted, f"{measured}."]
    share = _percent_above(ratio) if ratio >= 1 else f"{100 * (1 - ratio):.3g} %"
    return [
        predicted,
        f"{measured}; the tuner's best trial ended {share} {'above' if ratio >= 1 else 'below'} that.",
    ]


def _objective_name(summary: StudySummary) -> str:
    if summary.objective == "epochs":
        return "epochs until the training loss stays within 1 % of least squares"
    return f"cross-validated {summary.unit} after {summary.max_iter} epochs"


def _is_miss(summary: StudySummary, objective: float | None) -> bool:
    """Whether an objective is a number of epochs that stands for a target that was not reached."""
    return summary.objective == "epochs" and objective is not None and objective > summary.max_iter


def _objective(summary: StudySummary, objective: float | None) -> str:
    if _is_miss(summary, objective):
        return f"not within {summary.max_iter} epochs"
    return _loss(objective)


def _differences(best: Mapping[str, float], note: Mapping[str, float]) -> str:
    """Return how the best setting differs from the note's."""
    words = [
        f"a {'larger' if best[name] > note[name] else 'smaller'} {symbol(name)} ({best[name]:.3g})"
        for name in ("beta", "eta")
        if best[name] != note[name]
    ]
    return " and ".join(words) + " serves better"


def _ratio(value: float | None, reference: float | None) -> float | None:
    """Return value / reference; None where one of both is not known or the reference is not positive."""
    if value is None or reference is None or not reference > 0:
        return None
    return value / reference


def _percent_above(ratio: float) -> str:
    """Return by how much a ratio is above 1."""
    if ratio >= 3:
        return f"{ratio:.3g} times as much, {100 * (ratio - 1):,.0f} %"
    return f"{100 * (ratio - 1):.3g} %"


def _cost(value: float | None, reference: float) -> str:
    """Return how much an objective is above another."""
    if value is None:
        return "it diverged"
    ratio = _ratio(value, reference)
    amount = f"{_number(abs(value - reference))} {'less' if value < reference else 'more'}"
    return amount if ratio is None else f"{amount} ({100 * abs(ratio - 1):,.3g} %)"


def _loss(value: float | None) -> str:
    return "diverged" if value is None else _number(value)


def _number(value: float) -> str:
    return f"{value:,.6g}"
