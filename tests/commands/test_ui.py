"""MLflow's UI on the store: who can reach it, and what a browser shows."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

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


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
STUDY = [sys.executable, "-m", "study"]


@pytest.fixture(scope="module")
def folder(empty_stores, tmp_path_factory):
    """A folder whose stores hold one study."""
    folder = tmp_path_factory.mktemp("ui")
    shutil.copytree(empty_stores, folder / "mlruns")
    (folder / "flowers.toml").write_text(CONFIG, encoding="utf-8")
    subprocess.run([*STUDY, "run", "flowers.toml", "--quiet"], cwd=folder, env=ENVIRONMENT, check=True)
    return folder


def test_the_ui_listens_on_this_machine_only(folder):
    port = free_port()
    process = subprocess.Popen(
        [*STUDY, "ui", "--port", str(port)], cwd=folder, env=ENVIRONMENT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        listening = []
        deadline = time.monotonic() + 60
        while not listening and time.monotonic() < deadline:
            time.sleep(0.5)
            table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
            rows = [row.split() for row in table.splitlines() if "local_address" not in row]
            listening = [
                r[1].split(":")[0] for r in rows if r[3] == "0A" and int(r[1].split(":")[1], 16) == port
            ]
        assert listening == ["0100007F"]
        # The store's URI, which may hold a password, is in no argument that other users can read.
        ours = [row.split() for row in processes().splitlines() if row.split()[0] == str(process.pid)]
        assert len(ours) >= 2
        assert not [row for row in ours if "mlflow.db" in " ".join(row)]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.mark.browser
@NO_BROWSER
def test_a_study_is_one_row_that_opens(folder, tmp_path):
    port = free_port()
    server = subprocess.Popen(
        [*STUDY, "ui", "--port", str(port)], cwd=folder, env=ENVIRONMENT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        address = next(line.split()[-1] for line in server.stdout if "workflowType" in line)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        document = page(address, tmp_path / "profile")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        server.stdout.close()
    assert "4</strong> matching runs" in document or "4 matching runs" in " ".join(document.split())
    assert "flowers" in document
    # Its trials are inside it until it is opened.
    assert "trial 0" not in document


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
