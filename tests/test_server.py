"""What is asked of a tracking server before MLflow is imported, against a server that answers as it is told."""

import base64
import http.server
import threading

import pytest

from study.errors import StoreError
from study.storage import probe_server


@pytest.fixture
def server():
    """A server: its answer is set by the test, and it keeps what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append((self.path, self.headers["Authorization"]))
            status, kind, text = self.server.answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as found:
        found.asked, found.answer = [], (200, "application/json", "{}")
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch, tmp_path):
    """Neither the environment nor a file knows a user."""
    for name in ("USERNAME", "PASSWORD", "TOKEN", "AUTH", "AWS_SIGV4", "CLIENT_CERT_PATH"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def asked_with(server):
    ((path, header),) = server.asked
    assert path.startswith("/api/2.0/mlflow/experiments/search")
    return None if header is None else base64.b64decode(header.removeprefix("Basic ")).decode()


def test_a_server_is_asked_with_the_users_name_and_password_of_the_uri(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "another")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter2")
    probe_server(f"http://me:p%40ss%2Fw%C3%B6rd@127.0.0.1:{server.server_port}")
    assert asked_with(server) == "me:p@ss/wörd"


def test_a_server_is_asked_with_the_user_of_the_environment(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter2")
    probe_server(f"http://127.0.0.1:{server.server_port}/")
    assert asked_with(server) == "me:hunter2"


def test_a_server_is_asked_with_the_token_of_the_environment(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hunter2")
    probe_server(f"http://127.0.0.1:{server.server_port}")
    assert server.asked[0][1] == "Bearer hunter2"


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_gives_no_access_is_named_with_its_reason_and_the_mend(server, status):
    server.answer = (status, "text/plain", "Not for you.\nOr hunter2. " + 200 * "x")
    with pytest.raises(StoreError) as raised:
        probe_server(f"http://me:hunter2@127.0.0.1:{server.server_port}")
    message = str(raised.value)
    assert (
        f"http://me:***@127.0.0.1:{server.server_port}: the server gives no access (HTTP {status} Not for you."
        in message
    )
    assert "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in message
    assert "hunter2" not in message


def test_a_page_that_a_server_answers_with_is_not_shown(server):
    server.answer = (401, "text/html", "<html>")
    with pytest.raises(StoreError, match=r"no access \(HTTP 401\); set"):
        probe_server(f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("status", [404, 500, 503])
def test_any_other_answer_is_left_to_mlflow(server, status):
    server.answer = (status, "text/plain", "")
    probe_server(f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("name", [".netrc", ".mlflow/credentials"])
def test_a_refusal_is_left_to_mlflow_where_it_may_know_another_user(server, name, tmp_path):
    server.answer = (401, "text/plain", "")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    probe_server(f"http://127.0.0.1:{server.server_port}")
