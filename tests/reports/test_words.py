"""The two catalogues of words have the same tables, keys and placeholders."""

import re
from string import Formatter

import pytest

from study.figures.catalogue import STUDY_PLOTS
from study.reports.words import CATALOGUES, PLOTS, SHARED


def placeholders(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_both_languages_have_the_same_tables():
    assert list(CATALOGUES) == ["en", "zh"]
    assert list(CATALOGUES["en"]) == list(CATALOGUES["zh"])


@pytest.mark.parametrize("table", CATALOGUES["en"])
def test_both_languages_have_the_same_keys_and_placeholders(table):
    english, chinese = CATALOGUES["en"][table], CATALOGUES["zh"][table]
    assert list(english) == list(chinese)
    for key, text in english.items():
        assert placeholders(text) == placeholders(chinese[key]), key
        # Chinese joins sentences without a space.
        if not key.startswith("join"):
            assert text.strip(), key
            assert chinese[key].strip(), key


def test_a_page_names_its_language_as_browsers_expect_it():
    assert {lang: words["html lang"] for lang, words in SHARED.items()} == {"en": "en", "zh": "zh-CN"}


def test_every_plot_of_a_study_has_a_title_and_every_title_a_plot():
    assert [f"plots/{name}.png" for name in PLOTS["en"]] == [plot.path for plot in STUDY_PLOTS]


def test_chinese_has_its_own_punctuation():
    for table, words in CATALOGUES["zh"].items():
        for key, text in words.items():
            assert not re.search("[\u4e00-\u9fff][,:;(]|[,:;)][\u4e00-\u9fff]", text), f"{table}.{key}"
