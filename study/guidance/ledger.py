"""The ledger: measures the claims side by side, grades them, and records what they rest on."""

import contextlib
import dataclasses
import json
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool

from study import provenance
from study.errors import LedgerError
from study.figures import claim as pictures
from study.figures import png
from study.guidance import children as record
from study.guidance import claims, verdicts
from study.guidance.claim import Budget, Claim, Measurement, Unit
from study.guidance.claims import find
from study.interrupts import Interrupts
from study.reports import guidance_report as page
from study.reports import words
from study.tracking import values as entries
from study.tracking.guidance_store import LedgerStore

NAME = "guidance"
SEEDS = {"quick": 3, "full": 10}
WORKERS = 2
PRACTICAL = "practical"

Measure = Callable[[str, Budget], Measurement]


@dataclasses.dataclass
class Outcome:
    """What a ledger came to.

    Attributes
    ----------
    entries : list of dict
        What `guidance.json` holds, in the ledger's order.
    run_id : str
        The parent run.
    report : str
        The HTML page.
    failed : list of str
        Claims whose experiment died.
    """

    entries: list[dict[str, Any]]
    run_id: str
    report: str
    failed: list[str]


def make_budget(name: str, seed: int, n_seeds: int | None = None) -> Budget:
    """Return a budget by its name; `n_seeds` overrides how many seeds it has."""
    if name not in SEEDS:
        raise LedgerError(f"--budget {name}: it is one of {', '.join(SEEDS)}")
    return Budget(cast(Literal["quick", "full"], name), seed, n_seeds or SEEDS[name])


def select(ids: Sequence[str] | None) -> list[Claim]:
    """Return the claims of these ids in the ledger's order; all of them for None."""
    unknown = [name for name in ids or () if name not in find()]
    if unknown:
        raise LedgerError(f"--claims: no claim is called {unknown[0]!r}; there are {', '.join(find())}")
    return [claim for claim in find().values() if ids is None or claim.id in ids]


def run(
    ids: Sequence[str] | None,
    budget: Budget,
    store: LedgerStore,
    *,
    progress: Callable[[str], None] = lambda line: None,
    workers: int = WORKERS,
    lang: words.Lang = "en",
    address: str | None = None,
    measure: Measure = claims.measure,
    practical: Callable[[Budget], page.Practical] | None = None,
) -> Outcome:
    """Measure and grade claims, and record them as one parent run with a child an arm.

    Parameters
    ----------
    ids : sequence of str or None
        Which claims; None for all.
    budget : Budget
    store : Store
    progress : callable
        Told one line a claim.
    workers : int
        Processes that measure.
    lang : {"en", "zh"}
        The report's language.
    address : str, optional
        Where MLflow's UI is served, for the report's links; relative links in the UI need none.
    measure : callable
    practical : callable, optional
        Measures what a search costs; see `page.html`.

    Returns
    -------
    Outcome

    Notes
    -----
    An experiment that dies costs its own claim only: that is inconclusive, since nothing was measured, with
    the error as its reason. The parent run then ends FAILED, with all that the others found: it did not do
    all of its work, and a store must not say that it did.
    """
    chosen = select(ids)
    parent = store.start_ledger(NAME, _params(chosen, budget), _origin())
    try:
        # A signal is taken while the workers measure, and nowhere where a run could be left half-recorded.
        with Interrupts() as interrupts:
            names = [*([PRACTICAL] if practical else []), *(claim.id for claim in chosen)]
            found: dict[str, tuple[dict[str, Any], dict[str, bytes]]] = {}
            rules: page.Practical | None = None
            measured: dict[str, Measurement] = {}
            began = time.monotonic()
            with contextlib.closing(_measured(names, budget, workers, measure, practical)) as results:
                while True:
                    with interrupts.allowed():
                        name, result, error = next(results, (None, None, None))
                    if name is None:
                        break
                    if name == PRACTICAL:
                        rules = result
                        progress(f"practical rules: {error or 'measured'}")
                        continue
                    entry, files = found[name] = _graded(find()[name], budget, result, error)
                    if result is not None and files:
                        measured[name] = result
                        # An equal share at once, so that a killed ledger leaves what was measured.
                        equal = record.MOST_CHILDREN // len(chosen)
                        entry["run_ids"] = [parent]
                        _log_arms(store, parent, entry, record.children(find()[name], result, equal))
                    place = f"[{len(found):2}/{len(chosen)}]"
                    line = f"{entry['verdict']}, {_brief(entry)}"
                    progress(f"{place} {name}: {line}, after {time.monotonic() - began:.0f} s")
            interrupts.check()
            # What the others did not need goes to those that need more.
            needs = [record.need(measured[claim.id]) if claim.id in measured else 0 for claim in chosen]
            for claim, share in zip(chosen, record.shares(needs, record.MOST_CHILDREN), strict=True):
                entry = found[claim.id][0]
                left = share - (len(entry["run_ids"]) - 1)
                if claim.id in measured and left > 0:
                    more = record.children(claim, measured[claim.id], left, entry["recorded"])
                    _log_arms(store, parent, entry, more)
                    interrupts.check()
            ledger = [found[claim.id][0] for claim in chosen]
            artifacts = {path: content for claim in chosen for path, content in found[claim.id][1].items()}
            return _recorded(store, parent, ledger, artifacts, rules, lang, address)
    except BaseException as error:
        store.fail_study(parent, error)
        raise


