"""What the command gives to the ledger: the config's seed and store, unless an option says otherwise."""

import pytest

from study.commands import guidance
from study.errors import ConfigError, LedgerError, UserError
from study.guidance import ledger
from study.guidance.ledger import Outcome

CONFIG = """
seed = 5
[data]
problem = "iris"
[storage]
tracking_uri = "sqlite:///mlruns/mlflow.db"
"""


@pytest.fixture
def given(stores, monkeypatch):
    """What the ledger was called with."""
    monkeypatch.chdir(stores)
    (stores / "try.toml").write_text(CONFIG, encoding="utf-8")
    found = {}

    def run(ids, budget, store, **options):
        found.update(ids=ids, budget=budget, store=store, **options)
        return Outcome(records=[], run_id="abc", report="<!doctype html>", failed=["some-claim"])

    monkeypatch.setattr(ledger, "run", run)
    monkeypatch.setattr(ledger, "table", lambda records, lang: "the verdicts")
    return found


def grade(path=None, ids=None, budget="quick", seed=None, lang="en", tracking_uri=None, quiet=True):
    return guidance.grade_claims(path, ids, budget, seed, lang, tracking_uri, quiet)


def test_the_config_says_the_seed_and_the_store(given, stores):
    text, failed = grade(stores / "try.toml")
    assert given["budget"].seed == 5
    assert given["store"].uri == f"sqlite:///{stores}/mlruns/mlflow.db"
    assert failed == ["some-claim"]
    assert text == "the verdicts\nreport  mlruns/reports/guidance/abc.html"
    page = stores / "mlruns" / "reports" / "guidance" / "abc.html"
    assert page.read_text(encoding="utf-8") == "<!doctype html>"


def test_an_option_takes_the_place_of_the_config(given, stores):
    grade(stores / "try.toml", seed=7, budget="full")
    assert (given["budget"].seed, given["budget"].name) == (7, "full")


def test_without_a_config_the_seed_is_0_and_links_go_to_the_default_port(given):
    grade(ids=["converges-faster"], lang="zh")
    assert given["budget"].seed == 0
    assert (given["ids"], given["lang"]) == (["converges-faster"], "zh")
    assert given["address"] == "http://127.0.0.1:5000"


def test_a_wrong_id_is_answered_before_a_store_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LedgerError, match="converges-fastr"):
        grade(ids=["converges-faster", "converges-fastr"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ids", "claims", "measures_practical"),
    [
        (None, None, True),
        (["converges-faster"], ["converges-faster"], False),
        (["converges-faster", "practical"], ["converges-faster"], True),
    ],
)
def test_the_practical_rules_are_measured_only_if_they_are_asked_for(given, ids, claims, measures_practical):
    grade(ids=ids)
    assert given["ids"] == claims
    assert (given["practical"] is not None) == measures_practical


def test_the_practical_rules_alone_are_no_ledger(given):
    with pytest.raises(LedgerError, match="name one of them too"):
        grade(ids=["practical"])
    assert given == {}


@pytest.mark.parametrize("seed", [-1, 2**32, 10**100])
def test_a_seed_that_no_generator_takes_is_answered_before_a_store_is_made(tmp_path, monkeypatch, seed):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"--seed -?\d+: it must be from 0 to 4294967295"):
        grade(seed=seed)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_answered_before_the_ledger_begins(given, stores):
    (stores / "mlruns" / "reports").touch()
    with pytest.raises(UserError, match="mlruns/reports/guidance: cannot be written"):
        grade()
    assert given == {}
