"""What a person did wrong is one line, exit code 2, at once and with nothing created.

The cases run in two processes of their own, because a process starts in half a second, and because there the libraries
that take seconds to import are not imported yet.
"""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

IRIS = '[data]\nproblem = "iris"\n'
SYNTHETIC = '[data]\nproblem = "synthetic"\n'

# The files that are there, the arguments, and what the line says. A file that ends with "/" is a folder.
CASES = {
    "no file": ({}, "run none.toml", "none.toml: no such file"),
    "folder": ({"try.toml/": ""}, "run try.toml", "try.toml: cannot be read (Is a directory)"),
    "endless": ({}, "run /dev/zero", "/dev/zero: is larger than"),
    "10 MB": ({"try.toml": "#" * 10_000_000}, "run try.toml", "is larger than"),
    "advise, 10 MB": ({"try.toml": "#" * 10_000_000}, "advise try.toml", "is larger than"),
    "guidance, 10 MB": ({"try.toml": "#" * 10_000_000}, "guidance try.toml", "is larger than"),
    "dot": ({"v1.2.toml": IRIS}, "run v1.2.toml", "name: 'v1.2' cannot name a study"),
    "two dots": ({"try.toml": f'name = ".."\n{IRIS}'}, "run try.toml", "name: '..' cannot name a study"),
    "no ASCII": ({"研究.toml": IRIS}, "run 研究.toml", "cannot name a study"),
    "digits": ({"try.toml": f"seed = {'9' * 5000}"}, "run try.toml", "not TOML"),
    "nesting": ({"try.toml": f"a = {'[' * 2000}{']' * 2000}"}, "run try.toml", "nested too deep"),
    "noise": ({"try.toml": f"{SYNTHETIC}synthetic.noise = 1e200"}, "run try.toml", "or equal to 1e+12"),
    "alpha": ({"try.toml": f"{IRIS}[model]\nalpha = 1e308"}, "run try.toml", "or equal to 1e+12"),
    "small eta": ({"try.toml": f"{IRIS}[search]\neta = {{ low = 5e-324, high = 1 }}"}, "run try.toml", "equal to 1e-12"),
    "large eta": ({"try.toml": f"{IRIS}[search]\neta = {{ low = 1, high = 1e308 }}"}, "run try.toml", "equal to 1e+12"),
    "NUL": ({"try.toml": f'{IRIS}[storage]\noptuna = "sqlite:///a\\u0000"'}, "run try.toml", "cannot be printed"),
    "read only": ({"try.toml": IRIS}, "run try.toml --storage sqlite:///?mode=ro", "name it as sqlite:///FILE"),
    "MLflow, read only": ({"try.toml": IRIS}, "run try.toml --tracking-uri sqlite:///?mode=ro", "sqlite:///FILE"),
    "one file": ({"try.toml": IRIS}, "run try.toml --storage sqlite:///x --tracking-uri sqlite:///x", "name two"),
    "no folder": ({"try.toml": IRIS}, "run try.toml --storage sqlite:///no/x.db", "does not exist; create it"),
    "MLflow, no folder": ({"try.toml": IRIS}, "run try.toml --tracking-uri sqlite:///no/x.db", "does not exist"),
    "no server": ({"try.toml": IRIS}, "run try.toml --tracking-uri http://me:hunter2@127.0.0.1:9", "nothing answers"),
    "no database": ({"try.toml": IRIS}, "run try.toml --storage postgresql://me:hunter2@127.0.0.1:9/x", "me:***@"),
    "resume": ({"try.toml": IRIS}, "run try.toml --resume", "no study named 'try'"),
    "no trials": ({"try.toml": IRIS}, "run try.toml --trials 0", "search.n_trials = 0"),
    "minus trials": ({"try.toml": IRIS}, "run try.toml --trials -1", "search.n_trials = -1"),
    "minus seed": ({"try.toml": IRIS}, "run try.toml --seed -1", "seed = -1"),
    "text for a number": ({"try.toml": IRIS}, "run try.toml --trials ten", "'ten' is not a valid integer"),
    "unknown option": ({"try.toml": IRIS}, "run try.toml --trails 3", "--trials"),
    "reports": ({"try.toml": IRIS, "mlruns/reports": ""}, "run try.toml", "mlruns/reports/try: cannot be written"),
    "a report": ({"try.toml": IRIS, "mlruns/reports/try": ""}, "run try.toml", "cannot be written (Not a directory)"),
    "stores": ({"try.toml": IRIS, "mlruns": ""}, "run try.toml", "cannot be created (Not a directory)"),
    "guidance, reports": ({"mlruns/reports": ""}, "guidance", "mlruns/reports/guidance: cannot be written"),
    "guidance, minus seed": ({}, "guidance --seed -1", "--seed -1: it must be from 0 to 4294967295"),
    "guidance, huge seed": ({}, f"guidance --seed {'9' * 4000}", "--seed 999"),
    "guidance, longer seed": ({}, f"guidance --seed {'9' * 5000}", "Invalid value for '--seed'"),
    "guidance, store": ({}, "guidance --tracking-uri sqlite:///no/x.db", "does not exist; create it"),
    "report, no store": ({}, "report", "holds no study yet; make one with `study run CONFIG`"),
    "report, no folder": ({}, "report -o no/page.html", "-o no/page.html: cannot be written (No such file"),
    "report, language": ({}, "report --lang de", "'de' is not one of 'en', 'zh'"),
    "report, a folder": ({"page/": ""}, "report -o page", "-o page: is a folder"),
    "guidance, claim": ({}, "guidance --claims converges-faster,beta-near-0-9", "called 'beta-near-0-9'; there are adam-"),
    "no access": ({"try.toml": IRIS}, "run try.toml --tracking-uri {server}", "gives no access (HTTP 401); set MLFLOW_"),
    "guidance, no access": ({}, "guidance --tracking-uri {server}", "MLFLOW_TRACKING_PASSWORD to a user that it knows"),
    "report, no access": ({}, "report --tracking-uri {server}", "gives no access (HTTP 401)"),
    "ui, no access": ({}, "ui --port {port} --tracking-uri {server}", "gives no access (HTTP 401)"),
    "ui, store": ({}, "ui --port {port} --tracking-uri sqlite:///no/x.db", "does not exist; create it"),
    "no command": ({}, "postgresql://me:hunter2@host/db", "No such command 'postgresql://me:***@host/db'"),
}  # fmt: skip

