"""What a resumed study or a report needs to know of a run."""

from dataclasses import dataclass

from mlflow.entities import Run


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
    """

    run_id: str
    name: str
    status: str
    number: int | None
    state: str | None
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]

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
        )
