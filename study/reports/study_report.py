"""A study's report: one HTML page that needs no network, and the Markdown note on its run.

Everything on the page comes from the summary, through a template that escapes it.
"""

import base64
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

TITLES = {
    "plots/plane.png": "Every trial where its β and η put it",
    "plots/history.png": "The search, trial by trial",
    "plots/importance.png": "What moved the objective",
    "plots/best_curve.png": "The best trial's loss, epoch by epoch",
}

_environment = Environment(
    loader=PackageLoader("study.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def study_page(summary: Mapping[str, Any], pngs: Mapping[str, bytes], trials: Mapping[int, str]) -> str:
    """Return a study's report as one self-contained HTML page.

    Parameters
    ----------
    summary : mapping
        What `summary.json` holds.
    pngs : mapping of str to bytes
        The study's plots by artifact path.
    trials : mapping of int to str
        MLflow's run id of each trial, by Optuna's number.
    """
    plots = [(title, base64.b64encode(pngs[path]).decode()) for path, title in TITLES.items() if path in pngs]
    template = _environment.get_template("study.html")
    return template.render(
        summary=summary,
        rows=rows(summary),
        sentences=sentences(summary),
        plots=plots,
        trials=sorted(trials.items()),
    )


def study_note(summary: Mapping[str, Any]) -> str:
    """Return the Markdown that MLflow shows on the study's run."""
    table = "\n".join(f"| {name} | {value} |" for name, value in rows(summary))
    return "\n\n".join([f"| {summary['study']} | |\n|---|---|\n{table}", *sentences(summary)])


def rows(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the summary as the few lines that a person acts on."""
    best, note, optimum = summary["best"], summary["note"], summary["optimum"]
    objective = _objective(summary)
    result = []
    if best is None:
        result.append(("best setting", "none: no trial was completed"))
    else:
        result.append(("best setting", f"{_setting(best['params'])} (trial {best['trial']})"))
        result.append((f"best {objective}", _reached(summary, best["objective"])))
    result.append((f"note's advice, {_setting(note['params'])}", _reached(summary, note["objective"])))
    if best is not None and not _missed(summary, best["objective"]):
        result.append(("what following the note costs", _cost(note["objective"], best["objective"])))
    if optimum is not None:
        value = _reached(summary, optimum["objective"])
        result.append(("exact optimum in the search box", f"{_setting(optimum['params'])}: {value}"))
        for whose, regret in (("the tuner's", "tuner"), ("the note's", "note")):
            if not _missed(summary, optimum["objective"]) and summary["regret"][regret] is not None:
                found = optimum["objective"] + summary["regret"][regret]
                result.append((f"{whose} regret against it", _cost(found, optimum["objective"])))
    result.append(("held-out test loss", _value(summary["test_loss"])))
    counts = ", ".join(f"{count} {state}" for state, count in summary["n_trials"].items() if count)
    result.append(("trials", counts))
    return result


def sentences(summary: Mapping[str, Any]) -> list[str]:
    """Return what the trials say, in words made from their numbers."""
    best, note, optimum = summary["best"], summary["note"], summary["optimum"]
    data = summary["data"]
    said = [
        f"{data['problem'].capitalize()}: {data['description']}; {data['training_rows']} rows to tune on in "
        f"{data['folds']} folds, {data['test_rows']} held out, {data['features']} features."
    ]
    if best is None:
        said.append("No trial was completed, so there is nothing to recommend.")
        return said
    ratio = _ratio(note["objective"], best["objective"])
    if _missed(summary, best["objective"]):
        said.append(
            f"No setting came within 1 % of least squares in {summary['max_iter']} epochs: raise max_iter."
        )
    elif ratio is None:
        said.append("The note's advice diverged on these data.")
    elif ratio < 1.01:
        said.append(
            f"The note's advice is within 1 % of the best that {sum(summary['n_trials'].values())} trials found: "
            "tuning is not worth its time here."
        )
    else:
        said.append(
            f"The note's advice costs {_percent(ratio)} more than the best setting found: "
            f"{_direction(best['params'], note['params'])}."
        )
    if optimum is not None:
        gap = _ratio(best["objective"], optimum["objective"])
        if gap is not None:
            said.append(
                f"The tuner ended {_percent(max(gap, 1.0))} above the exact optimum of the search box, which is "
                f"known without a fit: {_setting(optimum['params'])}."
            )
    diverged, total = summary["n_trials"]["diverged"], sum(summary["n_trials"].values())
    if diverged:
        said.append(
            f"{diverged} of {total} trials diverged: the largest curvature of the data is "
            f"{summary['curvature']:.3g}, which bounds η."
        )
    rate = best["params"]["eta"] * (1 - best["params"]["beta"])
    if summary["solver"] == "momentum":
        said.append(
            f"In PyTorch's terms the best setting is SGD(momentum={best['params']['beta']:.4g}, lr={rate:.4g}), "
            "on the mean squared error."
        )
    return said


def _objective(summary) -> str:
    if summary["objective"] == "epochs":
        return "epochs until the training loss stays within 1 % of least squares"
    return f"cross-validated {summary['unit']} after {summary['max_iter']} epochs"


def _missed(summary, value) -> bool:
    """Whether a number of epochs stands for a target that was not reached."""
    return summary["objective"] == "epochs" and value is not None and value > summary["max_iter"]


def _reached(summary, value) -> str:
    return f"not within {summary['max_iter']} epochs" if _missed(summary, value) else _value(value)


def _setting(params: Mapping[str, float]) -> str:
    names = {"beta": "β", "eta": "η", "alpha": "α"}
    return ", ".join(f"{names.get(name, name)} = {value:.4g}" for name, value in params.items())


def _direction(best: Mapping[str, float], note: Mapping[str, float]) -> str:
    """How the best setting differs from the note's."""
    words = []
    for name, symbol in (("beta", "β"), ("eta", "η")):
        if best[name] != note[name]:
            words.append(
                f"a {'larger' if best[name] > note[name] else 'smaller'} {symbol} ({best[name]:.3g})"
            )
    return " and ".join(words) + " serves better"


def _ratio(value, reference) -> float | None:
    if value is None or reference is None or not reference > 0:
        return None
    return value / reference


def _percent(ratio: float) -> str:
    if ratio >= 3:
        return f"{ratio:.3g} times as much, {100 * (ratio - 1):,.0f} %"
    return f"{100 * (ratio - 1):.3g} %"


def _cost(value, reference) -> str:
    ratio = _ratio(value, reference)
    if value is None:
        return "it diverged"
    if ratio is None:
        return f"{_number(value - reference)} more"
    return f"{_number(value - reference)} more ({100 * (ratio - 1):,.3g} %)"


def _value(value) -> str:
    return "diverged" if value is None else _number(value)


def _number(value: float) -> str:
    return f"{value:,.6g}"
