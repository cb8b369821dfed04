"""What a study's report says, for each way in which a study can end."""

import re
from typing import get_args

import pytest

from study.config import Search
from study.reports.study_report import rows, sentences, study_note, study_page, weight_rows
from study.reports.words import LANGUAGES, PLOTS, STUDY
from study.summary import BestTrial, FeatureWeights, Metric, PredictedOptimum, Regret, TrialCounts
from study.trial import Setting
from tests.summaries import make_summary

NOTE = {"beta": 0.9, "eta": 0.1}


def test_the_rows_say_what_the_note_costs_and_what_the_optimum_is():
    assert dict(rows(make_summary())) == {
        "best setting": "β = 0.88, η = 0.0176 (trial 43)",
        "best cross-validated MSE (progression²) after 100 epochs": "3,000",
        "note's advice, β = 0.9, η = 0.1": "3,300",
        "what following the note costs": "300 more (10 %)",
        "exact optimum in the search box": "β = 0.93, η = 0.0133: 2,500",
        "the tuner's regret against it": "500 more (20 %)",
        "the note's regret against it": "800 more (32 %)",
        "held-out test loss": "2,903.9",
        "trials": "97 complete, 3 diverged",
    }


def test_the_sentences_say_what_to_do():
    said = " ".join(sentences(make_summary()))
    assert "costs 10 % more than the best setting found: a smaller β (0.88) and a smaller η (0.0176)" in said
    assert "The tuner ended 20 % above the exact optimum" in said
    assert "3 of 100 trials diverged: the largest curvature of the data is 8.45" in said
    assert "SGD(momentum=0.88, lr=0.002112)" in said


def with_batches(measured, best, tuner, note):
    """The summary of a study with mini-batches."""
    return make_summary(
        best=BestTrial({"beta": 0.88, "eta": 0.0176}, best, 43),
        optimum=PredictedOptimum({"beta": 0.93, "eta": 0.0133}, 2500.0, measured=measured),
        regret=Regret(tuner=tuner, note=note),
    )


def test_the_optimum_of_mini_batches_is_called_predicted_and_the_regrets_measured():
    summary = with_batches(measured=2600.0, best=3000.0, tuner=400.0, note=700.0)
    found = dict(rows(summary))
    assert (
        found["predicted optimum in the search box"] == "β = 0.93, η = 0.0133: 2,500 expected, 2,600 measured"
    )
    assert found["the tuner's regret against it, measured"] == "400 more (15.4 %)"
    assert found["the note's regret against it, measured"] == "700 more (26.9 %)"
    said = " ".join(sentences(summary))
    assert "exact" not in said + " ".join(found)
    assert "is predicted without a fit: 2,500 at β = 0.93, η = 0.0133." in said
    assert "measured 2,600; the tuner's best trial ended 15.4 % above that." in said
    assert "which bounds η, and the noise of the mini-batches bounds it further" in said


def test_a_trial_may_end_below_the_measured_optimum():
    summary = with_batches(measured=2600.0, best=2574.0, tuner=-26.0, note=700.0)
    assert dict(rows(summary))["the tuner's regret against it, measured"] == "26 less (1 %)"
    assert "the tuner's best trial ended 1 % below that." in " ".join(sentences(summary))


def test_a_predicted_optimum_that_diverged_when_it_was_fitted_has_no_regrets():
    summary = with_batches(measured=None, best=3000.0, tuner=None, note=None)
    found = dict(rows(summary))
    assert found["predicted optimum in the search box"].endswith(
        "2,500 expected, diverged when it was fitted"
    )
    assert not any("regret" in name for name in found)
    assert "A trial at that setting diverged." in sentences(summary)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (3029.0, "within 1 % of the best that 100 trials found: tuning is not worth its time here"),
        (9300.0, "costs 3.1 times as much, 210 % more"),
        (None, "The note's advice diverged on these data."),
    ],
)
def test_the_note_is_compared_with_the_best(note, said):
    assert said in " ".join(sentences(make_summary(note=Setting(NOTE, note))))


