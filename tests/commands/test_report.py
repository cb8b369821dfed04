"""The report of a run is read back from its store."""

import pytest

from study.commands.report import write_report
from study.errors import ConfigError, UserError


@pytest.mark.parametrize("names_the_run", [True, False])
def test_the_report_of_a_run_or_of_the_newest_study_is_written(summary, folder, tmp_path, names_the_run):
    page = tmp_path / "page.html"
    write_report("sqlite:///mlruns/mlflow.db", summary.run_id if names_the_run else None, page)
    assert page.read_text(encoding="utf-8") == (folder / summary.report).read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_named(summary, tmp_path):
    with pytest.raises(UserError, match=r"^-o .*none/page\.html: cannot be written \(No such file"):
        write_report("sqlite:///mlruns/mlflow.db", None, tmp_path / "none" / "page.html")


def test_an_empty_store_says_how_to_make_a_study(stores, tmp_path):
    with pytest.raises(ConfigError, match="the store holds no study yet; make one with `study run CONFIG`"):
        write_report(f"sqlite:///{stores}/mlruns/mlflow.db", None, tmp_path / "page.html")
