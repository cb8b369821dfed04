"""`study report`: the report of a study or of the guidance, written from what its run holds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from study.commands.checks import check_has_studies, page_file
from study.commands.links import trial_runs, ui_address
from study.errors import ConfigError
from study.verdict import ClaimRecord, Lang

if TYPE_CHECKING:
    from study.tracking.guidance_store import GuidanceStore


def write_report(tracking_uri: str, run_id: str | None, output: Path, lang: Lang = "en") -> None:
    """Write the report of a run into an HTML file.

    Parameters
    ----------
    tracking_uri : str
    run_id : str or None
        Of a study or of the guidance; None for the newest study.
    output : Path
    lang : {"en", "zh"}
        The report's language.

    Raises
    ------
    ConfigError
        If the store holds no study, or the run is none that has a report.
    StoreError
        If the store cannot be read, or holds no such run.
    UserError
        If the file cannot be written.
    """
    with page_file(output):
        check_has_studies(tracking_uri)
        output.write_text(_page(tracking_uri, run_id, lang), encoding="utf-8")


def _page(tracking_uri: str, run_id: str | None, lang: Lang) -> str:
    """Return the report of a run, or of the newest study, as HTML."""
    # Imported here because it takes seconds.
    from study.tracking.guidance_store import GuidanceStore

    store = GuidanceStore(tracking_uri)
    if run_id is None:
        studies = store.find_studies()
        if not studies:
            raise ConfigError("the store holds no study yet; make one with `study run CONFIG`")
        run_id = studies[0].run_id
    files = store.read_files(run_id)
    if "summary.json" in files:
        return _study_page(store, run_id, files, lang)
    if "guidance.json" in files:
        return _guidance_page(store, run_id, files, lang)
    raise ConfigError(f"run {run_id} has no report: it is no study or guidance, or it did not reach its end")


def _study_page(store: "GuidanceStore", run_id: str, files: Mapping[str, bytes], lang: Lang) -> str:
    from study.commands.translate import recorded_model, settings_of
    from study.figures.catalogue import STUDY_PLOTS
    from study.reports.study_report import study_page
    from study.summary import StudySummary

    summary = StudySummary.from_json(json.loads(files["summary.json"]))
    plots = [(plot.path, files[plot.path]) for plot in STUDY_PLOTS if plot.path in files]
    params = next(study.params for study in store.find_studies() if study.run_id == run_id)
    settings = settings_of(recorded_model(params), summary.best)
    run_ids, links = trial_runs(store, run_id)
    return study_page(summary, plots, run_ids, links=links, lang=lang, settings=settings)


def _guidance_page(store: "GuidanceStore", run_id: str, files: Mapping[str, bytes], lang: Lang) -> str:
    from study.guidance import ledger
    from study.reports import guidance_report

    claims = [ClaimRecord.from_json(values) for values in json.loads(files["guidance.json"])]
    pages = store.claim_pages(run_id, [claim.id for claim in claims])
    address = ui_address(store.uri)
    return guidance_report.html(
        claims,
        files,
        ledger.background(json.loads(files.get("practical.json", b"null"))),
        lang=lang,
        links={name: f"{address}/{page}" for name, page in pages.items()},
    )