# The same for what only the data tell: the libraries that read tables are needed for that.
TABLE = '[data]\npath = "table.csv"\n'
DATA_CASES = {
    "few rows": (
        {"try.toml": f"{SYNTHETIC}n_splits = 8\nsynthetic.n = 10\nsynthetic.d = 2"},
        "run try.toml",
        "data.n_splits = 8: ",
    ),
    "no test rows": (
        {"try.toml": f"{SYNTHETIC}test_size = 0.99\nsynthetic.n = 10\nsynthetic.d = 2"},
        "run try.toml",
        "data.",
    ),
    "no table": ({"try.toml": f'{TABLE}target = "y"'}, "run try.toml", "table.csv"),
    "no column": (
        {"try.toml": f'{TABLE}target = "z"', "table.csv": "x,y\n1,2\n2,3\n"},
        "run try.toml",
        "'z'",
    ),
    "dry run": (
        {"try.toml": f"{SYNTHETIC}n_splits = 8\nsynthetic.n = 10\nsynthetic.d = 2"},
        "run try.toml --dry-run",
        "data.n_splits",
    ),
}

SLOW = ("optuna", "mlflow", "matplotlib", "numba")
HEAVY = (*SLOW, "sklearn", "pandas")

SCRIPT = """
import contextlib, io, json, os, sys, time
from study.cli import main
answers = {}
for case, (folder, arguments) in json.load(sys.stdin).items():
    os.chdir(folder)
    out, err = io.StringIO(), io.StringIO()
    began = time.process_time(), time.monotonic()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments, prog_name="study")
        except SystemExit as error:
            code = error.code
    ended = time.process_time(), time.monotonic()
    heavy = [name for name in HEAVY if name in sys.modules]
    answers[case] = {"code": code, "out": out.getvalue(), "err": err.getvalue(), "heavy": heavy,
                     "cpu": ended[0] - began[0], "wall": ended[1] - began[1]}
print(json.dumps(answers))
"""


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def addresses():
    """A server that gives no access, and a port that is free."""

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_):
            pass

    with (
        http.server.HTTPServer(("127.0.0.1", 0), Refuses) as server,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = free.getsockname()[1]
        free.close()
        yield {"server": f"http://me:hunter2@127.0.0.1:{server.server_port}", "port": port}
        server.shutdown()


def answers_to(cases, heavy, addresses, new_folder):
    """By case: what the command answered, and the files that were there before and after."""
    jobs, before = {}, {}
    for number, (case, (files, arguments, _)) in enumerate(cases.items()):
        folder = new_folder(f"case{number}-")
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                path.mkdir()
            else:
                path.write_text(content, encoding="utf-8")
        before[case] = tree(folder)
        jobs[case] = (str(folder), arguments.format(**addresses).split())
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_TRACKING")
    }
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(new_folder("home"))}
    code = f"HEAVY = {heavy}\n{SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(jobs), capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {
        case: {**found[case], "before": before[case], "after": tree(Path(jobs[case][0]))} for case in cases
    }


@pytest.fixture(scope="module")
def answers(addresses, tmp_path_factory):
    return answers_to(CASES, HEAVY, addresses, tmp_path_factory.mktemp) | answers_to(
        DATA_CASES, SLOW, addresses, tmp_path_factory.mktemp
    )


@pytest.mark.parametrize("case", [*CASES, *DATA_CASES])
def test_what_a_person_did_wrong_is_one_line_and_leaves_nothing(answers, case):
    answer, said = answers[case], {**CASES, **DATA_CASES}[case][2]
    assert said in answer["err"]
    assert answer["err"].rstrip("\n").isprintable()
    assert len(answer["err"]) < 1100
    assert "hunter2" not in answer["err"]
    assert answer["code"] == 2
    assert answer["out"] == ""
    assert answer["after"] == answer["before"]


@pytest.mark.parametrize("case", [*CASES, *DATA_CASES])
def test_what_a_person_did_wrong_is_answered_before_a_slow_library_is_imported(answers, case):
    assert answers[case]["heavy"] == []
    assert answers[case]["cpu"] < (1 if case in CASES else 2)
    assert answers[case]["wall"] < (2 if case in CASES else 8)  # a machine that does other work takes longer