def test_a_penalty_that_was_searched_is_named_among_the_differences():
    best = BestTrial({**NOTE, "alpha": 0.5}, 3000.0, 43)
    summary = make_summary(best=best, note=Setting({**NOTE, "alpha": 0.01}, 3300.0))
    assert "than the best setting found: a larger α (0.5) serves better." in " ".join(sentences(summary))


@pytest.mark.parametrize("objective", get_args(Search.model_fields["objective"].annotation))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_objective_of_a_config_has_a_name_in_both_languages(objective, lang):
    assert STUDY[lang][f"objective {objective}"]


def test_a_note_that_diverged_has_no_number():
    found = dict(rows(make_summary(note=Setting(NOTE, None), regret=Regret(tuner=500.0, note=None))))
    assert found["note's advice, β = 0.9, η = 0.1"] == "diverged"
    assert found["what following the note costs"] == "it diverged"
    assert "the note's regret against it" not in found


def test_a_study_without_a_complete_trial_recommends_nothing():
    summary = make_summary(
        best=None,
        note=Setting(NOTE, None),
        optimum=None,
        test_loss=None,
        n_trials=TrialCounts(diverged=5),
        regret=Regret(tuner=None, note=None),
    )
    assert dict(rows(summary))["best setting"] == "none: no trial was completed"
    assert sentences(summary)[-1] == "No trial was completed, so there is nothing to recommend."


def test_a_target_that_no_trial_reached_is_not_compared():
    summary = make_summary(
        objective="epochs",
        best=BestTrial({"beta": 0.5, "eta": 1e-3}, 200.0, 1),
        note=Setting(NOTE, 200.0),
        optimum=Setting({"beta": 0.9, "eta": 1e-3}, 200.0),
        regret=Regret(tuner=0.0, note=0.0),
    )
    found = dict(rows(summary))
    assert found["note's advice, β = 0.9, η = 0.1"] == "not within 100 epochs"
    assert "what following the note costs" not in found
    assert "the tuner's regret against it" not in found
    assert "No setting came within 1 % of least squares in 100 epochs: raise max_iter." in sentences(summary)


def test_the_page_shows_the_plots_under_their_titles_in_their_order_and_escapes_what_it_shows():
    plots = [("plots/history.png", b"one"), ("plots/plane.png", b"two")]
    page = study_page(make_summary(solver="<b>"), plots, {1: "bbb", 0: "aaa"})
    assert page.index("The search, trial by trial") < page.index("b25l") < page.index("Every trial")
    assert page.index("Every trial") < page.index("dHdv")
    assert page.index("0: aaa") < page.index("1: bbb")
    assert "(solver <code>&lt;b&gt;</code>)" in page
    assert "https://" not in page


SUMMARIES = {
    "exact": {},
    "note diverged": {"note": Setting(NOTE, None), "regret": Regret(500.0, None)},
    "note is good": {"note": Setting(NOTE, 3029.0)},
    "note is much worse": {"note": Setting(NOTE, 9300.0)},
    "predicted": {"optimum": PredictedOptimum(NOTE, 2500.0, 2600.0)},
    "predicted, best below": {"optimum": PredictedOptimum(NOTE, 2500.0, 3600.0)},
    "predicted, diverged": {"optimum": PredictedOptimum(NOTE, 2500.0, None)},
    "predicted, no share": {"optimum": PredictedOptimum(NOTE, 2500.0, 0.0)},
    "epochs": {"objective": "epochs", "note": Setting(NOTE, 5000.0)},
    "every state": {"n_trials": TrialCounts(1, 2, 3, 4)},
    "nothing": {"best": None, "optimum": None, "test_loss": None, "note": Setting(NOTE, None)},
}


