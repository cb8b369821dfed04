"""The search: what is tried first, what is repeated, what an interruption changes (nothing)."""

import numpy as np
import optuna
import pytest

from study import config
from study.errors import StoreError
from study.interrupts import Interrupts
from study.problems import catalogue as data
from study.tuning import search as tune
from study.tuning.evaluation import prepare


class Silent:
    """A log that keeps what it is told."""

    def __init__(self):
        self.told, self.records = [], []

    def start(self, number, params):
        self.told.append(("start", number))

    def end(self, record):
        self.told.append(("end", record.number))
        self.records.append(record)

    def fail(self, error):
        self.told.append(("fail", type(error).__name__))

    def lost(self, number):
        self.told.append(("lost", number))


def load(n_trials=12, **search):
    return config.Config.model_validate(
        {
            "name": "try",
            "data": {"problem": "linnerud", "n_splits": 3},
            "model": {"max_iter": 20},
            "search": {"n_trials": n_trials, **search},
        }
    )


def splits_of(settings):
    problem = data.load(settings.data, settings.seed)
    X, _, y, _ = data.split(problem, settings.data, settings.seed)
    return prepare(data.folds(X, y, settings.data, settings.seed), True)


@pytest.fixture(scope="module")
def splits():
    return splits_of(load())


@pytest.fixture
def storage():
    return optuna.storages.InMemoryStorage()


def trials(study):
    return [
        (t.params, t.value, t.state, t.user_attrs) for t in study.get_trials() if t.state in tune.FINISHED
    ]


def test_the_notes_advice_is_the_first_trial(splits, storage):
    study = tune.search(load(3), splits, Silent(), storage, "s", Interrupts())
    first = tune.records(study)[0]
    assert first.number == 0
    assert first.params == {"beta": 0.9, "eta": 0.1}


def test_also_where_the_search_space_does_not_hold_it(splits, storage):
    settings = load(12, beta={"low": 0.0, "high": 0.5}, eta={"low": 0.2, "high": 1.0})
    records = tune.records(tune.search(settings, splits, Silent(), storage, "s", Interrupts()))
    assert records[0].params == {"beta": 0.9, "eta": 0.1}
    for record in records[1:]:
        assert 0 <= record.params["beta"] <= 0.5
        assert 0.2 <= record.params["eta"] <= 1.0


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes"])
def test_runs_exactly_the_trials_asked_for_and_repeats_itself(sampler, splits):
    runs = [
        tune.search(
            load(15, sampler=sampler), splits, Silent(), optuna.storages.InMemoryStorage(), "s", Interrupts()
        )
        for _ in range(2)
    ]
    assert len(trials(runs[0])) == 15
    assert trials(runs[0]) == trials(runs[1])
    settings = {tuple(t.params.values()) for t in runs[0].get_trials()}
    assert len(settings) == 15


@pytest.mark.parametrize("n_trials", [1, 2, 3, 4])
def test_small_grids(n_trials, splits, storage):
    study = tune.search(load(n_trials, sampler="grid"), splits, Silent(), storage, "s", Interrupts())
    assert len(trials(study)) == n_trials


