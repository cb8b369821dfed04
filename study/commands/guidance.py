"""`study guidance`: grade the note's claims, and record the verdicts and the report.

The ledger is imported inside the function, because that takes seconds, and what a person did wrong is answered first.
"""

import sys
from pathlib import Path
from typing import Literal

from study import config as configs
from study import storage
from study.commands import checks
from study.errors import LedgerError
from study.interrupts import Interrupted, Interrupts

N_STUDIES = 20
"""Studies over which the trials that a sampler needs are counted."""

PRACTICAL = "practical"
"""Name by which `--claims` asks for the practical rules: how many trials a search needs, and how good a first one is."""

PAGES = storage.REPORTS / "guidance"
"""Folder of the reports."""


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
        Which claims, and "practical" for the practical rules, which are measured only if they are asked for; None
        for all of both.
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
    ConfigError
        If the seed is out of range.
    Interrupted
        If SIGINT or SIGTERM comes.
    LedgerError
        If there is no claim of such an id, or no claim is named.
    StoreError
        If the store cannot be opened.
    UserError
        If the report could not be written.
    """
    config = configs.load(config_path) if config_path is not None else None
    if tracking_uri is None:
        tracking_uri = config.storage.tracking_uri if config else storage.TRACKING_URI
    if seed is None:
        seed = config.seed if config else 0
    checks.check_seed(seed)
    checks.check_tracking(tracking_uri)
    checks.check_reports(PAGES)
    _check_ids(ids)

    from study.guidance import ledger
    from study.guidance.practical import trials_needed
    from study.tracking.guidance_store import GuidanceStore

    claims = None if ids is None else [name for name in ids if name != PRACTICAL]
    measures_practical = ids is None or PRACTICAL in ids
    with Interrupts() as interrupts:
        try:
            with interrupts.allowed():
                store = GuidanceStore(tracking_uri, storage.artifact_root(tracking_uri))
            outcome = ledger.run(
                claims,
                ledger.make_budget(budget, seed),
                store,
                progress=lambda line: None if quiet else print(line, file=sys.stderr, flush=True),
                lang=lang,
                address=f"http://{storage.UI_HOST}:{storage.UI_PORT}",
                practical=(lambda budget: trials_needed(N_STUDIES, budget.seed, n_jobs=1))
                if measures_practical
                else None,
            )
        except Interrupted as error:
            error.advice = "the guidance cannot go on from here; run `study guidance` again"
            raise
        page = PAGES / f"{outcome.run_id}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(outcome.report, encoding="utf-8")
    return f"{ledger.table(outcome.records, lang)}\nreport  {page}", outcome.failed


def _check_ids(ids: list[str] | None) -> None:
    """Raise LedgerError if one of these is no name, or none of them is a claim."""
    if ids is None:
        return
    from study.guidance.claims import names

    known = [*names(), PRACTICAL]
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise LedgerError(f"--claims: no claim is called {unknown[0]!r}; there are {', '.join(known)}")
    if set(ids) == {PRACTICAL}:
        raise LedgerError(f"--claims {PRACTICAL}: the report is about claims; name one of them too")