@pytest.mark.parametrize("case", SUMMARIES)
def test_the_chinese_report_has_the_rows_sentences_and_numbers_of_the_english_one(case):
    summary = make_summary(**SUMMARIES[case])
    english = [" ".join(row) for row in rows(summary, "en")] + sentences(summary, "en")
    chinese = [" ".join(row) for row in rows(summary, "zh")] + sentences(summary, "zh")
    assert len(english) == len(chinese)
    for said, told in zip(english, chinese, strict=True):
        assert numbers(said) == numbers(told)
        assert re.search("[\u4e00-\u9fff]", told)
        assert not set(words(told)) & UNTRANSLATED
        assert "{" not in told


def test_the_chinese_page_says_its_language_and_that_its_plots_are_in_english():
    page = study_page(make_summary(), [("plots/plane.png", b"")], {}, lang="zh")
    assert page.startswith('<!doctype html>\n<html lang="zh-CN">')
    assert "图中文字与数据的说明为英文" in page
    assert PLOTS["zh"]["plane"] in page
    assert "Every trial" not in page


def numbers(text):
    """The numbers of a text, in the order of their size."""
    return sorted(re.findall(r"\d[\d,.]*\d|\d", text))


def words(text):
    return re.findall("[a-z]+", text.lower())


UNTRANSLATED = {"the", "best", "note", "trial", "trials", "diverged", "optimum", "setting", "more", "less"}


def test_the_note_on_the_run_is_the_answer_and_a_table_of_five_lines():
    summary = make_summary()
    answer, table = study_note(summary).split("\n\n")
    assert answer == sentences(summary)[1]
    head, rule, *lines = table.splitlines()
    assert head.startswith("| diabetes | ")
    assert rule == "|---|---|"
    first = ["best setting", "note's advice, β = 0.9, η = 0.1", "exact optimum in the search box"]
    assert [line.split(" | ")[0] for line in lines] == [
        f"| {name}" for name in [*first, "held-out test loss", "trials"]
    ]
    assert dict(rows(summary))["best setting"] in lines[0]


def weights_of(names, targets=("price",)):
    values = [[10.0 * (-1) ** j / (j + 1) + k for j in range(len(names))] for k in range(len(targets))]
    starts = [5.0 + k for k in range(len(targets))]
    halves = [[v / 2 for v in target] for target in values]
    if len(targets) == 1:
        values, halves, starts = values[0], halves[0], starts[0]
    return FeatureWeights([*names], [*targets], values, starts, halves, starts)


def test_the_weights_are_shown_by_feature_the_largest_first_with_the_intercept_before_them():
    found = weight_rows(weights_of(["a", "b", "c"]))
    assert found == [
        ("intercept", ["5", "5"]), ("a", ["10", "5"]), ("b", ["-5", "-2.5"]), ("c", ["3.333", "1.667"]),
    ]  # fmt: skip
    assert weight_rows(None) == []
    several = weight_rows(weights_of(["a"], ["p", "q"]))
    assert several == [("intercept", ["5", "5", "6", "6"]), ("a", ["10", "5", "11", "5.5"])]


def test_the_page_escapes_names_of_features_and_says_how_many_weights_it_leaves_out():
    names = [f"<b>{i}</b>" for i in range(40)]
    page = study_page(make_summary(weights=weights_of(names)), [], {})
    assert "&lt;b&gt;0&lt;/b&gt;" in page
    assert "<b>0" not in page
    assert "Shown are the 30 largest of 40;" in page
    assert page.count("&lt;b&gt;") == 30
    few = study_page(make_summary(weights=weights_of(names[:3])), [], {}, lang="zh")
    assert "Shown are" not in few
    assert "截距" in few
    assert "<h2>Weights</h2>" not in study_page(make_summary(), [], {})


@pytest.mark.parametrize(("test", "shown"), [(0.4321, "0.4321"), (None, "undefined")])
def test_a_metric_is_shown_of_the_folds_and_of_the_test_part(test, shown):
    found = dict(rows(make_summary(metric=Metric("r2", 0.5, test))))
    assert found["r2 of the best setting, cross-validated"] == "0.5"
    assert found["r2, held-out test"] == shown
