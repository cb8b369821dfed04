"""MLflow's UI on the store: who can reach it, and what a browser shows."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from study.commands import ui
from study.errors import UserError
from study.tracking.guidance_store import GuidanceStore
from tests.commands.records import start
from tests.preloaded import run_study, start_study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_BROWSER = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ, reason="Chromium is not installed"
)

CONFIG = """
[data]
problem = "iris"
n_splits = 3
[model]
max_iter = 10
[search]
n_trials = 3
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def page(address, folder):
    """The page's document once its scripts have run."""
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", *quiet]
    command += [f"--user-data-dir={folder}", "--window-size=1400,1000", "--virtual-time-budget=20000"]
    done = subprocess.run([*command, "--dump-dom", address], capture_output=True, text=True, timeout=180)
    return done.stdout


def processes():
    """The process group and the arguments of every process."""
    return subprocess.run(["ps", "-eo", "pgid,args", "ww"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def folder(empty_stores, tmp_path_factory):
    """A folder whose stores hold one study."""
    folder = tmp_path_factory.mktemp("ui")
    shutil.copytree(empty_stores, folder / "mlruns")
    (folder / "flowers.toml").write_text(CONFIG, encoding="utf-8")
    assert run_study(folder, "run", "flowers.toml", "--quiet").returncode == 0
    return folder


@contextlib.contextmanager
def the_ui(folder, port, start=start_study):
    """The command at work; it is killed, with all that it started, if a test fails."""
    process = start(folder, "ui", "--port", port)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def read_until(stream, words):
    """Read lines until one begins with these words, and return that line."""
    return next((line for line in stream if line.startswith(words)), "")


def processes_of(port):
    """The processes that name a port in their command line, but for those that have ended."""
    listing = subprocess.run(
        ["ps", "-wweo", "stat=,pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    return [row for row in listing.splitlines() if f" --port {port} " in f"{row} " and row[0] != "Z"]


N_LINES = 8
"""Pages that the command prints for the store of `answering`."""


@pytest.fixture(scope="module")
def answering(folder):
    """A UI that has said that it answers: its port, the pages that it printed, and the runs of a study and a ledger."""
    store = GuidanceStore(f"sqlite:///{folder}/mlruns/mlflow.db")
    runs = store.start_study("birds", {}, {}), store.start_ledger("guidance", {}, {})
    port = free_port()
    with the_ui(folder, port) as process:
        assert read_until(process.stdout, "ready")
        yield port, [process.stdout.readline().strip() for _ in range(N_LINES)], *runs


def test_the_ui_answers_when_it_says_so_to_this_machine_only_and_links_every_study(folder, answering):
    port, lines, birds, ledger = answering
    (flowers,) = GuidanceStore(f"sqlite:///{folder}/mlruns/mlflow.db").find_studies("flowers")
    address = f"http://127.0.0.1:{port}/#/experiments"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        assert answer.status == 200
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    assert [line.split(": ")[0] for line in lines] == [
        "birds #1", "birds, trials", "birds, runs", "flowers #1", "flowers, trials", "flowers, runs", "guidance #1",
        "all experiments",
    ]  # fmt: skip
    assert all(line.split(": ")[1].startswith(address) for line in lines)
    # The bare address, and a page without this, is one of MLflow's for language models.
    assert all("?workflowType=machine_learning" in line for line in lines)
    ends = [line.rpartition("/")[2].split("?")[0] for line in lines]
    assert (ends[0], ends[3], ends[6]) == (birds, flowers.run_id, ledger)
    rows = [row.split() for row in table.splitlines() if "local_address" not in row]
    listening = [r[1].split(":")[0] for r in rows if r[3] == "0A" and int(r[1].split(":")[1], 16) == port]
    assert listening == ["0100007F"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_command_ends_the_server_and_all_that_it_started(folder, number, code):
    port = free_port()
    with the_ui(folder, port) as process:
        # MLflow's server, and the process that answers. The command is forked, and its own arguments are not listed.
        deadline = time.monotonic() + 60
        while len(processes_of(port)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(processes_of(port)) == 2
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
        assert process.returncode == code
        assert error.splitlines()[-1] == "interrupted: the UI has ended"
        assert processes_of(port) == []


def test_the_server_ends_with_a_command_that_is_killed(folder):
    port = free_port()
    with the_ui(folder, port, start) as process:
        assert read_until(process.stdout, "ready")
        assert len(processes_of(port)) == 3
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while processes_of(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        left = processes_of(port)
        for row in left:
            os.kill(int(row.split()[1]), signal.SIGKILL)
    assert left == []


def test_a_port_that_is_taken_is_one_line_at_once(folder):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with the_ui(folder, port) as process:
            out, error = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert error == f"Error: port {port} is taken by another program; name another one with --port\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [("import sys; sys.exit(3)", "ended with exit code 3"), ("import time; time.sleep(60)", "within 0.5 s")],
)
def test_a_server_that_does_not_answer_is_said_and_ended(folder, monkeypatch, code, said):
    def start_another(command, **options):
        started.append(popen([sys.executable, "-c", code], **options))
        return started[0]

    popen, started = subprocess.Popen, []
    monkeypatch.setattr(ui.subprocess, "Popen", start_another)
    monkeypatch.setattr(ui, "LONGEST_START", 0.5)
    with pytest.raises(UserError, match=said):
        ui.serve(f"sqlite:///{folder}/mlruns/mlflow.db", free_port())
    assert started[0].returncode is not None


def opened(lines, name, folder):
    """The document of the page that a line of the command names."""
    (address,) = [line.split()[-1] for line in lines if line.startswith(f"{name}: ")]
    return page(address, folder)


@pytest.mark.browser
@NO_BROWSER
def test_the_list_shows_objective_beta_eta_state_and_test_loss_first(answering, tmp_path):
    document = opened(answering[1], "flowers, runs", tmp_path)
    assert "4</strong> matching runs" in document
    assert all(name in document for name in ("flowers #1", "β 0.9 η 0.1"))
    headers = re.findall('class="ag-header-cell [^>]*', document)
    # Columns that are pinned, as the name is, are counted on their own.
    places = {
        re.search('col-id="([^"]*)"', header)[1]: int(re.search('aria-colindex="([0-9]+)"', header)[1])
        for header in headers
        if re.search('col-id="(metrics|params|tags)', header)
    }
    first = [
        "metrics.`objective`",
        "params.`beta`",
        "params.`eta`",
        "tags.`study.state`",
        "metrics.`test_loss`",
    ]
    assert sorted(places, key=places.get)[:5] == first


@pytest.mark.browser
@NO_BROWSER
def test_the_trials_page_opens_its_saved_view_without_the_study(answering, tmp_path):
    # What the charts show is tested on the view's state: when they are drawn differs from time to time.
    document = opened(answering[1], "flowers, trials", tmp_path)
    assert "3</strong> matching runs" in document
    assert "Trials by β and η" in document


@pytest.mark.browser
@NO_BROWSER
def test_a_studys_page_begins_with_its_result(answering, tmp_path):
    document = opened(answering[1], "flowers #1", tmp_path)
    assert 0 < document.find("best setting") < document.find("Created at")


@pytest.mark.browser
@NO_BROWSER
def test_the_report_shows_its_plots(folder, tmp_path):
    (report,) = (folder / "mlruns" / "reports" / "flowers").glob("*.html")
    text = report.read_text(encoding="utf-8")
    probe = (
        "<script>document.title = [...document.images].filter("
        "image => image.complete && image.naturalWidth > 300).length</script></body>"
    )
    report.write_text(text.replace("</body>", probe), encoding="utf-8")
    assert "<title>4</title>" in page(report.as_uri(), tmp_path / "profile")
