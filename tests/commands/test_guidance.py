"""What the command gives to the ledger: the config's seed and store, unless an option says otherwise."""

import pytest

from study.commands import guidance
from study.errors import LedgerError
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

    monkeypatch.setattr(guidance.ledger, "run", run)
    monkeypatch.setattr(guidance.ledger, "table", lambda records, lang: "the verdicts")
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
        grade(ids=["converges-fastr"])
    assert list(tmp_path.iterdir()) == []
