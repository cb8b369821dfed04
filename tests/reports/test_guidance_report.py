"""The ledger's report: all there, in both languages, and nothing in it that data could break."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from study.guidance import ledger
from study.guidance.claims import find
from study.guidance.lab import starts as rules
from study.reports import guidance_report as page
from study.reports import words
from tests.guidance import fakes

BY_ID = find()
CLAIMS = tuple(BY_ID.values())

PNG = b"\x89PNG\r\n\x1a\n"
LANGUAGES = ("en", "zh")


def made(measure=fakes.measure, ids=None):
    budget = ledger.make_budget("quick", 0)
    found = [ledger._graded(BY_ID[claim], budget, measure(claim, budget), None)[0] for claim in ids or BY_ID]
    # What guidance.json gives back, and nothing else.
    return json.loads(json.dumps(found))


@pytest.fixture(scope="module")
def entries():
    return made()


def pngs(entries):
    return {f"plots/{entry['id']}.png": PNG for entry in entries}


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
def test_every_claim_has_a_row_a_section_a_picture_and_what_would_change_it(entries, lang):
    text = page.html(entries, pngs(entries), lang=lang)
    plain = "".join(Tags(text).words).replace("\xa0", " ")
    suffix = "" if lang == "en" else "_zh"
    for entry in entries:
        assert text.count(f'<section id="{entry["id"]}">') == 1
        for part in (entry["quote"], entry["claim"], entry[f"protocol{suffix}"], entry[f"change{suffix}"]):
            assert part in plain
    assert text.count("<img") == len(CLAIMS)


def test_the_page_needs_no_network_and_runs_no_script(entries):
    found = Tags(page.html(entries, pngs(entries)))
    assert not {tag for tag, _ in found.tags} & {"script", "link", "iframe", "object"}
    for _, attributes in found.tags:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")


def test_anchors_lead_somewhere(entries):
    found = Tags(page.html(entries, {}))
    ids = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    assert {a["href"][1:] for tag, a in found.tags if tag == "a"} <= ids


def test_data_is_escaped_in_html():
    found = Tags(page.html(made(fakes.hostile), {}))
    assert "script" not in {tag for tag, _ in found.tags}
    assert fakes.HOSTILE in "".join(found.words).replace("\xa0", " ")


def test_data_is_escaped_in_markdown():
    text = page.markdown(made(fakes.hostile))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "](b)" not in text.replace("\\](b)", "")
    rows = [line for line in text.splitlines() if "script" in line]
    # The bars inside the data do not open another column.
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows if row.startswith("|"))


def test_the_first_screen_follows_the_verdicts(entries):
    told = [(heading, item["id"]) for heading, _, _, items in page._lists(entries, "en") for item in items]
    assert sorted(claim for _, claim in told) == sorted(BY_ID)
    for heading, claim in told:
        entry = next(e for e in entries if e["id"] == claim)
        role = "remedy" if entry["verdict"] == "inconclusive" else entry["role"]
        assert heading == words.STRINGS["en"][f"{role} {entry['verdict']}"]


@pytest.mark.parametrize("verdict", words.VERDICTS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_to_set_depends_on_the_verdict_on_beta(entries, lang, verdict):
    changed = [
        {**entry, "verdict": verdict} if entry["id"] == page.BETA_CLAIM else entry for entry in entries
    ]
    first = page._settings(changed, lang)[0]
    assert first.split("{")[0][:6] == words.STRINGS[lang][f"beta {verdict}"].split("{")[0][:6]
    # Without that claim there is only what the theory says.
    others = [entry for entry in entries if entry["id"] != page.BETA_CLAIM]
    assert page._settings(others, lang)[0] == words.STRINGS[lang]["start"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_claim_that_was_not_measured_still_has_its_place(lang):
    budget = ledger.make_budget("quick", 0)
    lost = ledger._graded(BY_ID["l2-helps"], budget, None, "ValueError: <b>no</b>")[0]
    text = page.html([lost], {}, lang=lang)
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    assert words.STRINGS[lang]["not measured"] in text
    assert "no</b>" not in page.markdown([lost], lang=lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_search_costs_is_shown_if_it_was_measured(entries, lang):
    practical = {
        "tpe": {"median": 31, "p90": 80, "censored": 0, "studies": 20},
        "random": {"median": 120, "p90": None, "censored": 4, "studies": 20, "most_trials": 200},
    }
    text = unescape(page.html(entries, {}, lang=lang, practical=practical)).replace("\xa0", " ")
    assert words.STRINGS[lang]["trials"] in text
    assert words.STRINGS[lang]["more than"].format(n=200) in text
    assert "4 / 20" in text
    assert words.STRINGS[lang]["sampler"] not in page.html(entries, {}, lang=lang)
    assert "4 / 20" in page.markdown(entries, lang=lang, practical=practical)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_first_trials_are_shown_and_a_divergence_is_named(entries, lang):
    first = {"problem": "wine", "kappa": 48.9, "star": None, "below": 1.027, "in_time": 1.028, "note": 1.031}
    practical = {
        "trials": [{"sampler": "tpe", "median": 31, "p90": 80, "censored": 0}],
        "first_trial": [first],
    }
    for text in (
        page.html(entries, {}, lang=lang, practical=practical),
        page.markdown(entries, lang=lang, practical=practical),
    ):
        assert "×1.027" in text
        assert words.STRINGS[lang]["diverges"] in text
        assert "tpe" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_graded_line_names_the_rule_and_delta(entries, lang):
    for entry in entries:
        graded = page._section(entry, lang, None)["graded"]
        assert words.STRINGS[lang][f"by {entry['rule']}"] in graded
        assert graded.endswith(f"δ = {words.effect(entry['delta'], entry['rule'], entry['kind'], lang)}")


def test_the_chinese_page_names_its_groups_in_chinese(entries):
    text = unescape(page.html(entries, {}, lang="zh"))
    assert "全批量, 小批量" in text
    assert words.STRINGS["zh"]["pictures"] in text


def test_links_lead_to_curves_and_runs(entries):
    linked = [{**entry, "run_ids": ["abc"]} for entry in entries]
    links = {"run": "http://ui/#/experiments/1/runs/parent"} | {
        e["id"]: f"http://ui/#{e['id']}" for e in entries
    }
    text = page.html(linked, {}, links=links)
    assert 'href="http://ui/#/experiments/1/runs/abc"' in text
    assert 'href="http://ui/#l2-helps"' in text
    note = page.note(linked, {e["id"]: f"#/{e['id']}" for e in entries})
    assert "(#/l2-helps) |" in note


def test_every_verdict_and_rule_has_its_sentences(entries):
    said = {(entry["rule"], entry["verdict"]) for entry in entries}
    assert {"effect", "share", "regret"} <= {rule for rule, _ in said}
    for entry in entries:
        for lang in LANGUAGES:
            assert "{" not in words.why(entry, lang) + words.change(entry, lang)
            assert "None" not in words.why(entry, lang) + words.change(entry, lang)


def test_the_table_of_starts_is_the_theory_s():
    for row in rules.starts():
        root = row["kappa"] ** 0.5
        assert row["beta"] == pytest.approx(((root - 1) / (root + 1)) ** 2)
        assert row["eta"] == pytest.approx(root)
        assert row["lr"] == pytest.approx(root * (1 - row["beta"]))


@pytest.mark.parametrize("kappa", [3.0, 100.0, 1442.0])
@pytest.mark.parametrize("target", rules.TARGETS)
def test_epochs_of_the_table_are_the_descent_s(kappa, target):
    root = kappa**0.5
    beta, eta = ((root - 1) / (root + 1)) ** 2, root
    w, v, left = [1.0, 1.0], [0.0, 0.0], []
    lam = [1.0, 1 / kappa]
    # v₀ = 0 is e₋₁ = e₀, as the closed form has it.
    for _ in range(3000):
        v = [beta * a + (1 - beta) * c * b for a, b, c in zip(v, w, lam, strict=True)]
        w = [b - eta * a for a, b in zip(v, w, strict=True)]
        left.append((w[0] ** 2 + w[1] ** 2) / 2)
    last = max(epoch for epoch, excess in enumerate(left, start=1) if excess > target)
    assert rules.arrival(beta, kappa, target) == last + 1
