"""What a study found: the content of `summary.json`, built once at the end of the study."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from study.trial import Setting, TrialOutcome


@dataclass(frozen=True)
class DataDescription:
    """The problem and how its rows were split.

    Attributes
    ----------
    problem, description : str
        Its name, and which columns are predicted from which.
    features : int
        How many.
    targets : list of str
    training_rows, test_rows, folds : int
        How many.
    hash : str
        Of all columns and values.
    """

    problem: str
    description: str
    features: int
    targets: list[str]
    training_rows: int
    test_rows: int
    folds: int
    hash: str


@dataclass(frozen=True)
class TrialCounts:
    """How many trials ended in each state."""

    complete: int = 0
    pruned: int = 0
    diverged: int = 0
    failed: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[TrialOutcome]) -> "TrialCounts":
        """Count the trials by their state."""
        counts: Counter[str] = Counter(outcome.state for outcome in outcomes)
        return cls(**counts)

    @property
    def total(self) -> int:
        """All trials that ended."""
        return self.complete + self.pruned + self.diverged + self.failed


@dataclass(frozen=True)
class BestTrial:
    """The trial with the least objective.

    Attributes
    ----------
    params : dict of str to float
    objective : float
    trial : int
        Optuna's number of it.
    """

    params: dict[str, Any]
    objective: float
    trial: int


@dataclass(frozen=True)
class PredictedOptimum(Setting):
    """The setting with the least expected objective, of a study with mini-batches.

    The expectation is over the order of the rows. Trials all have one order, so they are compared with a trial
    at this setting, and not with the expectation.

    Attributes
    ----------
    params : dict of str to float
    objective : float
        Expected.
    measured : float or None
        Objective of a trial at this setting. None if it diverged.
    is_expected : bool
        Always true; it tells `summary.json`'s reader that `objective` is an expectation.
    """

    measured: float | None
    is_expected: bool = True


def objective_of(optimum: Setting) -> float | None:
    """Return what trials are compared with: the exact objective, or the measured one of a predicted optimum."""
    return optimum.measured if isinstance(optimum, PredictedOptimum) else optimum.objective


@dataclass(frozen=True)
class Regret:
    """How far an objective is above the optimum's of the search box; None where one of both is not known.

    Where the optimum is predicted, its measured objective counts (`objective_of`); the regret may then be negative.

    Attributes
    ----------
    tuner : float or None
        Of the best trial.
    note : float or None
        Of the note's advice.
    """

    tuner: float | None
    note: float | None


@dataclass(frozen=True)
class Metric:
    """The score that a study records beside its loss.

    Attributes
    ----------
    name : str
        Scikit-learn's name of the scorer. More is better.
    best : float or None
        Of the best trial, mean over folds, on the rows held out. None where it is undefined.
    test : float or None
        Of the refitted best, on the test part.
    """

    name: str
    best: float | None
    test: float | None


@dataclass(frozen=True)
class FeatureWeights:
    """The weights of the refitted best model, by feature. As in scikit-learn, several targets give lists of lists.

    Attributes
    ----------
    feature_names, target_names : list of str
    coef, intercept
        As the model has them: per standard deviation of a number, where the study scales. A category's column is 0 or 1.
    coef_original, intercept_original
        Per unit of the table's own column.
    """

    feature_names: list[str]
    target_names: list[str]
    coef: list[Any]
    intercept: Any
    coef_original: list[Any]
    intercept_original: Any


@dataclass(frozen=True)
class StudySummary:
    """The content of `summary.json`; the fields have the names and the order of its keys.

    Attributes
    ----------
    study : str
        The study's name.
    run_id : str
        MLflow's id of the study's run.
    data : DataDescription
    seed : int
    solver : str
    max_iter : int
        Epochs of every trial.
    objective : {"val_loss", "epochs"}
        What the study minimised.
    unit : str
        Of the loss.
    floor : float
        Mean over folds of the least-squares training loss.
    curvature : float
        Largest curvature of any fold's objective, on which the stability limit rests.
    n_trials : TrialCounts
    best : BestTrial or None
        None if no trial was completed.
    note : Setting
        The note's advice; its objective is None if it was not completed.
    optimum : Setting or None
        The optimum in the search box, where it is known: exact for a full batch, and a `PredictedOptimum` for
        mini-batches.
    test_loss : float or None
        Of the refitted best on the test part.
    regret : Regret
    report : str
        Path of the report.
    metric : Metric or None
        None if the study records no score beside its loss.
    weights : FeatureWeights or None
        None if no trial was completed.
    """

    study: str
    run_id: str
    data: DataDescription
    seed: int
    solver: str
    max_iter: int
    objective: str
    unit: str
    floor: float
    curvature: float
    n_trials: TrialCounts
    best: BestTrial | None
    note: Setting
    optimum: Setting | None
    test_loss: float | None
    regret: Regret
    report: str
    metric: Metric | None = None
    weights: FeatureWeights | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain values, with the keys of `summary.json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "StudySummary":
        """Return the summary from the values that `to_json` gave."""
        best, optimum = values["best"], values["optimum"]
        is_predicted = optimum is not None and "is_expected" in optimum
        metric, weights = values.get("metric"), values.get("weights")
        nested = {
            "metric": None if metric is None else Metric(**metric),
            "weights": None if weights is None else FeatureWeights(**weights),
            "data": DataDescription(**values["data"]),
            "n_trials": TrialCounts(**values["n_trials"]),
            "best": None if best is None else BestTrial(**best),
            "note": Setting(**values["note"]),
            "optimum": None
            if optimum is None
            else (PredictedOptimum if is_predicted else Setting)(**optimum),
            "regret": Regret(**values["regret"]),
        }
        return cls(**{**values, **nested})
