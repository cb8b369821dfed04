"""Small studies, run in memory, for the tests of the search."""

import dataclasses

import optuna

from study import config
from study.interrupts import Interrupts
from study.tuning import search
from study.tuning.resumable_sampler import FINISHED
from study.tuning.study_data import load_study_data


class RecordingLog:
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


def load(n_trials=12, *, max_iter=20, seed=0, **changes):
    """A small study's config, with changes to its `[search]`."""
    return config.Config.model_validate(
        {
            "name": "try",
            "seed": seed,
            "data": {"problem": "linnerud", "n_splits": 3},
            "model": {"max_iter": max_iter},
            "search": {"n_trials": n_trials, **changes},
        }
    )


DATA = load_study_data(load())


def run_study(settings, *, log=None, storage=None, name="s", interrupts=None):
    """Run a study to its end, in memory unless a storage is given, and return it."""
    storage = optuna.storages.InMemoryStorage() if storage is None else storage
    study = search.open_study(settings, storage, name)
    data = dataclasses.replace(DATA, config=settings)
    search.run_trials(data, study, log or RecordingLog(), interrupts or Interrupts())
    return study


def finished_trials(study):
    """What two equal studies have in common of their finished trials."""
    return [(t.params, t.value, t.state, t.user_attrs) for t in study.get_trials() if t.state in FINISHED]
