"""The table of samplers: what it says of each is what Optuna's sampler does."""

import subprocess
import sys

import optuna
import pytest

from study.config import SAMPLER_NAMES
from study.errors import ConfigError
from study.tuning import samplers
from study.tuning.samplers import SAMPLERS
from study.tuning.space import suggest
from tests.tuning.studies import load

INSTALLED = [name for name, sampler in SAMPLERS.items() if sampler.library is None]


def settings_of(name, trial_seed):
    """Four settings, each from a sampler made anew with this trial seed, as a study does."""
    config = load(10, sampler=name).search
    study = optuna.create_study()
    for place in range(4):
        study.sampler = SAMPLERS[name].make(config, 1, trial_seed, place)
        study.optimize(lambda trial: sum(suggest(trial, config).values()), n_trials=1)
    return [tuple(trial.params.values()) for trial in study.trials]


@pytest.fixture(autouse=True)
def quiet(recwarn):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


def test_the_config_accepts_the_names_of_the_table_and_no_others():
    assert tuple(SAMPLERS) == SAMPLER_NAMES


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("name", INSTALLED)
def test_a_sampler_repeats_itself_for_the_same_seeds(name):
    assert settings_of(name, 7) == settings_of(name, 7)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("name", INSTALLED)
def test_only_a_sequence_of_points_ignores_the_trials_own_seed(name):
    # The first point of a Sobol sequence is an independent draw: Optuna learns the space from it.
    is_same = settings_of(name, 7)[1:] == settings_of(name, 8)[1:]
    assert is_same == (name in ("qmc", "grid"))


def test_a_missing_library_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs PyTorch; pip install 'momentum-study\[gp\]'"):
        samplers.check_library(load(sampler="gp").search)
    samplers.check_library(load(sampler="tpe").search)


def test_the_names_are_known_without_optuna():
    code = "import sys, study.config; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
