"""The ledger: what it records, what it does when work fails, and that a seed fixes what it says."""

import json
import math
import sys

import pytest

from study.errors import LedgerError
from study.guidance import children, claims, ledger, verdicts
from study.guidance.claim import Curve, Measurement, Unit
from study.reports.words import LANGUAGES
from study.tracking.guidance_store import GuidanceStore
from tests.guidance import fakes

QUICK = ledger.make_budget("quick", 0)
SOME = ["converges-faster", "smooths-oscillation", "beta-near-0.9", "l2-helps"]


@pytest.fixture
def store(stores):
    return GuidanceStore(f"sqlite:///{stores}/mlruns/mlflow.db")


@pytest.fixture(autouse=True)
def few_runs(monkeypatch, request):
    """One or two runs of arms for each claim: a run takes a while, and more of them show nothing more."""
    if "all_runs" not in request.fixturenames:
        monkeypatch.setattr(children, "MOST_RUNS", 8)


@pytest.fixture
def all_runs():
    """As many runs of arms as a ledger has."""


def run(store, ids=SOME, *, budget=QUICK, measure=fakes.measure, workers=1, **settings):
    return ledger.run(ids, budget, store, workers=workers, measure=measure, **settings)


def parents(store):
    found = store.client.search_experiments(filter_string="name = 'guidance'")
    return store.client.search_runs([found[0].experiment_id], "tags.`study.kind` = 'guidance'")


def saved(store, outcome):
    """What `guidance.json` holds."""
    return json.loads(store.read_files(outcome.run_id)["guidance.json"])


def without_runs(outcome):
    rows = [record.to_json() for record in outcome.records]
    return [{key: value for key, value in row.items() if key != "run_ids"} for row in rows]


# ---- a whole ledger ---------------------------------------------------------------------------------


def test_a_ledger_is_one_parent_run_with_a_file_and_metrics_for_every_claim(store):
    lines = []
    outcome = run(store, progress=lines.append)
    (parent,) = parents(store)
    assert parent.info.status == "FINISHED"
    assert parent.info.run_id == outcome.run_id
    assert parent.data.params["budget"] == "quick"
    assert parent.data.params["seeds"] == "3"
    files = {file.path for file in store.client.list_artifacts(outcome.run_id)}
    assert {"guidance.json", "report.html", "report.md", "plots", "units"} <= files
    markdown = store.read_files(outcome.run_id)["report.md"].decode()
    entries = saved(store, outcome)
    assert entries == [record.to_json() for record in outcome.records]
    assert [entry["id"] for entry in entries] == SOME
    for entry in entries:
        named = ["id", "claim", "quote", "verdict", "effect", "ci_low", "ci_high", "n", "protocol", "run_ids"]
        assert set(named) <= entry.keys()
        for key in ("effect", "ci_low", "ci_high"):
            assert parent.data.metrics[f"{key}/{entry['id']}"] == pytest.approx(entry[key])
        assert markdown.count(f"plots/{entry['id']}.png") == 1
    assert len(lines) == len(SOME)
    assert all(any(claim in line for line in lines) for claim in SOME)


def test_run_ids_resolve_to_arms_with_a_curve_and_raw_values(store, all_runs):
    outcome = run(store, ["l2-helps"])
    (record,) = outcome.records
    assert len(record.run_ids) == len(set(record.run_ids)) == 25
    assert record.run_ids[0] == outcome.run_id
    assert len(record.recorded) == len(set(record.recorded)) == 12
    for run_id in record.run_ids[1:4]:
        child = store.client.get_run(run_id)
        assert child.info.status == "FINISHED"
        assert child.data.tags["mlflow.parentRunId"] == outcome.run_id
        assert child.data.tags["study.claim"] == "l2-helps"
        curve = store.client.get_metric_history(run_id, "curve")
        assert len(curve) == 100
        assert (curve[0].step, curve[-1].step) == (1, 150)
        raw = json.loads(store.read_files(run_id)["units.json"])
        assert raw["problem"] == child.data.tags["study.problem"]
        assert [unit["seed"] for unit in raw["units"]] == [0, 1, 2]


