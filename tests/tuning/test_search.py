"""The search: what is tried first, what is repeated, what an interruption changes (nothing)."""

import numpy as np
import optuna
import pytest

from study.interrupts import Interrupts
from study.tuning import search
from study.tuning.space import note_values, suggest
from tests.tuning.studies import RecordingLog, finished_trials, load, run_study


@pytest.fixture
def storage():
    return optuna.storages.InMemoryStorage()


def test_the_notes_advice_is_the_first_trial():
    first = search.outcomes(run_study(load(3)))[0]
    assert first.number == 0
    assert first.params == {"beta": 0.9, "eta": 0.1}
    assert first.is_note


def test_the_notes_advice_is_the_first_trial_also_where_the_search_space_does_not_hold_it():
    settings = load(12, beta={"low": 0.0, "high": 0.5}, eta={"low": 0.2, "high": 1.0})
    outcomes = search.outcomes(run_study(settings))
    assert outcomes[0].params == {"beta": 0.9, "eta": 0.1}
    for outcome in outcomes[1:]:
        assert 0 <= outcome.params["beta"] <= 0.5
        assert 0.2 <= outcome.params["eta"] <= 1.0
        assert not outcome.is_note


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes"])
def test_a_study_has_exactly_the_trials_asked_for_and_repeats_itself(sampler):
    runs = [run_study(load(15, sampler=sampler)) for _ in range(2)]
    assert len(finished_trials(runs[0])) == search.count_finished(runs[0]) == 15
    assert finished_trials(runs[0]) == finished_trials(runs[1])
    settings = {tuple(t.params.values()) for t in runs[0].get_trials()}
    assert len(settings) == 15


@pytest.mark.parametrize("n_trials", [1, 2, 3, 4])
def test_a_small_grid_has_enough_points(n_trials):
    assert len(finished_trials(run_study(load(n_trials, sampler="grid")))) == n_trials


def test_another_seed_tries_other_settings():
    one, other = (run_study(load(5, seed=seed)) for seed in (0, 1))
    assert one.get_trials()[0].params == other.get_trials()[0].params
    assert one.get_trials()[1].params != other.get_trials()[1].params


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes"])
@pytest.mark.parametrize("dead_at", [0, 6])
def test_a_killed_study_goes_on_as_if_it_had_not_been_killed(sampler, dead_at, storage):
    settings = load(13, sampler=sampler)
    whole = run_study(settings)
    leave_running(settings, storage, dead_at)
    log = RecordingLog()
    resumed = run_study(settings, log=log, storage=storage)
    assert ("lost", dead_at) in log.told
    assert finished_trials(resumed) == finished_trials(whole)


class Gone(BaseException):
    """The process is killed."""


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes"])
@pytest.mark.parametrize("n_stored", [0, 1, 12, 13])
def test_a_study_that_was_killed_while_it_stored_a_setting_goes_on_the_same(sampler, n_stored, storage):
    settings = load(9, sampler=sampler)
    store, calls = storage.set_trial_param, []

    def store_some(*args):
        if len(calls) == n_stored:
            storage.set_trial_state_values = be_gone
            raise Gone
        calls.append(args)
        return store(*args)

    def be_gone(*args, **kwargs):
        raise Gone

    tell = storage.set_trial_state_values
    storage.set_trial_param = store_some
    with pytest.raises(Gone):
        run_study(settings, storage=storage)
    storage.set_trial_param, storage.set_trial_state_values = store, tell
    assert finished_trials(run_study(settings, storage=storage)) == finished_trials(run_study(settings))


@pytest.mark.parametrize("state", ["complete", "pruned", "diverged", "failed"])
def test_a_trial_that_said_its_end_but_was_killed_before_optuna_knew_is_counted_once(state, storage):
    settings = load(5)
    study = run_study(load(2), storage=storage)
    trial = study.ask()
    suggest(trial, settings.search)
    trial.set_user_attr("state", state)
    resumed = run_study(settings, storage=storage)
    assert search.count_finished(resumed) == len(finished_trials(resumed)) == 5
    ended = [o.state for o in search.outcomes(resumed)]
    assert len(ended) - ended.count("failed") == 5


def test_the_note_is_asked_for_again_if_the_study_was_killed_before_it_was_tried(storage):
    settings = load(3)
    study = search.open_study(settings, storage, "s")
    study.enqueue_trial(note_values(settings.search))
    assert finished_trials(run_study(settings, storage=storage)) == finished_trials(run_study(settings))