def _log_arms(store, parent: str, entry: dict[str, Any], children: Sequence[record.Child]) -> None:
    for child in children:
        entry["run_ids"].append(store.log_arm(parent, **vars(child)))
        problem = child.tags["study.problem"]
        if problem not in entry["recorded"]:
            entry["recorded"].append(problem)


def table(ledger: Sequence[Mapping[str, Any]], lang: words.Lang = "en") -> str:
    """Return the verdicts as the lines that a terminal shows."""
    rows = [(e["id"], words.STRINGS[lang][e["verdict"]], _brief(e, lang), words.why(e, lang)) for e in ledger]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )


# ---- measuring -------------------------------------------------------------------------------------------


def _measured(
    names, budget, workers, measure, practical
) -> Generator[tuple[str, Any, str | None], None, None]:
    """Each name with what was measured or the error's words, as they end."""
    left = dict.fromkeys(names)
    # One thread each: two processes on two cores leave no room for pools inside them.
    limits = {"backend": "loky", "inner_max_num_threads": 1} if workers > 1 else {"backend": "sequential"}
    with parallel_config(**limits):
        pool = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch="all")
        results = pool(delayed(_attempt)(practical if n == PRACTICAL else measure, n, budget) for n in names)
    try:
        for name, result, error in results:
            del left[name]
            yield name, result, error
    except BrokenProcessPool:
        # Killed from outside, such as for want of memory: what it held is lost, what was yielded is not.
        for name in left:
            yield name, None, "a worker process was killed"
    finally:
        results.close()


def _attempt(measure, name: str, budget: Budget) -> tuple[str, Any, str | None]:
    try:
        return name, measure(budget) if name == PRACTICAL else measure(name, budget), None
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(f"{type(error).__name__}: {error}".split())
        # The line but not the folder, which differs from machine to machine.
        return name, None, f"{text} ({where.filename.rsplit('/', 1)[-1]}, line {where.lineno})"


# ---- grading ---------------------------------------------------------------------------------------------


def sided(claim: Claim, units: Sequence[Unit]) -> list[Unit]:
    """Units with their groups as the claim names them.

    The separator's value decides. An experiment's own labels, if it has any, must divide the units alike.
    """
    if claim.separator is None:
        return [dataclasses.replace(unit, group=None) for unit in units]
    labels: dict[str, str] = {}
    placed = []
    for unit in units:
        if unit.separator is None:
            raise ValueError(f"{unit.problem}, seed {unit.seed}: it lacks its {claim.separator.name.en}")
        side = claim.separator.side(unit.separator)
        if unit.group is not None and labels.setdefault(unit.group, side) != side:
            raise ValueError(
                f"{unit.problem}, seed {unit.seed}: {claim.separator.name.en} = {unit.separator} is in "
                f"{side!r}, but {unit.group!r} holds units of {labels[unit.group]!r}"
            )
        placed.append(dataclasses.replace(unit, group=side))
    return placed


