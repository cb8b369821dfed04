"""A study's report: one HTML page that needs no network, and the Markdown note on its run.

Everything on the page comes from the study's summary and from the catalogues `en.toml` and `zh.toml`, through a
template that escapes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePosixPath

from study.notation import percent, setting, symbol
from study.reports.pages import data_uri, html_environment
from study.reports.words import PLOTS, SHARED, STUDY, Words
from study.summary import BestTrial, FeatureWeights, PredictedOptimum, StudySummary, objective_of
from study.translation.snippets import LIBRARIES, Settings, script
from study.trial import Setting
from study.verdict import Lang

NEARLY_EQUAL = 0.01
"""The note's advice costs nothing that matters if its objective is above the best trial's by less than this share."""

MOST_WEIGHTS = 30
"""Weights that the page shows."""

_html = html_environment()


def study_page(
    summary: StudySummary,
    plots: Sequence[tuple[str, bytes]],
    run_ids: Mapping[int, str],
    *,
    links: Mapping[int, str] | None = None,
    lang: Lang = "en",
    settings: Settings | None = None,
) -> str:
    """Return a study's report as one self-contained HTML page.

    Parameters
    ----------
    summary : StudySummary
    plots : sequence of tuple (path, png)
        The study's plots, by the path of their artifact, in the order of the page.
    run_ids : mapping of int to str
        MLflow's run id of each trial, by Optuna's number.
    links : mapping of int to str, optional
        The address of each run's page in MLflow's UI, by the same number.
    lang : {"en", "zh"}
        The page's language. The plots, the code and the description of the data are in English in both.
    settings : Settings, optional
        The best setting, to be shown as code for other libraries.
    """
    return _html.get_template("study.html").render(
        t=STUDY[lang],
        html_lang=SHARED[lang]["html lang"],
        summary=summary,
        rows=rows(summary, lang),
        sentences=sentences(summary, lang),
        plots=[(PLOTS[lang][PurePosixPath(path).stem], data_uri(png)) for path, png in plots],
        run_ids=sorted(run_ids.items()),
        links=links or {},
        weights=weight_rows(summary.weights, lang),
        most_weights=MOST_WEIGHTS,
        scripts=[(title, script(settings, name)) for name, title in LIBRARIES.items() if settings],
    )


def study_note(summary: StudySummary) -> str:
    """Return the Markdown that MLflow shows on the study's run: the answer, and a table of at most five lines.

    MLflow's UI folds what is longer.
    """
    t, best, optimum = STUDY["en"], summary.best, summary.optimum
    found = dict(rows(summary))
    if best is not None:
        found[t["best setting"]] += f": {objective_text(summary, best.objective, t)}"
    names = [t["best setting"], t["note's advice"].format(setting=setting(summary.note.params))]
    if optimum is not None and optimum.objective is not None:
        names.append(_optimum_rows(summary, optimum, t)[0][0])
    names += [t["test loss"], t["trials"]]
    kind = objective_kind(summary, t)
    table = "\n".join(f"| {name} | {found[name]} |" for name in names)
    return f"{sentences(summary)[1]}\n\n| {summary.study} | {kind} |\n|---|---|\n{table}"


def rows(summary: StudySummary, lang: Lang = "en") -> list[tuple[str, str]]:
    """Return the results of a study as a table of two columns."""
    t, best, note = STUDY[lang], summary.best, summary.note
    result = []
    if best is None:
        result.append((t["best setting"], t["no best setting"]))
    else:
        trial = t["setting of a trial"].format(setting=setting(best.params), trial=best.trial)
        result.append((t["best setting"], trial))
        kind = objective_kind(summary, t)
        result.append(
            (t["best objective"].format(objective=kind), objective_text(summary, best.objective, t))
        )
    advice = t["note's advice"].format(setting=setting(note.params))
    result.append((advice, objective_text(summary, note.objective, t)))
    if best is not None and not _is_miss(summary, best.objective):
        result.append((t["cost of the note"], _cost(note.objective, best.objective, t)))
    if summary.optimum is not None and summary.optimum.objective is not None:
        result += _optimum_rows(summary, summary.optimum, t)
    result.append((t["test loss"], loss_text(summary.test_loss, t)))
    if summary.metric is not None:
        for key, value in (("best metric", summary.metric.best), ("test metric", summary.metric.test)):
            shown = t["no metric"] if value is None else _number(value)
            result.append((t[key].format(metric=summary.metric.name), shown))
    result.append((t["trials"], counts_by_state(summary, lang)))
    return result


def counts_by_state(summary: StudySummary, lang: Lang = "en") -> str:
    """Return how many trials ended in each state."""
    t = STUDY[lang]
    counts = [t[state].format(n=count) for state, count in asdict(summary.n_trials).items() if count]
    return SHARED[lang]["join counts"].join(counts)


def objective_kind(summary: StudySummary, t: Words) -> str:
    """Return what a study minimised, in words."""
    return t[f"objective {summary.objective}"].format(unit=summary.unit, max_iter=summary.max_iter)


def weight_rows(weights: FeatureWeights | None, lang: Lang = "en") -> list[tuple[str, list[str]]]:
    """Return the intercept and the largest weights of the refitted model, as they were fitted.

    Returns
    -------
    list of tuple (feature, numbers)
        For each target the weight as it was fitted and the weight per unit of the column.
    """
    if weights is None:
        return []
    # One target has no dimension of its own.
    is_flat = not isinstance(weights.intercept, list)
    fitted, original = ([each] if is_flat else each for each in (weights.coef, weights.coef_original))
    starts = [[each] if is_flat else each for each in (weights.intercept, weights.intercept_original)]
    size = [max(abs(target[j]) for target in fitted) for j in range(len(weights.feature_names))]
    largest = sorted(range(len(size)), key=lambda j: -size[j])[:MOST_WEIGHTS]
    both = list(zip(fitted, original, strict=True))
    rows = [
        (weights.feature_names[j], [_weight(values[j]) for target in both for values in target])
        for j in largest
    ]
    start = [_weight(value) for target in zip(*starts, strict=True) for value in target]
    return [(STUDY[lang]["intercept"], start), *rows]


def _weight(value: float) -> str:
    return f"{value:,.4g}"


def sentences(summary: StudySummary, lang: Lang = "en") -> list[str]:
    """Return what the trials say, in sentences made from their numbers."""
    t, data, best = STUDY[lang], summary.data, summary.best
    said = [t["data"].format(**asdict(data) | {"problem": data.problem.capitalize()})]
    if best is None:
        said.append(t["nothing to recommend"])
        return said
    said.append(_note_sentence(summary, best, t))
    if summary.optimum is not None:
        said += _optimum_sentences(summary.optimum, best, t)
    if summary.n_trials.diverged:
        is_predicted = isinstance(summary.optimum, PredictedOptimum)
        said.append(
            t["trials with mini-batches diverged" if is_predicted else "trials diverged"].format(
                diverged=summary.n_trials.diverged,
                total=summary.n_trials.total,
                curvature=f"{summary.curvature:.3g}",
            )
        )
    if summary.solver == "momentum":
        beta, eta = best.params["beta"], best.params["eta"]
        said.append(t["pytorch"].format(beta=f"{beta:.4g}", rate=f"{eta * (1 - beta):.4g}"))
    return said


def _optimum_rows(summary: StudySummary, optimum: Setting, t: Words) -> list[tuple[str, str]]:
    """Return the rows of the exact or predicted optimum, and of the regrets against it where they are known."""
    kind, objective = "exact", objective_text(summary, optimum.objective, t)
    if isinstance(optimum, PredictedOptimum):
        kind = "predicted"
        key = "expected but diverged" if optimum.measured is None else "expected and measured"
        objective = t[key].format(expected=objective, measured=loss_text(optimum.measured, t))
    value = t["objective at a setting"].format(setting=setting(optimum.params), objective=objective)
    result = [(t[f"{kind} optimum"], value)]
    reference = objective_of(optimum)
    for whose, regret in asdict(summary.regret).items():
        if regret is not None and reference is not None and not _is_miss(summary, reference):
            result.append((t[f"{kind} regret {whose}"], _cost(reference + regret, reference, t)))
    return result


def _note_sentence(summary: StudySummary, best: BestTrial, t: Words) -> str:
    """Return what the note's advice costs against the best trial."""
    if _is_miss(summary, best.objective):
        return t["target missed by all"].format(max_iter=summary.max_iter)
    ratio = _ratio(summary.note.objective, best.objective)
    if ratio is None:
        return t["note diverged"]
    if ratio < 1 + NEARLY_EQUAL:
        return t["note is good"].format(nearly=percent(NEARLY_EQUAL), total=summary.n_trials.total)
    return t["note costs"].format(
        excess=_excess(ratio, t), differences=_differences(best.params, summary.note.params, t)
    )