def test_a_verdict_can_be_computed_again_from_the_record(store):
    outcome = run(store)
    files = store.read_files(outcome.run_id)
    for entry in saved(store, outcome):
        raw = json.loads(files[f"units/{entry['id']}.json"])
        separator = entry["separator"]["groups"] if entry["separator"] else ()
        again = verdicts.grade([Unit(**unit) for unit in raw], entry["rule"], entry["delta"], separator)
        assert (again.verdict, again.effect) == (entry["verdict"], entry["effect"])


def test_the_same_seed_gives_the_same_ledger_but_for_run_ids(store):
    first, again, other = (
        run(store, SOME[:2], budget=ledger.make_budget("quick", seed)) for seed in (0, 0, 1)
    )
    assert without_runs(first) == without_runs(again)
    assert first.records[0].run_ids != again.records[0].run_ids
    assert without_runs(first) != without_runs(other)


def test_workers_find_what_one_process_finds(store):
    assert without_runs(run(store, SOME[:2], workers=2)) == without_runs(run(store, SOME[:2]))


def test_practical_rules_are_measured_beside_the_claims(store):
    row = {"problem": "wine", "sampler": "tpe", "studies": 20, "most_trials": 100, "median": 31, "p90": 80}
    cost = {"trials": [row | {"censored": 0}], "first_trial": []}
    outcome = run(store, ["l2-helps"], practical=lambda budget: cost)
    assert json.loads(store.read_files(outcome.run_id)["practical.json"])["trials"][0]["median"] == 31
    assert "tpe, wine" in outcome.report


# ---- when work fails --------------------------------------------------------------------------------


def test_an_experiment_that_fails_affects_its_own_claim_only(store):
    outcome = run(store, measure=fakes.failing)
    (parent,) = parents(store)
    assert parent.info.status == "FAILED"
    assert outcome.failed == ["l2-helps"]
    lost = outcome.records[-1]
    assert (lost.verdict, lost.effect, lost.run_ids) == ("inconclusive", None, ())
    assert lost.error.startswith("ZeroDivisionError: no α was left (fakes.py, line ")
    assert [record.error for record in outcome.records[:-1]] == [None] * 3
    assert "no α was left" in store.read_files(outcome.run_id)["report.html"].decode()
    assert "not measured" in ledger.table(outcome.records)


def test_a_measurement_that_cannot_be_graded_is_named(store):
    def broken(claim_id, budget):
        return Measurement([Unit("iris", 0, math.nan)])

    (record,) = run(store, ["flat-regions"], measure=broken).records
    assert record.error == "iris, seed 0: the effect is not a number"


def test_an_interrupt_leaves_no_run_open(store):
    with pytest.raises(KeyboardInterrupt):
        run(store, measure=fakes.interrupted)
    (parent,) = parents(store)
    assert parent.info.status == "KILLED"


def test_a_killed_worker_leaves_a_whole_ledger(store):
    outcome = run(store, measure=fakes.killed, workers=2)
    assert "l2-helps" in outcome.failed
    assert {record.error for record in outcome.records if record.error} == {"a worker process was killed"}
    assert parents(store)[0].info.status == "FAILED"


def test_what_a_person_did_wrong_is_named():
    with pytest.raises(LedgerError, match="no claim is called 'l3-helps'"):
        ledger.select(["l3-helps"])
    with pytest.raises(LedgerError, match="--budget slow: it is one of quick, full"):
        ledger.make_budget("slow", 0)
    assert ledger.make_budget("full", 0).n_seeds >= 10


# ---- runs of arms -------------------------------------------------------------------------------------


