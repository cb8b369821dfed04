"""`study list`: the studies that a store holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from study.commands.checks import check_has_studies
from study.commands.text_table import aligned


@dataclass(frozen=True)
class StudyEntry:
    """What the list says of a study.

    Attributes
    ----------
    name : str
        The study's.
    number : int or None
        Its place among the studies of this name, from 1. None if its run was given another name.
    started : datetime
        When it began, in UTC.
    status : str
        `finished`, `running`, `failed` or `killed`.
    trials : dict of str to int
        The runs of its trials, by state. Those that have not ended are `running`.
    best_objective, note_regret, test_loss : float or None
        None where it is not known: the study did not reach its end, or the trial diverged. The regret is against the best trial.
    run_id : str
        MLflow's id of its run.
    """

    name: str
    number: int | None
    started: datetime
    status: str
    trials: dict[str, int]
    best_objective: float | None
    note_regret: float | None
    test_loss: float | None
    run_id: str


def list_studies(tracking_uri: str) -> list[StudyEntry]:
    """Return all studies of a store, the newest first.

    Parameters
    ----------
    tracking_uri : str

    Raises
    ------
    ConfigError
        If the store does not exist.
    StoreError
        If the store cannot be read.
    """
    check_has_studies(tracking_uri)

    # Imported after the check because it takes seconds.
    from study.tracking import Store

    store = Store(tracking_uri)
    found = []
    for study in sorted(store.find_studies(), key=lambda study: study.started, reverse=True):
        number = study.name.rpartition("#")[2]
        states = Counter(trial.state or "running" for trial in store.trials(study.run_id))
        found.append(
            StudyEntry(
                name=study.tags["study.name"],
                number=int(number) if number.isdecimal() else None,
                started=study.started,
                status=study.status.lower(),
                trials=dict(sorted(states.items())),
                best_objective=study.metrics.get("best_objective"),
                note_regret=study.metrics.get("note_regret"),
                test_loss=study.metrics.get("test_loss"),
                run_id=study.run_id,
            )
        )
    return found


def table(entries: Sequence[StudyEntry]) -> str:
    """Return the studies as aligned text, one line a study, with times of this machine's zone."""
    if not entries:
        return "the store holds no study yet; make one with `study run CONFIG`"
    head = ["study", "started", "status", "trials", "best", "note's regret", "test loss", "run"]
    return aligned([head, *map(_cells, entries)], right=(4, 5, 6))


def _cells(entry: StudyEntry) -> list[str]:
    return [
        entry.name if entry.number is None else f"{entry.name}#{entry.number}",
        entry.started.astimezone().strftime("%Y-%m-%d %H:%M"),
        entry.status,
        ", ".join(f"{count} {state}" for state, count in entry.trials.items()) or "none",
        *(
            "–" if v is None else f"{v:,.6g}"
            for v in (entry.best_objective, entry.note_regret, entry.test_loss)
        ),
        entry.run_id,
    ]
