"""`study guidance`: grade the note's claims, and record the verdicts and the report."""

import sys
from pathlib import Path
from typing import Literal

from study import config as configs
from study import storage
from study.guidance import ledger
from study.guidance.practical import trials_needed
from study.tracking.guidance_store import GuidanceStore

N_STUDIES = 20
"""Studies over which the trials that a sampler needs are counted."""


def grade_claims(
    config_path: Path | None,
    ids: list[str] | None,
    budget: str,
    seed: int | None,
    lang: Literal["en", "zh"],
    tracking_uri: str | None,
    quiet: bool,
) -> tuple[str, list[str]]:
    """Grade the claims, record them, and return the verdicts as a table and the claims that failed.

    Parameters
    ----------
    config_path : Path or None
        A study's config, of which the seed and the store are used.
    ids : list of str or None
        Which claims; None for all.
    budget : {"quick", "full"}
    seed : int or None
        Instead of the config's.
    lang : {"en", "zh"}
        Of the table and the report.
    tracking_uri : str or None
        Instead of the config's.
    quiet : bool
        Show no progress.

    Raises
    ------
    LedgerError
        If there is no claim of such an id.
    """
    config = configs.load(config_path) if config_path is not None else None
    if tracking_uri is None:
        tracking_uri = config.storage.tracking_uri if config else storage.TRACKING_URI
    if seed is None:
        seed = config.seed if config else 0
    ledger.select(ids)  # a wrong id is answered before a store is made
    outcome = ledger.run(
        ids,
        ledger.make_budget(budget, seed),
        GuidanceStore(tracking_uri, storage.artifact_root(tracking_uri)),
        progress=lambda line: None if quiet else print(line, file=sys.stderr, flush=True),
        lang=lang,
        address=f"http://{storage.UI_HOST}:{storage.UI_PORT}",
        practical=lambda budget: trials_needed(N_STUDIES, budget.seed, n_jobs=1),
    )
    page = storage.REPORTS / ledger.NAME / f"{outcome.run_id}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(outcome.report, encoding="utf-8")
    return f"{ledger.table(outcome.records, lang)}\nreport  {page}", outcome.failed
