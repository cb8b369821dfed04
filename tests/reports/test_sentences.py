"""The sentences that are made from a claim's numbers."""

import pytest

from study.reports.sentences import change, effect, why
from study.reports.words import LANGUAGES
from tests.guidance import fakes
from tests.test_verdict import make_record


def test_every_verdict_and_rule_has_its_sentences():
    records = fakes.records()
    assert {"effect", "share", "regret"} <= {record.rule for record in records}
    for record in records:
        for lang in LANGUAGES:
            for text in (why(record, lang), change(record, lang)):
                assert "{" not in text
                assert "None" not in text


@pytest.mark.parametrize(
    ("lang", "unit", "text"),
    [
        ("en", True, "−5 points"),
        ("en", False, "−5"),
        ("zh", True, "−5 个百分点"),
        ("zh", False, "−5"),
    ],
)
def test_a_difference_of_shares_has_its_unit_in_both_languages(lang, unit, text):
    assert effect(make_record(kind="share"), -0.05, lang, unit=unit) == text


@pytest.mark.parametrize(("lang", "text"), [("en", "not measured"), ("zh", "未测得")])
def test_what_was_not_measured_is_said(lang, text):
    assert effect(make_record(), None, lang) == text


def test_a_sentence_names_the_constants_that_decided_the_verdict():
    record = make_record()
    assert why(record, "en").endswith("each at 97.5 %.")
    few = make_record(verdict="inconclusive", reason="too few problems", n=4)
    assert why(few, "en") == "4 problems were measured; a verdict asks for 10."
    split = make_record(verdict="inconclusive", reason="too few problems agree")
    assert "only 9 of 12 problems agree; 80 % are asked for." in why(split, "en")
    assert "Fewer than 10 of 12 problems in agreement" in change(split, "en")
