"""The guidance's report: complete, in both languages, and safe whatever the data hold."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest

from study.guidance import grading, ledger
from study.guidance.claims import find
from study.reports import guidance_report, sentences
from study.reports.words import GUIDANCE, LANGUAGES
from study.verdict import VERDICTS
from tests.guidance import fakes

CLAIMS = find()
BUDGET = ledger.make_budget("quick", 0)
PNG = b"\x89PNG\r\n\x1a\n"

TRIALS = {
    "problem": "wine",
    "sampler": "tpe",
    "studies": 20,
    "most_trials": 200,
    "median": 31,
    "p90": 80,
    "censored": 0,
}
FIRST_TRIAL = {
    "problem": "wine",
    "kappa": 48.9,
    "star": None,
    "below": 1.027,
    "in_time": 1.028,
    "note": 1.031,
}


def html(records, pngs=None, search_cost=None, **settings):
    return guidance_report.html(records, pngs or {}, ledger.background(search_cost), **settings)


def markdown(records, search_cost=None, **settings):
    return guidance_report.markdown(records, ledger.background(search_cost), **settings)


@pytest.fixture(scope="module")
def records():
    return fakes.records()


def pngs(records):
    return {f"plots/{record.id}.png": PNG for record in records}


class Tags(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_claim_has_a_row_a_section_a_picture_and_what_would_change_it(records, lang):
    text = html(records, pngs(records), lang=lang)
    plain = "".join(Tags(text).words).replace("\xa0", " ")
    for record in records:
        assert text.count(f'<section id="{record.id}">') == 1
        change, protocol = record.change.in_language(lang), record.protocol.in_language(lang)
        for part in (record.quote, record.claim.en, protocol, change):
            assert part in plain
    assert text.count("<img") == len(CLAIMS)


def test_the_page_needs_no_network_and_runs_no_script(records):
    found = Tags(html(records, pngs(records)))
    assert not {tag for tag, _ in found.tags} & {"script", "link", "iframe", "object"}
    for _, attributes in found.tags:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")


def test_anchors_lead_somewhere(records):
    found = Tags(html(records))
    ids = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    assert {a["href"][1:] for tag, a in found.tags if tag == "a"} <= ids


def test_data_is_escaped_in_html():
    found = Tags(html(fakes.records(fakes.hostile)))
    assert "script" not in {tag for tag, _ in found.tags}
    assert fakes.HOSTILE in "".join(found.words).replace("\xa0", " ")


def test_data_is_escaped_in_markdown():
    text = markdown(fakes.records(fakes.hostile))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "](b)" not in text.replace("\\](b)", "")
    rows = [line for line in text.splitlines() if "script" in line]
    # The bars inside the data do not open another column.
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows if row.startswith("|"))


def test_the_first_screen_follows_the_verdicts(records):
    lists = guidance_report.what_to_do(records, "en")
    told = [(heading, item["id"]) for heading, _, _, items in lists for item in items]
    assert sorted(claim for _, claim in told) == sorted(CLAIMS)
    for heading, claim in told:
        record = next(record for record in records if record.id == claim)
        key = "not settled" if record.verdict == "inconclusive" else f"{record.role} {record.verdict}"
        assert heading == GUIDANCE["en"][key]


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_to_set_depends_on_the_verdict_on_beta(records, lang, verdict):
    changed = [
        replace(record, verdict=verdict) if record.id == "beta-near-0.9" else record for record in records
    ]
    first, *theory = guidance_report.settings(changed, ledger.background(), lang)
    assert first.startswith(GUIDANCE[lang][f"beta {verdict}"].split("{")[0])
    # Without that claim there is only what the theory says.
    others = [record for record in records if record.id != "beta-near-0.9"]
    assert guidance_report.settings(others, ledger.background(), lang) == theory
    assert theory[0].startswith(GUIDANCE[lang]["start"].split("{")[0])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_claim_that_was_not_measured_still_has_its_place(lang):
    graded, _ = grading.grade_claim(CLAIMS["l2-helps"], BUDGET, None, "ValueError: <b>no</b>")
    lost = grading.make_record(graded)
    text = html([lost], lang=lang)
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    assert GUIDANCE[lang]["not measured"] in text
    assert "no</b>" not in markdown([lost], lang=lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_search_costs_is_shown_if_it_was_measured(records, lang):
    censored = {"sampler": "random", "median": 120, "p90": None, "censored": 4}
    cost = {"trials": [TRIALS, TRIALS | censored], "first_trial": []}
    text = unescape(html(records, search_cost=cost, lang=lang)).replace("\xa0", " ")
    assert GUIDANCE[lang]["trials"].format(margin="5 %") in text
    assert GUIDANCE[lang]["more than"].format(n=200) in text
    assert "4 / 20" in text
    assert GUIDANCE[lang]["sampler"] not in html(records, lang=lang)
    assert "4 / 20" in markdown(records, cost, lang=lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_first_trials_are_shown_and_a_divergence_is_named(records, lang):
    cost = {"trials": [TRIALS], "first_trial": [FIRST_TRIAL]}
    for text in (html(records, search_cost=cost, lang=lang), markdown(records, cost, lang=lang)):
        assert "×1.027" in text
        assert GUIDANCE[lang]["diverges"] in text
        assert "tpe" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_graded_line_names_the_rule_and_delta(records, lang):
    text = unescape(html(records, lang=lang)).replace("\xa0", " ")
    for record in records:
        section = text.split(f'<section id="{record.id}">')[1].split("</section>")[0]
        graded = re.search(rf"<b>{GUIDANCE[lang]['graded']}:</b> (.*)\.", section)[1]
        assert GUIDANCE[lang][f"by {record.rule}"] in graded
        assert graded.endswith(f"δ = {sentences.effect(record, record.delta, lang)}")


def test_the_chinese_page_names_its_groups_in_chinese(records):
    text = unescape(html(records, lang="zh"))
    assert "全批量、小批量" in text
    assert "图中文字为英文。" in text


def test_links_lead_to_curves_and_runs(records):
    linked = [replace(record, run_ids=("abc",)) for record in records]
    links = {"run": "http://ui/#/experiments/1/runs/parent"} | {
        record.id: f"http://ui/#{record.id}" for record in records
    }
    text = html(linked, links=links)
    assert 'href="http://ui/#/experiments/1/runs/abc"' in text
    assert 'href="http://ui/#l2-helps"' in text
    note = guidance_report.note(linked, {record.id: f"#/{record.id}" for record in records})
    assert "(#/l2-helps) |" in note
