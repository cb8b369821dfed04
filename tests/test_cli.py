"""The commands as a person runs them: what they print, and how they fail."""

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from click.testing import CliRunner

from study import config
from study.cli import main
from study.commands.advise import compute_advice
from tests.commands.records import CONFIG
from tests.preloaded import run_study, start_study


@pytest.fixture
def bare(tmp_path):
    """A folder with a config and nothing else."""
    (tmp_path / "try.toml").write_text(CONFIG.format(n_trials=4), encoding="utf-8")
    return tmp_path


@pytest.fixture
def folder(stores):
    """A folder with a config and stores that hold no study yet."""
    (stores / "try.toml").write_text(CONFIG.format(n_trials=4), encoding="utf-8")
    return stores


def study(folder, *arguments):
    """Run a command as a person does, in a process that loads all that it needs."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "study", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_run_prints_what_to_do_and_where_to_look(bare):
    done = study(bare, "run", "try.toml")
    assert done.returncode == 0, done.stderr
    for words in ("best setting", "note's advice, β = 0.9, η = 0.1", "what following the note costs",
                  "held-out test loss", "4 complete", "study ui", "mlruns/reports/try/"):  # fmt: skip
        assert words in done.stdout
    rows = dict(re.split("  +", line, maxsplit=1) for line in done.stdout.splitlines())
    assert (bare / rows["report"]).is_file()
    program = rows["runs"].removesuffix(" ui")
    assert program in ("study", "python -m study") or (bare / program).is_file()
    assert "trial 4/4" in done.stderr
    understood, *lines = done.stderr.split("mlruns/optuna.db\n")
    assert understood.startswith("try: petal width (cm) from the other 3")
    assert all(line.startswith("trial ") for line in "".join(lines).splitlines())
    assert run_study(bare, "report", "-o", "page.html").returncode == 0
    assert "<!doctype html>" in (bare / "page.html").read_text(encoding="utf-8")


def test_json_is_all_of_standard_output_and_is_the_summary_of_the_run(folder):
    done = run_study(folder, "run", "try.toml", "--json", "-v", "--trials", 2)
    lines = [line for line in done.stderr.splitlines() if line.startswith("trial ")]
    assert [line.split(":")[0] for line in lines] == ["trial 0", "trial 1"]
    printed = json.loads(done.stdout)
    path = folder / "mlruns" / "artifacts" / "try" / printed["run_id"] / "artifacts" / "summary.json"
    assert printed == json.loads(path.read_text(encoding="utf-8"))
    assert (folder / printed["report"]).is_file()
    listed = json.loads(run_study(folder, "list", "--json").stdout)
    assert [(entry["name"], entry["number"], entry["run_id"]) for entry in listed] == [
        ("try", 1, printed["run_id"])
    ]
    compared = run_study(folder, "compare", "try", "try#1", "-o", "both.html")
    assert compared.stdout.endswith("the same.\n\nboth.html\n")
    assert (folder / "both.html").is_file()


def test_advise_prints_its_numbers_as_json(bare, monkeypatch):
    monkeypatch.chdir(bare)
    printed = json.loads(CliRunner().invoke(main, ["advise", "try.toml", "--json"]).stdout)
    advice = compute_advice(config.load(Path("try.toml")))
    assert printed["condition"] == advice.condition
    assert printed["options"][0]["pairs"] == {name: [*pair] for name, pair in advice.options[0].pairs.items()}
    assert printed["batches"][0]["limit_with_momentum"] == advice.batches[0].limit_with_momentum


@pytest.mark.parametrize(
    ("options", "names"),
    [(["--quiet", "-v"], "--quiet and --verbose"), (["--dry-run", "--json"], "--dry-run and --json")],
)
def test_options_that_contradict_each_other_are_refused(bare, options, names):
    done = CliRunner().invoke(main, ["run", "try.toml", *options])
    assert done.exit_code == 2
    assert done.stderr == f"Error: {names} are both given; leave one of them out\n"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_the_help_of_a_command_ends_with_an_example_that_it_takes(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    *_, last = CliRunner().invoke(main, [name, "--help"], terminal_width=200).stdout.splitlines()
    words = last.strip().split()
    assert words[:3] == ["Example:", "study", name]
    main.commands[name].make_context(name, words[3:])


def test_a_shell_completes_commands_and_options():
    completion = {"_STUDY_COMPLETE": "bash_source"}
    assert "complete -o nosort -F _study_completion study" in invoke_as_study(completion)
    for typed, completed in (("study com", "plain,compare"), ("study run --verb", "plain,--verbose")):
        words = typed.split()
        asked = {"_STUDY_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
        assert invoke_as_study(asked).strip() == completed


def invoke_as_study(environment):
    return CliRunner().invoke(main, [], prog_name="study", env=environment).stdout


def test_quiet_shows_no_progress(folder):
    assert run_study(folder, "run", "try.toml", "--quiet", "--trials", 1).stderr == ""


def test_dry_run_touches_no_store(bare):
    done = study(bare, "run", "try.toml", "--dry-run")
    assert done.returncode == 0
    assert "petal width (cm) from the other 3" in done.stdout
    assert os.listdir(bare) == ["try.toml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.toml"], "no such file"),
        (["."], "cannot be read"),
        (["try.toml", "--trials", "0"], "search.n_trials = 0"),
        (["try.toml", "--tracking-uri", "sqlite:////dev/null/x.db"], "/dev/null"),
        (["try.toml", "--storage", "sqlite:////dev/null/x.db"], "/dev/null"),
        (["try.toml", "--tracking-uri", "nonsense"], "nonsense"),
        (["try.toml", "--resume"], "no study named 'try'"),
    ],
)
def test_what_a_person_did_wrong_gets_one_line_and_leaves_nothing(bare, arguments, said):
    done = study(bare, "run", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    if "--resume" not in arguments:
        assert os.listdir(bare) == ["try.toml"]


def test_a_space_that_diverges_ends_with_the_stability_limit(folder):
    text = CONFIG.format(n_trials=4) + "eta = { low = 1e4, high = 1e5 }\n"
    (folder / "far.toml").write_text(text, encoding="utf-8")
    done = run_study(folder, "run", "far.toml", "--quiet")
    assert done.returncode == 2
    assert "every setting of the search space diverged" in done.stderr
    assert "stable for eta <" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_study_loses_no_finished_trial_and_goes_on(folder, how):
    mlflow = pytest.importorskip("mlflow")
    (folder / "try.toml").write_text(CONFIG.format(n_trials=15), encoding="utf-8")
    with start_study(folder, "run", "try.toml") as process:
        for line in process.stderr:
            if line.startswith("trial 6/"):
                break
        process.send_signal(how)
        said = [line for line in process.communicate()[1].splitlines() if not line.startswith("trial ")]
    if how == signal.SIGKILL:
        assert (process.returncode, said) == (-signal.SIGKILL, [])
    else:
        assert process.returncode == 128 + how
        assert said == ["interrupted: go on with `study run try.toml --resume`, and the same options"]
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")
    experiment = client.get_experiment_by_name("try").experiment_id

    def runs(condition):
        return client.search_runs([experiment], condition)

    if how != signal.SIGKILL:
        assert runs("attributes.status = 'RUNNING'") == []
    assert run_study(folder, "run", "try.toml", "--resume", "--quiet").returncode == 0
    (parent,) = runs("tags.`study.kind` = 'study'")
    assert parent.info.status == "FINISHED"
    assert runs("attributes.status = 'RUNNING'") == []
    finished = runs("tags.`study.kind` = 'trial' and attributes.status != 'FAILED'")
    (name,) = optuna.get_all_study_names(f"sqlite:///{folder}/mlruns/optuna.db")
    trials = optuna.load_study(study_name=name, storage=f"sqlite:///{folder}/mlruns/optuna.db").trials
    ended = [t.number for t in trials if t.state.name in ("COMPLETE", "PRUNED")]
    assert len(ended) == 15
    assert sorted(int(r.data.tags["study.trial_number"]) for r in finished) == ended


def test_the_version_is_that_of_the_distribution(bare):
    done = study(bare, "--version")
    assert done.stdout.split() == ["study,", "version", importlib.metadata.version("momentum-study")]


def test_a_report_that_cannot_be_written_is_said_in_one_line(folder):
    run_study(folder, "run", "try.toml", "--quiet", "--trials", 1)
    done = run_study(folder, "report", "-o", "no/such/folder/page.html")
    assert done.returncode == 2
    assert "-o no/such/folder/page.html: cannot be written" in done.stderr


def test_a_report_of_an_empty_store_is_said_in_one_line(folder):
    done = run_study(folder, "report")
    assert done.returncode == 2
    assert "the store holds no study yet" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_claim_that_is_not_there_is_said_before_a_store_is_made(bare):
    done = study(bare, "guidance", "--claims", "converges-fastr")
    assert done.returncode == 2
    assert "converges-fastr" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert os.listdir(bare) == ["try.toml"]
