"""What a study prints while it runs."""

import contextlib
import os
import pty
import re
import sys
import termios
import threading

import numpy as np

from study.commands.progress import Progress
from study.trial import TrialOutcome, TrialRecord


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
    progress = Progress(20)
    for number in range(20):
        progress.advance(record(number, 30.0 - number))
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "trial 2/20  best 29"
    assert lines[-1] == "trial 20/20  best 11"
    assert len(lines) == 10


def test_trials_that_are_there_already_are_counted_and_a_diverged_trial_is_not_the_best(capsys):
    progress = Progress(4, [record(0, 4.0), record(1, None)])
    progress.advance(record(2, 5.0))
    progress.advance(record(3, None))
    assert capsys.readouterr().err.splitlines() == ["trial 3/4  best 4", "trial 4/4  best 4"]


def test_quiet_prints_nothing(capsys):
    progress = Progress(1, quiet=True)
    progress.advance(record(0, 5.0))
    progress.close()
    assert capsys.readouterr().err == ""


def test_verbose_prints_a_line_for_each_trial(capsys):
    progress = Progress(30, verbose=True)
    progress.advance(record(0, 3052.76))
    progress.advance(record(1, None))
    assert capsys.readouterr().err.splitlines() == [
        "trial 0: β = 0.9, η = 0.1, complete, 3052.76",
        "trial 1: β = 0.9, η = 0.1, diverged",
    ]


def test_a_failed_trial_does_not_count_towards_the_total(capsys):
    progress = Progress(2)
    progress.advance(TrialOutcome(number=0, state="failed", params={}))
    progress.advance(record(1, 5.0))
    assert capsys.readouterr().err.splitlines() == ["trial 1/2  best 5"]


def shown_on_a_terminal(monkeypatch, do):
    """What a function writes on standard error, where that is a terminal."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 120))
    shown = []

    def read():
        # The other end of a closed terminal cannot be read: all was read then.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                shown.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(its, "w", encoding="utf-8") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        do()
    reader.join()
    os.close(ours)
    return b"".join(shown).decode()


def test_a_terminal_shows_a_bar_with_the_best_the_states_and_the_time_left_and_no_colour(monkeypatch):
    def run():
        progress = Progress(4, [record(0, 7.0)], verbose=True)
        progress.advance(record(1, 5.0))
        progress.advance(record(2, None))
        progress.close()

    shown = shown_on_a_terminal(monkeypatch, run)
    last = shown.splitlines()[-1]
    assert "3/4" in last
    assert "best 5, 2 complete, 1 diverged" in last
    assert re.search(r"\d\d:\d\d<\d\d:\d\d", last)
    assert "trial 2: β = 0.9, η = 0.1, diverged" in shown
    assert not re.search(r"\x1b\[[\d;]*m", shown)


def test_quiet_shows_nothing_on_a_terminal(monkeypatch):
    def run():
        progress = Progress(2, quiet=True, verbose=True)
        progress.advance(record(0, 5.0))
        progress.close()

    assert shown_on_a_terminal(monkeypatch, run) == ""
