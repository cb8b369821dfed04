"""A study's summary, for the tests of what reads it."""

from study.summary import BestTrial, DataDescription, Regret, StudySummary, TrialCounts
from study.trial import Setting

DATA = DataDescription(
    problem="diabetes",
    description="disease progression from ten measurements",
    features=10,
    targets=["progression"],
    training_rows=353,
    test_rows=89,
    folds=5,
    hash="184079442b9bc47f",
)


def make_summary(**changes):
    """The summary of a study on diabetes, with changes to its fields."""
    values = {
        "study": "diabetes",
        "run_id": "af662e78",
        "data": DATA,
        "seed": 0,
        "solver": "momentum",
        "max_iter": 100,
        "objective": "val_loss",
        "unit": "MSE (progression²)",
        "floor": 2863.6,
        "curvature": 8.4497,
        "n_trials": TrialCounts(complete=97, diverged=3),
        "best": BestTrial({"beta": 0.88, "eta": 0.0176}, 3000.0, 43),
        "note": Setting({"beta": 0.9, "eta": 0.1}, 3300.0),
        "optimum": Setting({"beta": 0.93, "eta": 0.0133}, 2500.0),
        "test_loss": 2903.9,
        "regret": Regret(tuner=500.0, note=800.0),
        "report": "mlruns/reports/diabetes/af662e78.html",
    }
    return StudySummary(**values | changes)