def _optimum_sentences(optimum: Setting, best: BestTrial, t: Words) -> list[str]:
    """Return how far the tuner ended from the exact or predicted optimum; nothing where that is not known."""
    ratio = _ratio(best.objective, objective_of(optimum))
    where = setting(optimum.params)
    if not isinstance(optimum, PredictedOptimum):
        if ratio is None:
            return []
        return [t["above exact optimum"].format(excess=_excess(max(ratio, 1.0), t), setting=where)]
    said = [t["least expected"].format(objective=loss_text(optimum.objective, t), setting=where)]
    measured = loss_text(optimum.measured, t)
    if optimum.measured is None:
        said.append(t["optimum diverged"])
    elif ratio is None:
        said.append(t["optimum measured"].format(measured=measured))
    elif ratio >= 1:
        said.append(t["best above measured"].format(measured=measured, excess=_excess(ratio, t)))
    else:
        share = f"{100 * (1 - ratio):.3g} %"
        said.append(t["best below measured"].format(measured=measured, share=share))
    return said


def _is_miss(summary: StudySummary, objective: float | None) -> bool:
    """Whether an objective is a number of epochs that stands for a target that was not reached."""
    return summary.objective == "epochs" and objective is not None and objective > summary.max_iter


def objective_text(summary: StudySummary, objective: float | None, t: Words) -> str:
    """Return a value of a study's objective, or that the trial diverged or missed its target."""
    if _is_miss(summary, objective):
        return t["target missed"].format(max_iter=summary.max_iter)
    return loss_text(objective, t)