def test_a_large_claim_gets_the_runs_that_small_ones_leave(store):
    sizes = {"sparse-gradients": 1, "flat-regions": 12}
    outcome = run(
        store,
        ["sparse-gradients", "flat-regions"],
        measure=lambda name, budget: fakes.measurement(sizes[name], "a"),
    )
    runs = {record.id: record.run_ids for record in outcome.records}
    # 8 in all, as the tests have it: one and the other seven.
    assert {name: len(ids) for name, ids in runs.items()} == {
        "sparse-gradients": 1 + 1,
        "flat-regions": 1 + 7,
    }
    assert len({*runs["sparse-gradients"], *runs["flat-regions"]}) == 9
    assert {ids[0] for ids in runs.values()} == {outcome.run_id}
    flat = next(record for record in outcome.records if record.id == "flat-regions")
    assert len(flat.recorded) == 7
    assert "7 of 12 problems have curve runs of their own" in outcome.report


def test_a_curve_whose_x_is_not_whole_keeps_it(store):
    curve = Curve("p0", "a", [0.1, 0.2], [1.0, math.inf])
    measured = Measurement(fakes.measurement(12, ["a"]).units, [curve])
    (record,) = run(store, ["flat-regions"], measure=lambda claim_id, budget: measured).records
    run_id = record.run_ids[1]
    assert [m.value for m in store.client.get_metric_history(run_id, "x")] == [0.1, 0.2]
    assert [m.value for m in store.client.get_metric_history(run_id, "curve")] == [1.0]


def test_a_table_for_the_terminal_has_a_line_for_every_claim(store):
    lines = ledger.table(run(store).records).splitlines()
    assert len(lines) == len(SOME)
    assert all(line.startswith(claim) for line, claim in zip(lines, SOME, strict=True))


# ---- a new claim --------------------------------------------------------------------------------------

TOY_CLAIM = '''
"""A claim that touches no other file."""

from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Claim, Curve, Measurement, Text, Unit

CLAIM = Claim(
    id="toy-claim",
    place=99,
    quote="玩具",
    claim=Text("A toy is faster.", "玩具更快。"),
    short=Text("a toy", "用玩具"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(Text("with a toy", "有玩具"), Text("without one", "无玩具")),
    protocol=Text("Twelve problems.", "十二个问题。"),
)


def measure(budget: Budget) -> Measurement:
    problems = [f"toy {number}" for number in range(12)]
    units = [
        Unit(problem, seed, 0.5, arms={"with": 10.0, "without": 16.5})
        for problem in problems
        for seed in range(budget.n_seeds)
    ]
    curves = [Curve(problem, "with", [1, 2], [1.0, 0.5]) for problem in problems]
    panel = Panel("Toys", "epoch", "excess", [Series("with", [1, 2], [1.0, 0.5], "measured")])
    return Measurement(units, curves, [panel])
'''


@pytest.fixture
def toy_claim(tmp_path, monkeypatch):
    """A folder with one more claim, as if its module lay beside the others."""
    (tmp_path / "more_claims").mkdir()
    (tmp_path / "more_claims" / "toy_claim.py").write_text(TOY_CLAIM, encoding="utf-8")
    monkeypatch.setattr(claims, "__path__", [*claims.__path__, str(tmp_path / "more_claims")])
    yield "toy-claim"
    sys.modules.pop(f"{claims.__name__}.toy_claim", None)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_new_claim_is_one_file_and_nothing_else(store, toy_claim, lang):
    assert [claim.id for claim in ledger.select(None)][-1] == toy_claim
    outcome = run(store, [toy_claim], measure=claims.measure, lang=lang)
    (record,) = outcome.records
    assert (record.verdict, record.n, record.units, record.effect) == ("supported", 12, 36, 0.5)
    assert [entry["id"] for entry in saved(store, outcome)] == [toy_claim]
    assert len(record.run_ids) == 1 + 8
    run_of_an_arm = store.client.get_run(record.run_ids[1])
    assert run_of_an_arm.data.tags["study.claim"] == toy_claim
    files = {file.path for file in store.client.list_artifacts(outcome.run_id, "plots")}
    assert files == {f"plots/{toy_claim}.png"}
    title = {"en": "A toy is faster.", "zh": "玩具更快。"}[lang]
    assert f'<section id="{toy_claim}">' in outcome.report
    assert f". {title} <span" in outcome.report
    assert ledger.table(outcome.records, lang).startswith(toy_claim)
