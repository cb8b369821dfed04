"""A person's own table, from its file to the registered model; a file that cannot be used is one line and leaves nothing."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import r2_score

from study import config
from study.cli import main
from study.commands import run
from study.errors import ConfigError

N = 60


def houses():
    draw = np.random.default_rng(0)
    size = draw.normal(100, 20, N)
    return pd.DataFrame(
        {
            "size": size,
            "rooms": draw.integers(1, 6, N),
            "age": np.where(draw.random(N) < 0.2, np.nan, draw.normal(30, 9, N)),
            "garden": draw.choice(["yes", "no"], N),
            "new": draw.random(N) < 0.5,
            "city": draw.choice(["Rome", "Oslo", None], N),
            "sold": pd.Series(pd.date_range("2020-12-01", periods=N)).dt.strftime("%d.%m.%Y"),
            "price": 3 * size + draw.normal(size=N),
        }
    )


@pytest.fixture(scope="module")
def table_folder(folder):
    """The folder with the stores, in which a study of `private/houses.csv` was run from the command line."""
    (folder / "private").mkdir()
    houses().to_csv(folder / "private" / "houses.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def done(table_folder):
    path = table_folder / "private" / "houses.csv"
    arguments = ["run", "--data", str(path), "--target", "price", "--metric", "r2", "--trials", "3"]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture(scope="module")
def table_client(table_folder):
    return mlflow.MlflowClient(f"sqlite:///{table_folder}/mlruns/mlflow.db")


@pytest.fixture(scope="module")
def champion(done, table_client):
    return table_client.get_model_version_by_alias("houses", "champion")


@pytest.fixture(scope="module")
def study_run(table_client, champion):
    return table_client.get_run(champion.run_id)


def read_json(client, run_id, name):
    return json.loads(Path(client.download_artifacts(run_id, name)).read_text(encoding="utf-8"))


def test_it_prints_what_it_understood_and_then_what_it_found(done):
    assert done.exit_code == 0
    assert done.stderr.startswith(
        "houses: price from 3 numbers, 2 booleans, 1 category, 1 date of houses.csv\n"
    )
    assert "  dates: sold\n" in done.stderr
    assert "best setting" in done.stdout


def test_the_run_has_the_files_hash_and_name_and_not_its_folder(study_run, table_folder):
    path = table_folder / "private" / "houses.csv"
    assert study_run.data.tags["study.data_file_hash"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert study_run.data.params["data.path"] == "houses.csv"
    (given,) = study_run.inputs.dataset_inputs
    assert json.loads(given.dataset.source) == {"uri": "houses.csv"}
    assert "private" not in str(study_run.to_dictionary())


def test_the_metric_is_on_every_trial_in_the_summary_and_in_the_report(study_run, table_client, done):
    summary = read_json(table_client, study_run.info.run_id, "summary.json")
    found = table_client.search_runs(
        [study_run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{study_run.info.run_id}'"
    )
    by_number = {int(each.data.tags["study.trial_number"]): each.data for each in found}
    for trial in by_number.values():
        assert ("r2" in trial.metrics) == (trial.tags["study.state"] == "complete")
    assert summary["metric"]["name"] == "r2"
    assert summary["metric"]["best"] == by_number[summary["best"]["trial"]].metrics["r2"]
    assert study_run.data.metrics["test_r2"] == summary["metric"]["test"]
    assert "r2" in done.stdout


def test_the_model_takes_the_raw_table_in_a_fresh_process_and_its_weights_are_those_by_feature(
    study_run, table_client, champion, table_folder, tmp_path
):
    source = table_client.get_model_version_download_uri("houses", champion.version)
    path = mlflow.artifacts.download_artifacts(source, dst_path=str(tmp_path))
    code = (
        "import sys, mlflow.pyfunc, pandas as pd\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "import study; assert study.__file__.startswith(sys.argv[1]), study.__file__\n"
        "raw = pd.read_csv(sys.argv[2]).drop(columns='price')\n"
        "pd.Series(model.predict(raw)).to_csv(sys.argv[3], index=False)\n"
    )
    file, out = table_folder / "private" / "houses.csv", tmp_path / "p.csv"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", code, path, file, out], cwd=tmp_path, env=environment, check=True)
    predicted = pd.read_csv(out)["0"].to_numpy()

    weights = read_json(table_client, study_run.info.run_id, "weights.json")
    names, original = weights["feature_names"], weights["coef_original"]
    raw = pd.read_csv(file)
    by_name = {
        "size": raw["size"], "rooms": raw["rooms"], "garden": raw["garden"] == "yes", "new": raw["new"],
        "city_Rome": raw["city"] == "Rome", "city_Oslo": raw["city"] == "Oslo", "city_nan": raw["city"].isna(),
        "sold year": 0, "sold month": 0, "sold day": 0, "sold day_of_week": 0,
    }  # fmt: skip
    day = pd.to_datetime(raw["sold"], format="%d.%m.%Y").dt
    by_name |= {f"sold {part}": getattr(day, part) for part in ("year", "month", "day", "day_of_week")}
    assert set(names) == {*by_name, "age"}
    known = raw["age"].notna()
    by_name["age"] = raw["age"].fillna(0)
    expected = weights["intercept_original"] + sum(
        weight * np.asarray(by_name[name], dtype=float) for name, weight in zip(names, original, strict=True)
    )
    np.testing.assert_allclose(predicted[known], expected[known], rtol=1e-9)
    deviation = np.std(by_name["garden"])
    assert deviation > 0
    assert weights["coef"][names.index("garden")] == original[names.index("garden")]
    summary = read_json(table_client, study_run.info.run_id, "summary.json")
    assert summary["weights"] == weights
    assert r2_score(raw["price"], predicted) > 0.5


def test_a_study_is_resumed_only_with_the_same_data(done, table_folder):
    path = table_folder / "private" / "houses.csv"
    given = {"data.path": str(path), "data.target": ["price"], "search.metric": "r2", "search.n_trials": 4}
    assert run.run(config.load(None, given), resume=True, quiet=True).n_trials.total == 4
    before = path.read_bytes()
    path.write_bytes(before.replace(b"Rome", b"Bern", 1))
    with pytest.raises(ConfigError, match="the data of 'houses' have changed since the study began"):
        run.run(config.load(None, given), resume=True, quiet=True)
    path.write_bytes(before)


def csv(columns, rows=20, **put):
    """A table of numbers, with another text where a column is put in row 8."""
    lines = [",".join(columns)]
    for i in range(rows):
        row = {
            column: f"{(37 * i + 11 * j + i * i * (j + 1)) % 101 / 10}" for j, column in enumerate(columns)
        }
        lines.append(",".join((row | put if i == 7 else row).values()))
    return "\n".join(lines)


WIDE = ",".join(f"c{i}" for i in range(100_000)) + "\n" + ",".join("1" for _ in range(100_000)) + "\n"

BAD = {
    "missing": (None, "t.csv: no such file"),
    "empty": ("", "t.csv: is empty"),
    "header only": ("a,b,y\n", "t.csv: holds a header and no rows"),
    "no target": (csv("abY"), "there is no column 'y' (data.target); did you mean 'Y'?"),
    "text in the target": (csv("aby", y="seven"), "target 'y' holds 'seven' in row 8 of the data"),
    "gaps in the target": (csv("aby", y=""), "target 'y' is missing in 1 of 20 rows, first in row 8"),
    "constant": ("a,b,y\n" + "\n".join(f"1,x,{i}" for i in range(20)), "no column is left to predict from: 'a' is constant"),
    "two rows": (csv("aby", 2), "has 2 rows; a study needs at least 10"),
    "mixed encodings": ((csv("aby") + "\né,é,1\n").encode() + "é,é,2\n".encode("latin-1"), "t.csv: mixes encodings"),
    "many columns": (WIDE, "has 100000 columns; at most"),
    "duplicate": ("a,a,y\n1,2,3\n", "2 columns are named 'a'"),
    "infinite": (csv("aby", b="inf"), "column 'b' holds inf in row 8"),
    "excel": (b"PK\x03\x04" + bytes(100), "is an Excel file"),
}  # fmt: skip


@pytest.mark.parametrize("content", BAD)
def test_a_file_that_cannot_be_used_is_one_line_and_nothing_is_created(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    text, said = BAD[content]
    if text is not None:
        Path("t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    before = sorted(tmp_path.rglob("*"))
    for command in (["run", "--data"], ["init"], ["advise"]):
        done = CliRunner().invoke(main, [*command, "t.csv", "--target", "y"])
        assert done.exit_code == 2, done.output
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--data", ".", "--target", "y"], ".: is a folder; name a CSV or Parquet file in it"),
        (["run", "--data", "empty.parquet", "--target", "y"], "empty.parquet: is empty"),
        (["run", "--data", "t.csv"], "data: path is given without target; name the column to predict"),
        (["run"], "name a config, or a table with --data FILE --target COL"),
        (["init", "t.csv"], "name the column to predict with --target COL"),
        (["advise", "t.csv"], "t.csv: is a table; name the column to predict with --target COL"),
        (["run", "t.csv"], "t.csv: is a table; give it with --data t.csv --target COL"),
        (["run", "--data", "t.csv", "--target", "y", "--metric", "r_2"], "search.metric = 'r_2' is unknown; did you mean 'r2'?"),
        (["run", "--data", "t.csv", "--target", "y", "--group", "a", "--time", "b"], "both group and time are given"),
        (["run", "--data", "t.csv", "--target", "y", "--drop", "c"], "there is no column 'c' (data.drop)"),
    ],
)  # fmt: skip
def test_a_command_that_asks_for_what_is_not_there_is_one_line(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(csv("aby"))
    Path("empty.parquet").touch()
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(os.listdir()) == ["empty.parquet", "t.csv"]


def test_a_dry_run_and_an_advice_of_a_table_create_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    houses().to_csv("houses.csv", index=False)
    dry = CliRunner().invoke(main, ["run", "--data", "houses.csv", "--target", "price", "--dry-run"])
    assert "  booleans: garden, new\n" in dry.stdout
    advice = CliRunner().invoke(main, ["advise", "houses.csv", "--target", "price"])
    condition = [text.split("κ = ")[1].split()[0].rstrip(";") for text in (dry.stdout, advice.stdout)]
    assert condition[0] == condition[1]
    assert os.listdir() == ["houses.csv"]


def test_the_commands_and_the_code_of_the_readme_do_what_it_says(stores, monkeypatch):
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    section = readme.split("## Your own table\n")[1].split("\n## ")[0]
    monkeypatch.chdir(stores)
    houses().to_csv("houses.csv", index=False)
    commands = [
        shlex.split(line.split("  ")[2]) for line in section.splitlines() if line.startswith("    study ")
    ]
    assert [command[1] for command in commands] == ["advise", "run", "run", "init"]
    for command in commands:
        extra = ["--trials", "2", "--quiet"] if command[1] == "run" else []
        done = CliRunner().invoke(main, [*command[1:], *extra], catch_exceptions=False)
        assert done.exit_code == 0
    assert Path("houses.toml").exists()
    before = mlflow.get_tracking_uri()
    found: dict = {}
    try:
        exec(section.split("```python\n")[1].split("```")[0], found)
    finally:
        mlflow.set_tracking_uri(before)
    assert len(found["prices"]) == N