def test_a_study_has_the_name_that_is_wanted_or_one_of_its_own_if_that_is_taken(storage):
    assert search.reserve_name(storage, "try #1", "abc") == "try #1"
    run_study(load(2), storage=storage, name="try #1")
    other = search.reserve_name(storage, "try #1", "def")
    assert other == "try #1 def"
    assert finished_trials(run_study(load(2), storage=storage, name=other)) == finished_trials(
        run_study(load(2))
    )


def test_running_trials_of_a_study_are_ended(storage):
    study = run_study(load(2), storage=storage)
    study.ask()
    search.fail_running(storage, "s")
    search.fail_running(storage, "a study that is not there")
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE", "FAIL"]


def leave_running(settings, storage, number):
    """Leave a trial as SIGKILL leaves it: asked for, its parameters drawn, RUNNING for ever."""

    class DyingLog(RecordingLog):
        def start(self, started, params):
            if started == number:
                storage.set_trial_state_values = nobody_is_told
                raise Gone

    def nobody_is_told(*args, **kwargs):
        raise Gone

    tell = storage.set_trial_state_values
    with pytest.raises(Gone):
        run_study(settings, log=DyingLog(), storage=storage)
    storage.set_trial_state_values = tell


@pytest.mark.parametrize("dead_at", [0, 4])
def test_an_interrupted_trial_is_tried_again(dead_at, storage):
    class InterruptingLog(RecordingLog):
        def start(self, number, params):
            super().start(number, params)
            if number == dead_at:
                interrupts._receive(2, None)

    settings, interrupts = load(9, sampler="qmc"), Interrupts()
    whole = run_study(settings)
    with pytest.raises(KeyboardInterrupt):
        run_study(settings, log=InterruptingLog(), storage=storage, interrupts=interrupts)
    resumed = run_study(settings, storage=storage)
    assert finished_trials(resumed) == finished_trials(whole)
    assert search.outcomes(resumed)[0].params == {"beta": 0.9, "eta": 0.1}


def test_a_finished_study_is_left_as_it_is(storage):
    run_study(load(4), storage=storage)
    log = RecordingLog()
    study = run_study(load(4), log=log, storage=storage)
    assert log.told == []
    assert len(study.trials) == 4


def test_diverged_trials_do_not_stop_the_study():
    study = run_study(load(6, eta={"low": 1e3, "high": 1e4}))
    states = [outcome.state for outcome in search.outcomes(study)]
    assert states == ["complete"] + ["diverged"] * 5
    assert [t.state.name for t in study.trials] == ["COMPLETE"] + ["PRUNED"] * 5


def test_a_fit_that_fails_is_recorded_and_the_study_goes_on(monkeypatch):
    def evaluate(data, number, *rest):
        if number == 1:
            raise ArithmeticError("no luck")
        return original(data, number, *rest)

    original = search.evaluate
    monkeypatch.setattr(search, "evaluate", evaluate)
    log = RecordingLog()
    study = run_study(load(4), log=log)
    assert [outcome.state for outcome in search.outcomes(study)][:2] == ["complete", "failed"]
    assert ("fail", "ArithmeticError") in log.told


def test_an_outcome_is_the_record_without_what_was_measured():
    log = RecordingLog()
    study = run_study(load(8), log=log)
    for outcome, record in zip(search.outcomes(study), log.records, strict=True):
        for name in ("number", "state", "params", "objective", "is_note"):
            assert getattr(outcome, name) == getattr(record, name)


def test_alpha_is_searched_where_the_config_opens_it():
    settings = load(5, alpha={"low": 1e-4, "high": 1.0})
    outcomes = search.outcomes(run_study(settings))
    assert all(1e-4 <= outcome.params["alpha"] <= 1.0 for outcome in outcomes[1:])
    assert outcomes[0].params == {"beta": 0.9, "eta": 0.1, "alpha": 1e-4}


def test_minimise_ends_with_the_first_value_that_arrives():
    def objective(params):
        seen.append(params)
        return abs(np.log10(params["eta"]))

    seen = []
    values = search.minimise(objective, load().search, 0, 50, 0.3)
    assert len(values) == len(seen) < 50
    assert values[-1] <= 0.3 < min(values[:-1], default=1)
