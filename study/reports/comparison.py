"""Two studies side by side: their results, what differs in their configs, and both planes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from study.notation import setting
from study.reports.pages import data_uri, html_environment
from study.reports.study_report import counts_by_state, loss_text, objective_kind, objective_text
from study.reports.words import COMPARISON, SHARED, STUDY, Words
from study.summary import PredictedOptimum, StudySummary
from study.verdict import Lang

_html = html_environment()

Row = tuple[str, str, str]
"""A label and the value of each study."""


@dataclass(frozen=True)
class ComparedStudy:
    """What a comparison needs of a study that reached its end.

    Attributes
    ----------
    name : str
        Its name and number, such as `diabetes#1`.
    summary : StudySummary
    settings : mapping of str to str
        Its config by dotted key, and what else it began with: commit, versions, hash of the data.
    plane : bytes or None
        A PNG of all trials by their β and η.
    page : str
        Address of its run's page.
    """

    name: str
    summary: StudySummary
    settings: Mapping[str, str]
    plane: bytes | None
    page: str


def result_rows(studies: Sequence[ComparedStudy], lang: Lang = "en") -> list[Row]:
    """Return the results of two studies, row by row; a row that neither has is left out."""
    first, second = (_results(study.summary, lang) for study in studies)
    t = COMPARISON[lang]
    return [(t[key], first[key], second[key]) for key in first if first[key] or second[key]]


def differences(studies: Sequence[ComparedStudy], lang: Lang = "en") -> list[Row]:
    """Return what differs in the settings of two studies, by key."""
    first, second = (study.settings for study in studies)
    unset = COMPARISON[lang]["unset"]
    keys = sorted({*first, *second})
    return [
        (key, first.get(key, unset), second.get(key, unset))
        for key in keys
        if first.get(key, unset) != second.get(key, unset)
    ]


def caveat(studies: Sequence[ComparedStudy], lang: Lang = "en") -> str | None:
    """Return why the objectives of two studies are not comparable; None if they are."""
    first, second = (study.summary for study in studies)
    t = COMPARISON[lang]
    if first.data.hash != second.data.hash:
        return t["other data"]
    if (first.objective, first.unit) != (second.objective, second.unit):
        return t["other objective"]
    if (first.seed, first.data) != (second.seed, second.data):
        return t["other parts"]
    return None


def comparison_page(studies: Sequence[ComparedStudy], lang: Lang = "en") -> str:
    """Return two studies side by side as one self-contained HTML page.

    Parameters
    ----------
    studies : sequence of two ComparedStudy
    lang : {"en", "zh"}
        The page's language. The pictures are in English in both.
    """
    return _html.get_template("comparison.html").render(
        t=COMPARISON[lang],
        html_lang=SHARED[lang]["html lang"],
        studies=studies,
        planes=[None if study.plane is None else data_uri(study.plane) for study in studies],
        results=result_rows(studies, lang),
        differences=differences(studies, lang),
        caveat=caveat(studies, lang),
    )


def _results(summary: StudySummary, lang: Lang) -> dict[str, str]:
    """Return a study's results by the key of their label. What it does not have is an empty text."""
    t: Words = STUDY[lang]
    best, note, optimum = summary.best, summary.note, summary.optimum
    metric = summary.metric
    return {
        "data": summary.data.problem,
        "objective": objective_kind(summary, t),
        "best setting": t["no best setting"] if best is None else setting(best.params),
        "best objective": "" if best is None else objective_text(summary, best.objective, t),
        "note objective": objective_text(summary, note.objective, t),
        "optimum": "" if optimum is None else setting(optimum.params),
        "optimum objective": "" if optimum is None else objective_text(summary, optimum.objective, t),
        "optimum measured": loss_text(optimum.measured, t) if isinstance(optimum, PredictedOptimum) else "",
        "tuner regret": _regret(summary.regret.tuner),
        "note regret": _regret(summary.regret.note),
        "test loss": "" if best is None else loss_text(summary.test_loss, t),
        "metric": "" if metric is None or metric.test is None else f"{metric.name} {metric.test:,.6g}",
        "trials": counts_by_state(summary, lang),
    }


def _regret(value: float | None) -> str:
    return "" if value is None else f"{value:,.6g}"