def _differences(best: Mapping[str, float], note: Mapping[str, float], t: Words) -> str:
    """Return how the best setting differs from the note's."""
    return t["join differences"].join(
        t["larger" if value > note[name] else "smaller"].format(symbol=symbol(name), value=f"{value:.3g}")
        for name, value in best.items()
        if value != note[name]
    )


def _ratio(value: float | None, reference: float | None) -> float | None:
    """Return value / reference; None where one of both is not known or the reference is not positive."""
    if value is None or reference is None or not reference > 0:
        return None
    return value / reference


def _excess(ratio: float, t: Words) -> str:
    """Return by how much a ratio is above 1, in per cent; from 3 on with the ratio itself."""
    if ratio < 3:
        return f"{100 * (ratio - 1):.3g} %"
    excess = f"{100 * (ratio - 1):,.0f} %"
    return t["excess of 3 or more times"].format(ratio=f"{ratio:.3g}", excess=excess)


def _cost(value: float | None, reference: float, t: Words) -> str:
    """Return how much an objective is above another."""
    if value is None:
        return t["no cost"]
    amount = t["less" if value < reference else "more"].format(amount=_number(abs(value - reference)))
    ratio = _ratio(value, reference)
    if ratio is None:
        return amount
    return t["difference with share"].format(difference=amount, share=f"{100 * abs(ratio - 1):,.3g} %")


def loss_text(value: float | None, t: Words) -> str:
    """Return a loss, or that the trial diverged."""
    return t["no loss"] if value is None else _number(value)


def _number(value: float) -> str:
    return f"{value:,.6g}"
