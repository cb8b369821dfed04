"""What a study prints while it runs, where standard error is not a terminal."""

import numpy as np

from study.commands.progress import Progress
from study.trial import TrialRecord


def record(number, objective):
    return TrialRecord(
        number=number,
        state="diverged" if objective is None else "complete",
        params={"beta": 0.9, "eta": 0.1},
        objective=objective,
        train_loss=np.ones(1),
        val_loss=np.ones(1),
        floor=0.0,
        feature_names=["a"],
        target_names=["y"],
        coef=np.zeros((1, 1, 1)),
        intercept=np.zeros((1, 1)),
    )


def test_a_line_every_tenth_of_the_trials_names_the_best_so_far(capsys):
    progress = Progress(20, 0, quiet=False)
    for number in range(20):
        progress.advance(record(number, 30.0 - number))
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "trial 2/20  best 29"
    assert lines[-1] == "trial 20/20  best 11"
    assert len(lines) == 10


def test_trials_that_are_there_already_are_counted_and_a_diverged_trial_is_not_the_best(capsys):
    progress = Progress(4, 2, quiet=False)
    progress.advance(record(2, 5.0))
    progress.advance(record(3, None))
    assert capsys.readouterr().err.splitlines() == ["trial 3/4  best 5", "trial 4/4  best 5"]


def test_quiet_prints_nothing(capsys):
    progress = Progress(1, 0, quiet=True)
    progress.advance(record(0, 5.0))
    progress.close()
    assert capsys.readouterr().err == ""
