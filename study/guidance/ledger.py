"""The ledger: all claims side by side, measured, graded, and recorded with the runs that they rest on."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, cast

from study import provenance
from study.errors import LedgerError
from study.figures.claim import claim as claim_figure
from study.figures.png import png
from study.guidance import children, claims, grading
from study.guidance.claim import Budget, Claim, Measurement, Unit
from study.guidance.lab import starts
from study.guidance.practical import MARGIN
from study.guidance.workers import Ended, run_tasks
from study.interrupts import Interrupts
from study.reports import guidance_report, sentences
from study.reports.guidance_report import Background
from study.reports.words import GUIDANCE
from study.tracking import values
from study.tracking.guidance_store import GuidanceStore
from study.verdict import ClaimRecord, GradedClaim, Lang

NAME = "guidance"
SEEDS = {"quick": 3, "full": 10}
WORKERS = 2
SEARCH_COST = "practical rules"
"""The task beside the claims that measures how many trials a search needs."""

SearchCost = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Outcome:
    """What a ledger found.

    Attributes
    ----------
    records : list of ClaimRecord
        In the order of the note.
    run_id : str
        The parent run.
    report : str
        The HTML page.
    failed : list of str
        Claims that could not be measured.
    """

    records: list[ClaimRecord]
    run_id: str
    report: str
    failed: list[str]


def make_budget(name: str, seed: int, n_seeds: int | None = None) -> Budget:
    """Return a budget by its name; `n_seeds` overrides how many seeds it has."""
    if name not in SEEDS:
        raise LedgerError(f"--budget {name}: it is one of {', '.join(SEEDS)}")
    return Budget(cast(Literal["quick", "full"], name), seed, n_seeds or SEEDS[name])


def select(ids: Sequence[str] | None) -> list[Claim]:
    """Return the claims of these ids in the order of the note; all of them for None."""
    found = claims.find()
    unknown = [name for name in ids or () if name not in found]
    if unknown:
        raise LedgerError(f"--claims: no claim is called {unknown[0]!r}; there are {', '.join(found)}")
    return [claim for claim in found.values() if ids is None or claim.id in ids]


def run(
    ids: Sequence[str] | None,
    budget: Budget,
    store: GuidanceStore,
    *,
    progress: Callable[[str], None] = lambda line: None,
    workers: int = WORKERS,
    lang: Lang = "en",
    address: str | None = None,
    measure: Callable[[str, Budget], Measurement] = claims.measure,
    practical: Callable[[Budget], SearchCost] | None = None,
) -> Outcome:
    """Measure and grade claims, and record them as one parent run with a child run for each arm.

    Parameters
    ----------
    ids : sequence of str or None
        Which claims; None for all.
    budget : Budget
    store : GuidanceStore
    progress : callable
        Is given one line for each claim.
    workers : int
        Processes that measure.
    lang : {"en", "zh"}
        The report's language.
    address : str, optional
        Where MLflow's UI is served, for the report's links. Without it run ids are no links.
    measure : callable
        From a claim's id and the budget to its measurement.
    practical : callable, optional
        Measures how many trials a search needs; see `Background.search_cost`.

    Returns
    -------
    Outcome

    Notes
    -----
    An experiment that fails affects its own claim only: the claim is inconclusive, with the error as its reason.
    The parent run then ends FAILED, with all that the others found, because not all of its work was done.
    """
    chosen = select(ids)
    tasks: dict[str, Callable[[], Any]] = {SEARCH_COST: partial(practical, budget)} if practical else {}
    tasks |= {claim.id: partial(measure, claim.id, budget) for claim in chosen}
    # A signal interrupts only while the workers measure: nowhere else, so no run is left half recorded.
    with Interrupts() as interrupts:
        parent = store.start_ledger(NAME, _params(chosen, budget), _origin())
        try:
            ledger = _Ledger(store, parent, budget, chosen, progress)
            with contextlib.closing(run_tasks(tasks, workers)) as results:
                while True:
                    with interrupts.allowed():
                        ended = next(results, None)
                    if ended is None:
                        break
                    ledger.take(ended)
            interrupts.check()
            ledger.log_remaining_arms(interrupts.check)
            return _conclude(ledger, lang, address)
        except BaseException as error:
            store.fail_study(parent, error)
            raise


def table(records: Sequence[ClaimRecord], lang: Lang = "en") -> str:
    """Return the verdicts as the lines that a terminal shows."""
    rows = [
        (
            record.id,
            GUIDANCE[lang][record.verdict],
            sentences.effect(record, record.effect, lang),
            record.why.in_language(lang),
        )
        for record in records
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )


def background(search_cost: SearchCost | None = None) -> Background:
    """Return what the report says beside the verdicts, from the constants that the experiments use."""
    loose, target = starts.TARGETS
    return Background(
        loose=loose,
        target=target,
        eta_share=starts.ETA_SHARE,
        margin=MARGIN,
        starts=starts.starts(),
        sets_beta=next((claim.id for claim in claims.find().values() if claim.sets_beta), None),
        search_cost=search_cost,
    )


@dataclass
class _ClaimState:
    """What is known of one claim while the ledger runs."""

    claim: Claim
    graded: GradedClaim
    units: list[Unit]
    measured: Measurement | None
    picture: bytes | None
    run_ids: list[str] = field(default_factory=list)
    recorded: dict[str, None] = field(default_factory=dict)


class _Ledger:
    """Takes what the workers found, and logs the runs of the arms."""

    def __init__(
        self,
        store: GuidanceStore,
        parent: str,
        budget: Budget,
        chosen: Sequence[Claim],
        progress: Callable[[str], None],
    ) -> None:
        self.store, self.parent = store, parent
        self.search_cost: SearchCost | None = None
        self._budget, self._progress = budget, progress
        self._chosen = {claim.id: claim for claim in chosen}
        self._states: dict[str, _ClaimState] = {}
        self._began = time.monotonic()

    @property
    def states(self) -> list[_ClaimState]:
        """What is known of each claim, in the order of the note."""
        return [self._states[claim] for claim in self._chosen]

    def take(self, ended: Ended) -> None:
        """Grade what a worker found, draw it, and log a first part of its arms."""
        if ended.name == SEARCH_COST:
            self.search_cost = ended.result
            self._progress(f"{SEARCH_COST}: {ended.error or 'measured'}")
            return
        claim = self._chosen[ended.name]
        graded, units = grading.grade_claim(claim, self._budget, ended.result, ended.error)
        measured = ended.result if units else None
        picture = png(claim_figure(graded, measured.panels)) if measured else None
        state = self._states[claim.id] = _ClaimState(claim, graded, units, measured, picture)
        # An equal share at once, so that a ledger that is killed leaves what was measured.
        if measured:
            state.run_ids.append(self.parent)
            self._log_arms(state, children.MOST_RUNS // len(self._chosen))
        place = f"[{len(self._states):2}/{len(self._chosen)}]"
        effect = sentences.effect(graded, graded.effect, "en")
        after = f"after {time.monotonic() - self._began:.0f} s"
        self._progress(f"{place} {claim.id}: {graded.verdict}, {effect}, {after}")

    def log_remaining_arms(self, check: Callable[[], None]) -> None:
        """Give the runs that some claims did not need to those that need more; `check` is called after each."""
        needs = [
            children.runs_needed(state.measured) if state.measured is not None else 0 for state in self.states
        ]
        for state, share in zip(self.states, children.shares(needs, children.MOST_RUNS), strict=True):
            left = share - (len(state.run_ids) - 1)
            if state.measured is not None and left > 0:
                self._log_arms(state, left)
                check()

    def _log_arms(self, state: _ClaimState, most: int) -> None:
        """Log at most so many runs of arms, of problems that have none yet."""
        assert state.measured is not None
        for arm in children.arm_runs(state.claim, state.measured, most, state.recorded):
            run_id = self.store.log_arm(
                self.parent, arm.name, tags=arm.tags, x=arm.x, y=arm.y, units=arm.units
            )
            state.run_ids.append(run_id)
            state.recorded[arm.problem] = None


def _conclude(ledger: _Ledger, lang: Lang, address: str | None) -> Outcome:
    """Build the records, write the report from them, and end the parent run."""
    store, parent = ledger.store, ledger.parent
    records = [
        grading.make_record(state.graded, state.run_ids, list(state.recorded)) for state in ledger.states
    ]
    pages = store.claim_pages(parent, [record.id for record in records])
    links = (
        None if address is None else {name: f"{address.rstrip('/')}/{path}" for name, path in pages.items()}
    )
    beside = background(ledger.search_cost)
    pngs = {f"plots/{s.claim.id}.png": s.picture for s in ledger.states if s.picture is not None}
    report = guidance_report.html(records, pngs, beside, lang=lang, links=links)
    files = {
        **pngs,
        **{
            f"units/{state.claim.id}.json": values.to_json(children.unit_rows(state.units))
            for state in ledger.states
            if state.units
        },
        "guidance.json": values.to_json([record.to_json() for record in records]),
        "report.html": report.encode(),
        "report.md": guidance_report.markdown(records, beside, lang=lang, links=links).encode(),
    }
    if ledger.search_cost is not None:
        files["practical.json"] = values.to_json(ledger.search_cost)
    failed = [record.id for record in records if record.error]
    store.end_ledger(
        parent,
        _metrics(records),
        files,
        note=guidance_report.note(records, pages, lang=lang),
        status="FAILED" if failed else "FINISHED",
    )
    return Outcome(records, parent, report, failed)


def _metrics(records: Sequence[ClaimRecord]) -> Mapping[str, float | None]:
    return {
        f"{name}/{record.id}": getattr(record, name)
        for name in ("effect", "ci_low", "ci_high")
        for record in records
    }


def _params(chosen: Sequence[Claim], budget: Budget) -> dict[str, Any]:
    return {
        "budget": budget.name,
        "seeds": budget.n_seeds,
        "seed": budget.seed,
        "claims": ", ".join(claim.id for claim in chosen),
    }


def _origin() -> dict[str, Any]:
    versions = {f"study.version.{package}": version for package, version in provenance.versions().items()}
    return {"study.commit": provenance.commit(), **versions}
