"""What a resumed study or a report needs to know of a run."""

from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow.entities import Run

from study.processes import Process
from study.tracking import charts_view
from study.tracking.owner import owner

OPTUNA_STUDY = "study.optuna_study"
"""Tag with the name under which Optuna's storage holds a study."""


@dataclass(frozen=True)
class RunView:
    """A run as the rest of the package sees it.

    Attributes
    ----------
    run_id, name, status : str
        As MLflow has them.
    number : int or None
        Optuna's number of the trial; None for a study.
    state : str or None
        `study.state`; None for a study and for a trial that has not ended.
    params, tags : dict of str to str
    metrics : dict of str to float
        The last value of each.
    experiment_id : str
    started : datetime
        When it began, in UTC.
    """

    run_id: str
    name: str
    status: str
    number: int | None
    state: str | None
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    experiment_id: str
    started: datetime

    @property
    def page(self) -> str:
        """Where the UI shows it: the path of its page, to stand behind the UI's address."""
        return charts_view.run_page(self.experiment_id, self.run_id)

    @property
    def optuna_study(self) -> str:
        """The name under which Optuna's storage holds a study: of an earlier version's, the run's id."""
        return self.tags.get(OPTUNA_STUDY, self.run_id)

    @property
    def owner(self) -> Process | None:
        """The process that works, or worked, on it; None if that is not known."""
        return owner(self.tags)

    @property
    def is_dead(self) -> bool:
        """Whether it is marked as running, but its process is known to have ended."""
        return self.status == "RUNNING" and self.owner is not None and self.owner.has_ended()

    @classmethod
    def of(cls, run: Run) -> "RunView":
        """Return the view of one of MLflow's runs."""
        info, data = run.info, run.data
        number = data.tags.get("study.trial_number")
        return cls(
            run_id=info.run_id,
            name=info.run_name,
            status=info.status,
            number=None if number is None else int(number),
            state=data.tags.get("study.state"),
            params=data.params,
            metrics=data.metrics,
            tags=data.tags,
            experiment_id=info.experiment_id,
            started=datetime.fromtimestamp(info.start_time / 1000, UTC),
        )
