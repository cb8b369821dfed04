"""The report of a run is read back from its store."""

import base64
import http.server
import re
import threading

import pytest

from study.commands.report import write_report
from study.errors import ConfigError, StoreError, UserError
from study.guidance import children, ledger
from study.reports.words import LANGUAGES
from study.storage import UI_HOST, UI_PORT
from study.tracking.guidance_store import GuidanceStore
from tests.guidance import fakes


@pytest.mark.parametrize("names_the_run", [True, False])
def test_the_report_of_a_run_or_of_the_newest_study_is_written(summary, folder, tmp_path, names_the_run):
    page = tmp_path / "page.html"
    write_report("sqlite:///mlruns/mlflow.db", summary.run_id if names_the_run else None, page)
    assert page.read_text(encoding="utf-8") == (folder / summary.report).read_text(encoding="utf-8")


def test_the_report_of_a_study_is_written_in_chinese(summary, folder, tmp_path):
    page = tmp_path / "page.html"
    write_report("sqlite:///mlruns/mlflow.db", None, page, "zh")
    text = page.read_text(encoding="utf-8")
    english = (folder / summary.report).read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in text
    assert re.findall('src="[^"]*"', text) == re.findall('src="[^"]*"', english)
    assert re.findall("<li>.*</li>", text) == re.findall("<li>.*</li>", english)


def test_a_run_that_has_no_report_is_named(children, tmp_path):
    trial = children[0].info.run_id
    with pytest.raises(ConfigError, match=f"^run {trial} has no report: it is no study or guidance"):
        write_report("sqlite:///mlruns/mlflow.db", trial, tmp_path / "page.html")
    with pytest.raises(StoreError, match="abc"):
        write_report("sqlite:///mlruns/mlflow.db", "abc", tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_of_the_guidance_is_written_again_from_its_run(stores, tmp_path, lang, monkeypatch):
    monkeypatch.setattr(children, "MOST_RUNS", 2)
    uri = f"sqlite:///{stores}/mlruns/mlflow.db"
    store = GuidanceStore(uri)
    outcome = ledger.run(
        ["l2-helps"],
        ledger.make_budget("quick", 0),
        store,
        workers=1,
        lang=lang,
        address=f"http://{UI_HOST}:{UI_PORT}",
        measure=fakes.measure,
    )
    write_report(uri, outcome.run_id, tmp_path / "page.html", lang)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == outcome.report


def test_a_file_that_cannot_be_written_is_named(summary, tmp_path):
    with pytest.raises(UserError, match=r"^-o .*none/page\.html: cannot be written \(No such file"):
        write_report("sqlite:///mlruns/mlflow.db", None, tmp_path / "none" / "page.html")


def test_a_page_that_cannot_be_written_is_answered_before_the_store_is_read(tmp_path):
    (tmp_path / "page").mkdir()
    with pytest.raises(UserError, match="is a folder; name a file"):
        write_report("sqlite:////no/such/store.db", None, tmp_path / "page")


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="does not exist, so it holds no study yet"):
        write_report(f"sqlite:///{tmp_path}/mlflow.db", None, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_tracking_server_is_asked_with_the_name_and_the_password_of_its_address(tmp_path, capfd):
    given = []

    class Server(http.server.BaseHTTPRequestHandler):
        """An MLflow server with basic authentication and no experiments."""

        def answer(self):
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            kind, _, text = (self.headers["Authorization"] or "").partition(" ")
            given.append((kind, base64.b64decode(text).decode(), self.path))
            is_known = text == base64.b64encode(b"me:hunter@2/").decode()
            self.send_response(200 if is_known else 401)
            self.end_headers()
            self.wfile.write(b'{"experiments": []}' if is_known else b"who are you?")

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        with pytest.raises(ConfigError, match="the store holds no study yet"):
            write_report(f"http://me:hunter%402%2F@{address}", None, tmp_path / "page.html")
        assert {path.partition("?")[0] for *_, path in given} == {"/api/2.0/mlflow/experiments/search"}
        assert {(kind, text) for kind, text, _ in given} == {("Basic", "me:hunter@2/")}
        with pytest.raises(StoreError, match="401") as refused:
            write_report(f"http://me:hunter3@{address}", None, tmp_path / "page.html")
        server.shutdown()
    assert str(refused.value).startswith(f"store http://me:***@{address}: ")
    assert "hunter" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_an_empty_store_says_how_to_make_a_study(stores, tmp_path):
    with pytest.raises(ConfigError, match="the store holds no study yet; make one with `study run CONFIG`"):
        write_report(f"sqlite:///{stores}/mlruns/mlflow.db", None, tmp_path / "page.html")
