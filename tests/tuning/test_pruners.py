"""Pruned trials stop at an epoch that was reported, and Hyperband's brackets depend on the seed alone."""

import optuna
import pytest

from tests.tuning.studies import RecordingLog, finished_trials, load, run_study


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_a_pruned_trial_ends_at_the_last_epoch_that_it_reported(pruner):
    log = RecordingLog()
    study = run_study(load(40, max_iter=81, pruner=pruner), log=log)
    pruned = [record for record in log.records if record.state == "pruned"]
    assert pruned
    assert all(len(record.val_loss) < 81 for record in pruned)
    for record in pruned:
        reported = study.trials[record.number].intermediate_values
        assert max(reported) == len(record.val_loss)
        assert reported[max(reported)] == record.val_loss[-1]


def test_hyperband_repeats_itself_under_another_name():
    settings, storage = load(25, max_iter=81, pruner="hyperband"), optuna.storages.InMemoryStorage()
    runs = [run_study(settings, storage=storage, name=name) for name in "ab"]
    assert finished_trials(runs[0]) == finished_trials(runs[1])


def test_without_a_pruner_a_complete_trial_reports_its_loss_from_the_first_epoch_to_the_last():
    log = RecordingLog()
    study = run_study(load(10, max_iter=81, eta={"low": 0.01, "high": 100.0}), log=log)
    ends = {record.state for record in log.records}
    assert ends == {"complete", "diverged"}
    for record in log.records:
        reported = study.trials[record.number].intermediate_values
        if record.state == "diverged":
            # The sampler ranks trials that are not complete by what they reported.
            assert reported == {}
        else:
            assert (min(reported), max(reported)) == (1, 81)
            assert len(reported) == 5
            assert all(record.val_loss[epoch - 1] == loss for epoch, loss in reported.items())
