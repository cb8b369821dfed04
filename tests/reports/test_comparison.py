"""Two studies side by side."""

import base64

import pytest

from study.reports.comparison import ComparedStudy, caveat, comparison_page, differences, result_rows
from study.reports.words import COMPARISON, LANGUAGES
from study.summary import BestTrial, DataDescription, Metric, PredictedOptimum, Regret, TrialCounts
from study.trial import Setting
from tests.summaries import DATA, make_summary

OTHER_DATA = DataDescription(**{**vars(DATA), "hash": "0"})


def compared(name="diabetes#1", settings=None, plane=b"png", **changes):
    return ComparedStudy(name, make_summary(**changes), settings or {}, plane, f"http://host/{name}")


def test_the_results_stand_side_by_side():
    second = compared(
        best=BestTrial({"beta": 0.5, "eta": 0.2}, 2600.0, 1), n_trials=TrialCounts(complete=1, pruned=2)
    )
    rows = {label: (first, other) for label, first, other in result_rows([compared(), second])}
    assert rows["best setting"] == ("β = 0.88, η = 0.0176", "β = 0.5, η = 0.2")
    assert rows["best objective"] == ("3,000", "2,600")
    assert rows["note's advice"] == ("3,300", "3,300")
    assert rows["optimum in the search box"] == ("β = 0.93, η = 0.0133",) * 2
    assert rows["its objective"] == ("2,500", "2,500")
    assert rows["the tuner's regret against it"] == ("500", "500")
    assert rows["held-out test loss"] == ("2,903.9", "2,903.9")
    assert rows["trials"] == ("97 complete, 3 diverged", "1 complete, 2 pruned")
    assert "its objective, measured" not in rows
    assert "held-out test score" not in rows


def test_what_one_study_lacks_is_empty_and_what_diverged_is_said_so():
    second = compared(
        best=None, test_loss=None, note=Setting({"beta": 0.9, "eta": 0.1}, None), metric=Metric("r2", None, None),
        optimum=PredictedOptimum({"beta": 0.5, "eta": 1.0}, 2400.0, measured=None), regret=Regret(None, None),
    )  # fmt: skip
    first = compared(metric=Metric("r2", 0.5, 0.25))
    rows = {label: (one, other) for label, one, other in result_rows([first, second])}
    assert rows["best setting"][1] == "none: no trial was completed"
    assert rows["best objective"] == ("3,000", "")
    assert rows["note's advice"] == ("3,300", "diverged")
    assert rows["its objective, measured"] == ("", "diverged")
    assert rows["held-out test loss"] == ("2,903.9", "")
    assert rows["held-out test score"] == ("r2 0.25", "")


def test_a_test_loss_is_never_read_as_a_number_of_epochs():
    study = compared(objective="epochs", best=BestTrial({"beta": 0.5, "eta": 0.2}, 101.0, 1))
    rows = {label: one for label, one, _ in result_rows([study, study])}
    assert rows["best objective"] == "not within 100 epochs"
    assert rows["held-out test loss"] == "2,903.9"


def test_only_settings_that_differ_are_shown():
    first = compared(settings={"seed": "0", "model.alpha": "0.0", "search.metric": "r2"})
    second = compared(settings={"seed": "1", "model.alpha": "0.0"})
    assert differences([first, second]) == [("search.metric", "r2", "unset"), ("seed", "0", "1")]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, None),
        ({"max_iter": 200}, None),
        ({"data": OTHER_DATA}, "other data"),
        ({"objective": "epochs"}, "other objective"),
        ({"seed": 1}, "other parts"),
        ({"data": DataDescription(**{**vars(DATA), "folds": 3})}, "other parts"),
    ],
)
def test_it_is_said_where_objectives_cannot_be_compared(changes, key):
    assert caveat([compared(), compared(**changes)]) == (None if key is None else COMPARISON["en"][key])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_has_both_planes_links_both_runs_and_loads_nothing(lang):
    first = compared(settings={"model.solver": "<b>"}, plane=b"one")
    second = compared("diabetes#2", settings={"model.solver": "adam"}, plane=b"two", data=OTHER_DATA)
    page = comparison_page([first, second], lang)
    for png in (b"one", b"two"):
        assert f'src="data:image/png;base64,{base64.b64encode(png).decode()}"' in page
    for study in (first, second):
        assert f'<a href="{study.page}">{study.name}</a>' in page
    assert page.count("src=") == 2
    assert "<script" not in page
    assert "&lt;b&gt;" in page
    assert COMPARISON[lang]["other data"] in page


def test_a_study_without_a_picture_or_a_difference_is_said_so():
    page = comparison_page([compared(plane=None), compared("diabetes#2")])
    assert COMPARISON["en"]["no plane"] in page
    assert COMPARISON["en"]["no differences"] in page
