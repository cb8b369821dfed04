"""The ledger: what it records, what it does when work fails, and that a seed fixes what it says."""

import json
import math
import shutil

import pytest

from study.guidance import children as record
from study.guidance import ledger, verdicts
from study.guidance.claim import Curve, Measurement, Unit
from study.guidance.claims import find
from study.reports import words
from study.tracking.guidance_store import LedgerStore
from tests.guidance import fakes

BY_ID = find()
CLAIMS = tuple(BY_ID.values())

QUICK = ledger.make_budget("quick", 0)
SOME = ["converges-faster", "smooths-oscillation", "beta-near-0.9", "l2-helps"]


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """An empty database, whose schema takes seconds to make."""
    path = tmp_path_factory.mktemp("blank") / "mlflow.db"
    LedgerStore(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(blank, tmp_path):
    shutil.copy(blank, tmp_path)
    return LedgerStore(f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture(autouse=True)
def few_children(monkeypatch, request):
    """A run a claim, or two: each takes a while, and more of them show nothing more."""
    if "all_children" not in request.fixturenames:
        monkeypatch.setattr(record, "MOST_CHILDREN", 8)


@pytest.fixture
def all_children():
    """As many as a ledger has."""


def run(store, ids=SOME, *, budget=QUICK, measure=fakes.measure, workers=1, **settings):
    return ledger.run(ids, budget, store, workers=workers, measure=measure, **settings)


def parents(store):
    found = store.client.search_experiments(filter_string="name = 'guidance'")
    return store.client.search_runs([found[0].experiment_id], "tags.`study.kind` = 'guidance'")


def without_runs(entries):
    return [{key: value for key, value in entry.items() if key != "run_ids"} for entry in entries]


# ---- the claims -------------------------------------------------------------------------------------


def test_there_are_eighteen_claims_each_with_an_experiment():
    assert len(BY_ID) == 18


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_says_all_it_must_in_both_languages(claim):
    texts = [claim.claim, claim.short, claim.protocol, *claim.arms, *claim.shown]
    assert all(text.en.strip() and text.zh.strip() for text in texts)
    assert claim.delta == {"share": 0.1}.get(claim.rule, verdicts.DELTAS[claim.kind])


@pytest.mark.parametrize(
    ("claim", "value", "group"),
    [
        ("converges-faster", 37.9, "κ ≤ 38"),
        ("converges-faster", 38.1, "κ > 38"),
        ("beta-near-0.9", 1442, "κ in 600 to 3500"),
        ("beta-near-0.9", 4000, "κ outside 600 to 3500"),
        ("beta-near-0.9", 30, "κ outside 600 to 3500"),
        ("smooths-oscillation", 1.0, "ηL ≤ 1"),
        ("escapes-local-minima", 0.0, "σ = 0"),
        ("escapes-local-minima", 1.0, "σ > 0"),
        ("l2-helps", 5, "n/d ≥ 5"),
        ("l2-helps", 4.99, "n/d < 5"),
        ("schedules-help", "mini-batch", "mini-batch"),
    ],
)
def test_sides(claim, value, group):
    assert BY_ID[claim].separator.side(value) == group


def test_a_word_that_is_no_group_is_refused():
    with pytest.raises(ValueError, match="'half batch' is not one of"):
        BY_ID["schedules-help"].separator.side("half batch")


def test_the_separator_decides_the_group_and_the_experiment_must_agree():
    claim = BY_ID["converges-faster"]
    units = [Unit("a", 0, 0.1, 10.0, "low"), Unit("b", 0, 0.1, 100.0, "high")]
    assert [unit.group for unit in ledger.sided(claim, units)] == ["κ ≤ 38", "κ > 38"]
    with pytest.raises(ValueError, match="'low' holds units of 'κ ≤ 38'"):
        ledger.sided(claim, [*units, Unit("c", 0, 0.1, 1000.0, "low")])
    with pytest.raises(ValueError, match="lacks its condition number"):
        ledger.sided(claim, [Unit("a", 0, 0.1)])


def test_groups_are_dropped_where_no_separator_was_named():
    assert ledger.sided(BY_ID["flat-regions"], [Unit("a", 0, 0.1, 3.0, "x")])[0].group is None


# ---- a whole ledger ---------------------------------------------------------------------------------


def test_the_record(store):
    lines = []
    outcome = run(store, progress=lines.append)
    (parent,) = parents(store)
    assert parent.info.status == "FINISHED"
    assert parent.info.run_id == outcome.run_id
    assert parent.data.params["budget"] == "quick"
    assert parent.data.params["seeds"] == "3"
    files = {file.path for file in store.client.list_artifacts(outcome.run_id)}
    assert {"guidance.json", "report.html", "report.md", "plots", "units"} <= files
    saved = json.loads(store.read_text(outcome.run_id, "guidance.json"))
    assert saved == outcome.entries
    assert [entry["id"] for entry in saved] == SOME
    for entry in saved:
        named = ["id", "claim", "quote", "verdict", "effect", "ci_low", "ci_high", "n", "protocol", "run_ids"]
        assert set(named) <= entry.keys()
        for key in ("effect", "ci_low", "ci_high"):
            assert parent.data.metrics[f"{key}/{entry['id']}"] == pytest.approx(entry[key])
        assert store.read_text(outcome.run_id, "report.md").count(f"plots/{entry['id']}.png") == 1
    assert len(lines) == len(SOME)
    assert all(any(claim in line for line in lines) for claim in SOME)


def test_run_ids_resolve_to_arms_with_a_curve_and_raw_values(store, all_children):
    outcome = run(store, ["l2-helps"])
    (entry,) = outcome.entries
    assert len(entry["run_ids"]) == len(set(entry["run_ids"])) == 25
    assert entry["run_ids"][0] == outcome.run_id
    assert len(entry["recorded"]) == len(set(entry["recorded"])) == 12
    for run_id in entry["run_ids"][1:4]:
        child = store.client.get_run(run_id)
        assert child.info.status == "FINISHED"
        assert child.data.tags["mlflow.parentRunId"] == outcome.run_id
        assert child.data.tags["study.claim"] == "l2-helps"
        curve = store.client.get_metric_history(run_id, "curve")
        assert len(curve) == 100
        assert (curve[0].step, curve[-1].step) == (1, 150)
        raw = json.loads(store.read_text(run_id, "units.json"))
        assert raw["problem"] == child.data.tags["study.problem"]
        assert [unit["seed"] for unit in raw["units"]] == [0, 1, 2]


def test_a_verdict_can_be_computed_again_from_the_record(store):
    outcome = run(store)
    for entry in outcome.entries:
        raw = json.loads(store.read_text(outcome.run_id, f"units/{entry['id']}.json"))
        separator = entry["separator"]["groups"] if entry["separator"] else ()
        again = verdicts.grade([Unit(**unit) for unit in raw], entry["rule"], entry["delta"], separator)
        assert (again.verdict, again.effect) == (entry["verdict"], entry["effect"])


def test_the_same_seed_gives_the_same_ledger_but_for_run_ids(store):
    first, again, other = (
        run(store, SOME[:2], budget=ledger.make_budget("quick", seed)) for seed in (0, 0, 1)
    )
    assert without_runs(first.entries) == without_runs(again.entries)
    assert first.entries[0]["run_ids"] != again.entries[0]["run_ids"]
    assert without_runs(first.entries) != without_runs(other.entries)


def test_workers_find_what_one_process_finds(store):
    assert without_runs(run(store, SOME[:2], workers=2).entries) == without_runs(run(store, SOME[:2]).entries)


def test_practical_rules_are_measured_beside_the_claims(store):
    outcome = run(
        store, ["l2-helps"], practical=lambda budget: {"tpe": {"median": 31, "p90": 80, "censored": 0}}
    )
    assert json.loads(store.read_text(outcome.run_id, "practical.json"))["tpe"]["median"] == 31
    assert "tpe" in outcome.report


# ---- when work fails --------------------------------------------------------------------------------


def test_an_experiment_that_dies_costs_its_own_claim_only(store):
    outcome = run(store, measure=fakes.failing)
    (parent,) = parents(store)
    assert parent.info.status == "FAILED"
    assert outcome.failed == ["l2-helps"]
    lost = outcome.entries[-1]
    assert (lost["verdict"], lost["effect"], lost["run_ids"]) == ("inconclusive", None, [])
    assert lost["error"].startswith("ZeroDivisionError: no α was left (fakes.py, line ")
    assert [entry["error"] for entry in outcome.entries[:-1]] == [None] * 3
    assert "no α was left" in store.read_text(outcome.run_id, "report.html")
    assert "not measured" in ledger.table(outcome.entries)


def test_a_measurement_that_cannot_be_graded_is_named(store):
    def broken(claim_id, budget):
        return Measurement([Unit("iris", 0, math.nan)])

    (entry,) = run(store, ["flat-regions"], measure=broken).entries
    assert entry["error"] == "iris, seed 0: the effect is not a number"


def test_an_interrupt_leaves_no_run_open(store):
    with pytest.raises(KeyboardInterrupt):
        run(store, measure=fakes.interrupted)
    (parent,) = parents(store)
    assert parent.info.status == "KILLED"


def test_a_killed_worker_leaves_a_whole_ledger(store):
    outcome = run(store, measure=fakes.killed, workers=2)
    assert "l2-helps" in outcome.failed
    assert {e["error"] for e in outcome.entries if e["error"]} == {"a worker process was killed"}
    assert parents(store)[0].info.status == "FAILED"


def test_what_a_person_did_wrong_is_named():
    with pytest.raises(ledger.LedgerError, match="no claim is called 'l3-helps'"):
        ledger.select(["l3-helps"])
    with pytest.raises(ledger.LedgerError, match="--budget slow: it is one of quick, full"):
        ledger.make_budget("slow", 0)
    assert ledger.make_budget("full", 0).n_seeds >= 10


# ---- children ---------------------------------------------------------------------------------------


def many(problems, arms):
    units = [Unit(f"p{p}", s, 0.1, arms=dict.fromkeys(arms, 1.0)) for p in range(problems) for s in range(3)]
    curves = [Curve(f"p{p}", arm, range(300), range(300)) for p in range(problems) for arm in arms]
    return Measurement(units, curves)


def test_children_are_at_most_their_share_and_spread_over_the_problems(all_children):
    found = record.children(BY_ID["flat-regions"], many(50, ["a", "b"]), 33)
    problems = list(dict.fromkeys(child.tags["study.problem"] for child in found))
    assert len(found) == 32
    assert (problems[0], problems[-1]) == ("p0", "p49")
    assert all(len(child.x) == 100 and child.x[-1] == 299 for child in found)
    assert 18 * (record.MOST_CHILDREN // 18) <= 600


def test_what_a_claim_does_not_need_goes_to_the_others():
    needs = [3] * 6 + [200] * 12
    shares = record.shares(needs, 600)
    assert shares[:6] == [3] * 6
    assert sum(shares) in range(588, 601)
    assert record.shares([5, 0, 7], 600) == [5, 0, 7]


def test_a_large_claim_takes_the_slots_that_small_ones_leave(store):
    sizes = {"sparse-gradients": 1, "flat-regions": 12}
    outcome = run(
        store, ["sparse-gradients", "flat-regions"], measure=lambda name, budget: many(sizes[name], "a")
    )
    runs = {entry["id"]: entry["run_ids"] for entry in outcome.entries}
    # 8 in all, as the tests have it: one and the other seven.
    assert {name: len(ids) for name, ids in runs.items()} == {
        "sparse-gradients": 1 + 1,
        "flat-regions": 1 + 7,
    }
    assert len({*runs["sparse-gradients"], *runs["flat-regions"]}) == 9
    assert {ids[0] for ids in runs.values()} == {outcome.run_id}
    flat = next(entry for entry in outcome.entries if entry["id"] == "flat-regions")
    assert len(flat["recorded"]) == 7
    assert "7 of 12 problems have curve runs of their own" in outcome.report


def test_arms_without_a_curve_get_a_run_where_their_problem_has_none():
    measured = Measurement(many(3, ["a", "b"]).units)
    assert len(record.children(BY_ID["flat-regions"], measured, 33)) == 6


def test_a_curve_whose_x_is_not_whole_keeps_it(store):
    curve = Curve("p0", "a", [0.1, 0.2], [1.0, math.inf])
    measured = Measurement(many(12, ["a"]).units, [curve])
    (entry,) = run(store, ["flat-regions"], measure=lambda claim_id, budget: measured).entries
    run_id = entry["run_ids"][1]
    assert [m.value for m in store.client.get_metric_history(run_id, "x")] == [0.1, 0.2]
    assert [m.value for m in store.client.get_metric_history(run_id, "curve")] == [1.0]


# ---- words ------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_strings():
    for table in (words.STRINGS, words.SENTENCES):
        assert table["en"].keys() == table["zh"].keys()


def test_a_table_for_the_terminal(store):
    lines = ledger.table(run(store).entries).splitlines()
    assert len(lines) == len(SOME)
    assert all(line.startswith(claim) for line, claim in zip(lines, SOME, strict=True))