def _graded(
    claim: Claim, budget: Budget, found: Measurement | None, error: str | None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A claim's entry and its files."""
    grade, units = None, []
    if found is not None:
        try:
            units = sided(claim, found.units)
            separator = claim.separator.groups if claim.separator else ()
            grade = verdicts.grade(units, claim.rule, claim.delta, separator)
        except ValueError as refused:
            error = str(refused)
    entry = _entry(claim, budget, found, grade, error)
    raw = _raw(units)
    for problem in entry["problems"]:
        problem["arms"] = raw[problem["name"]]
    for lang in ("en", "zh"):
        suffix = "" if lang == "en" else f"_{lang}"
        entry[f"why{suffix}"] = words.why(entry, lang)
        entry[f"change{suffix}"] = words.change(entry, lang)
    if grade is None or found is None:
        return entry, {}
    files = {
        f"plots/{claim.id}.png": png(pictures.claim(entry, found.panels)),
        f"units/{claim.id}.json": entries.to_json(record.rows(units)),
    }
    return entry, files


def _entry(claim, budget, found, grade, error) -> dict[str, Any]:
    """What `guidance.json` says of a claim; plain values, infinite ends as None."""
    separator = claim.separator
    entry: dict[str, Any] = {
        "id": claim.id,
        "claim": claim.claim.en,
        "claim_zh": claim.claim.zh,
        "quote": claim.quote,
        "verdict": "inconclusive",
        "reason": "the experiment failed",
        "effect": None,
        "ci_low": None,
        "ci_high": None,
        "n": 0,
        "agreeing": 0,
        "ties": 0,
        "units": 0,
        "rule": claim.rule,
        "kind": claim.kind,
        "role": claim.role,
        "delta": claim.delta,
        "short": claim.short.en,
        "short_zh": claim.short.zh,
        "protocol": claim.protocol.en,
        "protocol_zh": claim.protocol.zh,
        "arms": [dataclasses.asdict(arm) for arm in claim.arms],
        "arms_shown": [dataclasses.asdict(arm) for arm in claim.shown],
        "separator": separator
        and {
            **dataclasses.asdict(separator.name),
            "groups": list(separator.groups),
            "groups_zh": list(separator.groups_zh),
        },
        "groups": [],
        "problems": [],
        "limits": {},
        "shown": found.shown if found else {},
        "theory_gap": found.theory_gap if found else None,
        "exact": bool(found and found.exact),
        "error": error,
        "budget": dataclasses.asdict(budget),
        # The ledger's own run, which holds every unit, then those of arms; and the problems that have one.
        "run_ids": [],
        "recorded": [],
    }
    if grade is None:
        return entry
    plain = dataclasses.asdict(grade)
    if separator:
        for group, name in zip(plain["groups"], separator.groups_zh, strict=True):
            group["name_zh"] = name
    return entry | _plain(plain)


def _plain(value: Any) -> Any:
    """What JSON would give back: plain values, None for a number that is not finite."""
    return json.loads(entries.to_json(value))


def _raw(units: Sequence[Unit]) -> dict[str, dict[str, float | None]]:
    """Each problem's arms, the mean of their raw values over its units."""
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        for arm, value in unit.arms.items():
            values[unit.problem][arm].append(value)
    return {
        unit.problem: {a: _plain(float(np.mean(found))) for a, found in values[unit.problem].items()}
        for unit in units
    }


def _brief(entry: Mapping[str, Any], lang: words.Lang = "en") -> str:
    return words.effect(entry["effect"], entry["rule"], entry["kind"], lang)


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


# ---- recording -------------------------------------------------------------------------------------------


def _recorded(store, parent, ledger, files, practical, lang, address) -> Outcome:
    metrics = {
        f"{key}/{entry['id']}": entry[key] for key in ("effect", "ci_low", "ci_high") for entry in ledger
    }
    where = store.claim_pages(parent, [entry["id"] for entry in ledger])
    # The page is written from what the JSON holds, and from nothing that only this process knows.
    plain = _plain(ledger)
    pngs = {name: content for name, content in files.items() if name.startswith("plots/")}
    links = (
        None if address is None else {name: f"{address.rstrip('/')}/{path}" for name, path in where.items()}
    )
    report = page.html(plain, pngs, lang=lang, practical=practical, links=links)
    files = {
        **files,
        "guidance.json": entries.to_json(plain),
        "report.html": report.encode(),
        "report.md": page.markdown(plain, lang=lang, practical=practical, links=links).encode(),
    }
    if practical is not None:
        files["practical.json"] = entries.to_json(practical)
    failed = [entry["id"] for entry in ledger if entry["error"]]
    note = page.note(plain, where, lang=lang)
    store.end_ledger(parent, metrics, files, note=note, status="FAILED" if failed else "FINISHED")
    return Outcome(plain, parent, report, failed)
