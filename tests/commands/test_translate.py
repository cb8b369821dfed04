"""`study translate`: the code that is printed is that of the options, or of a recorded study's best setting."""

import html
import re

import pytest
from click.testing import CliRunner

from study.cli import main, translate_command
from study.commands import translate
from study.commands.report import write_report
from study.config import Model
from study.errors import ConfigError
from study.summary import BestTrial
from study.translation.snippets import FACTORS, LIBRARIES, RATES, Settings, script

URI = "sqlite:///mlruns/mlflow.db"


def run(*arguments):
    return CliRunner().invoke(main, ["translate", *map(str, arguments)])


def test_the_code_of_all_libraries_is_python_with_the_setting_in_it():
    done = run("--beta", 0.9, "--eta", 0.1)
    assert done.exit_code == 0
    compile(done.output, "all", "exec")
    assert done.output.count("beta, eta = 0.9, 0.1\n") == len(LIBRARIES)
    assert (
        "# PyTorch: the iterates of MomentumRegressor(eta=0.1, beta=0.9, solver='momentum', max_iter=100, tol=None).\n"
        in done.output.replace("\n#   ", " ")
    )
    assert max(map(len, done.output.splitlines())) <= 110


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_library_and_every_option(library):
    done = run("--beta", 0.5, "--eta", 0.2, "--solver", "nesterov", "--schedule", "cosine", "--alpha", 0.01,
               "--to", library)  # fmt: skip
    settings = Settings(beta=0.5, eta=0.2, solver="nesterov", schedule="cosine", alpha=0.01)
    assert done.output == script(settings, library)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--eta", "1"], "--beta is missing"),
        (["--beta", "0.9"], "--eta is missing"),
        (["--beta", "1", "--eta", "1"], "--beta 1: it must be at least 0 and below 1"),
        (["--beta", "nan", "--eta", "1"], "--beta nan"),
        (["--beta", "0.9", "--eta", "0"], "--eta 0: it must be above 0"),
        (["--beta", "0.9", "--eta", "inf"], "--eta inf"),
        (["--beta", "0.9", "--eta", "1", "--alpha", "-1"], "--alpha -1: it must be from 0"),
        (["--beta", "0.9", "--eta", "1", "--solver", "adam"], "'adam' is not one of 'momentum'"),
        (["--beta", "0.9", "--eta", "1", "--to", "jax"], "'jax' is not one of 'pytorch'"),
        (["abc", "--alpha", "1"], "--alpha and a run are both given"),
        ([], "does not exist, so it holds no study yet"),
    ],
)
def test_what_a_person_did_wrong_gets_one_line_and_leaves_nothing(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_plain_descent_needs_no_beta():
    assert "\neta = 0.1\n" in run("--eta", 0.1, "--solver", "sgd").output


def test_the_options_take_the_names_that_are_translated():
    choices = {option.name: getattr(option.type, "choices", None) for option in translate_command.params}
    assert list(choices["solver"]) == list(RATES)
    assert list(choices["schedule"]) == list(FACTORS)
    assert list(choices["to"]) == list(LIBRARIES)


@pytest.mark.parametrize("names_the_run", [True, False])
def test_the_best_setting_of_a_recorded_study_is_translated(folder, summary, names_the_run):
    settings = translate.recorded(URI, summary.run_id if names_the_run else None)
    assert settings == Settings(**summary.best.params, max_iter=summary.max_iter)
    done = run(summary.run_id, "--to", "pytorch")
    assert f"beta, eta = {settings.beta!r}, {settings.eta!r}\n" in done.output


def test_a_run_that_is_no_study_is_named(folder, summary, children):
    with pytest.raises(ConfigError, match=f"is no study of this store; its newest study is {summary.run_id}"):
        translate.recorded(URI, children[0].info.run_id)


def test_a_studys_model_is_read_back_from_its_record(client, folder, summary):
    params = client.get_run(summary.run_id).data.params
    assert translate.recorded_model(params) == Model(max_iter=30)
    others = {"model.batch_size": "32", "model.fit_intercept": "False", "model.schedule": "cosine"}
    assert translate.recorded_model(others) == Model(batch_size=32, fit_intercept=False, schedule="cosine")
    assert translate.recorded_model({"model.of_another_version": "1"}) is None


def test_a_searched_penalty_takes_the_place_of_the_models_and_other_solvers_are_not_translated():
    best = BestTrial({"beta": 0.5, "eta": 0.1, "alpha": 0.02}, objective=1.0, trial=3)
    assert translate.settings_of(Model(batch_size=8), best) == Settings(**best.params, batch_size=8)
    assert translate.settings_of(Model(solver="adam"), best) is None
    assert translate.settings_of(Model(), None) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_last_section_of_the_report_is_the_code_that_the_command_prints(folder, summary, tmp_path, lang):
    write_report(URI, summary.run_id, tmp_path / "page.html", lang)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    last = page[page.rindex("<h2>") :]
    assert f"<code>study translate {summary.run_id}</code>" in last
    shown = [html.unescape(code) for code in re.findall(r"<pre>(.*?)</pre>", last, re.DOTALL)]
    assert shown == [script(translate.recorded(URI, None), library) for library in LIBRARIES]