def test_gp_without_torch_names_the_mend(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(config.ConfigError, match="pip install"):
        tune.check_sampler(load(sampler="gp").search)


def test_another_seed_tries_other_settings(splits):
    one, other = (
        tune.search(
            load(5).model_copy(update={"seed": seed}),
            splits,
            Silent(),
            optuna.storages.InMemoryStorage(),
            "s",
            Interrupts(),
        )
        for seed in (0, 1)
    )
    assert one.get_trials()[0].params == other.get_trials()[0].params
    assert one.get_trials()[1].params != other.get_trials()[1].params


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes"])
@pytest.mark.parametrize("dead_at", [0, 6])
def test_an_interrupted_study_goes_on_as_if_it_had_not_been(sampler, dead_at, splits, storage):
    settings = load(13, sampler=sampler)
    whole = tune.search(settings, splits, Silent(), optuna.storages.InMemoryStorage(), "s", Interrupts())
    leave_running(settings, splits, storage, dead_at)
    log = Silent()
    resumed = tune.search(settings, splits, log, storage, "s", Interrupts())
    assert ("lost", dead_at) in log.told
    assert trials(resumed) == trials(whole)


def leave_running(settings, splits, storage, number):
    """Leave a trial as SIGKILL leaves it: asked for, its parameters drawn, RUNNING for ever."""

    class Gone(BaseException):
        pass

    class Dying(Silent):
        def start(self, started, params):
            if started == number:
                storage.set_trial_state_values = nobody_is_told
                raise Gone

    def nobody_is_told(*args, **kwargs):
        raise Gone

    tell = storage.set_trial_state_values
    with pytest.raises(Gone):
        tune.search(settings, splits, Dying(), storage, "s", Interrupts())
    storage.set_trial_state_values = tell


def test_a_finished_study_is_left_as_it_is(splits, storage):
    tune.search(load(4), splits, Silent(), storage, "s", Interrupts())
    log = Silent()
    study = tune.search(load(4), splits, log, storage, "s", Interrupts())
    assert log.told == []
    assert len(study.trials) == 4


def test_diverged_trials_do_not_stop_the_study(splits, storage):
    study = tune.search(load(6, eta={"low": 1e3, "high": 1e4}), splits, Silent(), storage, "s", Interrupts())
    states = [record.state for record in tune.records(study)]
    assert states == ["complete"] + ["diverged"] * 5
    assert [t.state.name for t in study.trials] == ["COMPLETE"] + ["PRUNED"] * 5


def test_a_fit_that_fails_is_recorded_and_the_study_goes_on(splits, storage, monkeypatch):
    def evaluate(settings, splits, number, *rest):
        if number == 1:
            raise ArithmeticError("no luck")
        return original(settings, splits, number, *rest)

    original = tune.evaluate
    monkeypatch.setattr(tune, "evaluate", evaluate)
    log = Silent()
    study = tune.search(load(4), splits, log, storage, "s", Interrupts())
    assert [record.state for record in tune.records(study)][:2] == ["complete", "failed"]
    assert ("fail", "ArithmeticError") in log.told


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_pruners_prune_by_epoch(pruner, storage):
    settings = load(40, pruner=pruner)
    settings = settings.model_copy(update={"model": settings.model.model_copy(update={"max_iter": 81})})
    log = Silent()
    study = tune.search(settings, splits_of(settings), log, storage, "s", Interrupts())
    pruned = [record for record in log.records if record.state == "pruned"]
    assert pruned
    assert all(len(record.val_loss) < 81 for record in pruned)
    for record in pruned:
        reported = study.trials[record.number].intermediate_values
        assert max(reported) == len(record.val_loss)
        assert reported[max(reported)] == record.val_loss[-1]


def test_alpha_is_searched_where_the_config_opens_it(splits, storage):
    settings = load(5, alpha={"low": 1e-4, "high": 1.0})
    records = tune.records(tune.search(settings, splits, Silent(), storage, "s", Interrupts()))
    assert all(1e-4 <= record.params["alpha"] <= 1.0 for record in records[1:])
    assert records[0].params == {"beta": 0.9, "eta": 0.1, "alpha": 1e-4}


def test_importance_tells_what_matters(splits, storage):
    study = tune.search(load(40), splits, Silent(), storage, "s", Interrupts())
    shares = tune.importance(study)
    assert set(shares) == {"beta", "eta"}
    assert np.isclose(sum(shares.values()), 1)


@pytest.mark.parametrize("url", ["sqlite:////dev/null/x.db", "nonsense", "sqlite:///{folder}"])
def test_a_storage_that_cannot_be_opened_is_named(url, tmp_path):
    with pytest.raises(StoreError) as raised:
        tune.open_storage(url.format(folder=tmp_path))
    assert "\n" not in str(raised.value)


def test_pedanova_finds_the_parameter_that_matters():
    slowness, eta = np.meshgrid(np.geomspace(1e-3, 1, 13), np.geomspace(1e-3, 10, 17))
    points = {"beta": slowness.ravel(), "eta": eta.ravel()}
    shares = tune.pedanova(points, np.log(points["eta"]) ** 2)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["eta"] > 0.99
    swapped = tune.pedanova({"beta": points["eta"], "eta": points["beta"]}, np.log(points["eta"]) ** 2)
    assert swapped["beta"] == pytest.approx(shares["eta"])


def test_pedanova_of_a_constant_is_even():
    shares = tune.pedanova({"beta": np.geomspace(0.1, 1, 9), "eta": np.geomspace(0.1, 1, 9)}, np.ones(9))
    assert shares["beta"] == pytest.approx(shares["eta"])


def test_minimise_ends_with_the_first_value_that_arrives():
    def objective(params):
        seen.append(params)
        return abs(np.log10(params["eta"]))

    seen = []
    values = tune.minimise(objective, load().search, 0, 50, 0.3)
    assert len(values) == len(seen) < 50
    assert values[-1] <= 0.3 < min(values[:-1], default=1)


@pytest.mark.parametrize("dead_at", [0, 4])
def test_an_interrupted_trial_is_tried_again(dead_at, splits, storage):
    class Interrupted(Silent):
        def start(self, number, params):
            super().start(number, params)
            if number == dead_at:
                interrupts._receive(2, None)

    settings, interrupts = load(9, sampler="qmc"), Interrupts()
    whole = tune.search(settings, splits, Silent(), optuna.storages.InMemoryStorage(), "s", Interrupts())
    with pytest.raises(KeyboardInterrupt):
        tune.search(settings, splits, Interrupted(), storage, "s", interrupts)
    resumed = tune.search(settings, splits, Silent(), storage, "s", Interrupts())
    assert trials(resumed) == trials(whole)
    assert tune.records(resumed)[0].params == {"beta": 0.9, "eta": 0.1}


def test_hyperband_repeats_itself_under_another_name(storage):
    settings = load(25, pruner="hyperband")
    settings = settings.model_copy(update={"model": settings.model.model_copy(update={"max_iter": 81})})
    runs = [
        tune.search(settings, splits_of(settings), Silent(), storage, name, Interrupts()) for name in "ab"
    ]
    assert trials(runs[0]) == trials(runs[1])
