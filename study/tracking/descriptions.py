"""What MLflow's UI shows as the description of experiments and runs."""

from study.notation import caption
from study.trial import TrialRecord

TAG = "mlflow.note.content"
"""Tag of a run or an experiment that holds its description, in Markdown."""

EXPERIMENTS = {
    "study": (
        "Each study is a run, with its result in its description; the trials are its children. Two saved views stand in the "
        "menu Views: *Studies and their trials* as a list, and *Trials by β and η* on charts."
    ),
    "guidance": (
        "Each run grades the claims of the note, with the verdicts in its description. Its children are what was "
        "measured: a claim's arm on a problem."
    ),
}
"""An experiment's description, by the kind of the runs that it was created for."""

UNFINISHED = "No result yet: this study has not ended. If it was interrupted, `study run CONFIG --resume` goes on with it."
"""A study's description until its result is known."""

MODEL = "Linear regression by gradient descent with momentum. The version `@champion` is the best setting of the newest study."
"""The description of a registered model."""


def of_trial(record: TrialRecord) -> str:
    """Return a trial's description: its number, its setting, and how it ended.

    Examples
    --------
    >>> import numpy as np
    >>> curve = np.array([3.0, 2.5])
    >>> of_trial(TrialRecord(number=7, state="complete", params={"beta": 0.5, "eta": 0.02}, objective=2.5,
    ...     train_loss=curve, val_loss=curve, floor=2.0, feature_names=[], target_names=[],
    ...     coef=np.empty((0, 0, 0)), intercept=np.empty((0, 0))))
    'Trial 7: β 0.5, η 0.02, complete with the objective 2.5.'
    """
    ending = {
        "complete": "complete"
        if record.objective is None
        else f"complete with the objective {record.objective:,.6g}",
        "pruned": f"pruned after epoch {len(record.val_loss)}",
        "diverged": f"diverged at epoch {record.diverged_epoch}",
        "failed": "failed",
    }[record.state]
    advice = " This is the note's advice." if record.is_note else ""
    return f"{caption(f'Trial {record.number}', record.params, ending)}.{advice}"
