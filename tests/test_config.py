"""A config says what is wrong with it in one line."""

import pytest

from study import config
from study.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    def write(text, name="try.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_only_the_problem_must_be_given(write):
    loaded = config.load(write('[data]\nproblem = "iris"'))
    assert (loaded.name, loaded.data.problem, loaded.search.n_trials) == ("try", "iris", 100)


def test_options_take_the_place_of_the_files_values(write):
    path = write('seed = 1\n[data]\nproblem = "iris"')
    loaded = config.load(path, {"search.n_trials": 7, "seed": 5})
    assert (loaded.search.n_trials, loaded.seed) == (7, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[data]\nproblem = "iris"\n[search]\nsmapler = "tpe"', "unknown key 'search.smapler'; did you mean 'sampler'?"),
        ('sed = 1\n[data]\nproblem = "iris"', "unknown key 'sed'; did you mean 'seed'?"),
        ('[data]\nproblem = "irsi"', "data.problem = 'irsi' is unknown; did you mean 'iris'?"),
        ('[data]\nproblem = "iris"\n[search]\nsampler = "tpee"', "search.sampler = 'tpee' is unknown; did you mean 'tpe'?"),
        ('[data]\nproblem = "iris"\n[search]\nsampler = "zzz"', "known are tpe, random, qmc, grid, cmaes, gp"),
        ('[data]\nproblem = "iris"\n[search]\nn_trials = "ten"', "search.n_trials = 'ten': input should be a valid integer"),
        ('[data]\nproblem = "iris"\n[search]\nn_trials = 0', "search.n_trials = 0: input should be greater than or equal to 1"),
        ('[data]\nproblem = "iris"\n[search.eta]\nlow = 1.0\nhigh = 0.1', "search.eta: low = 1 is above high = 0.1"),
        ('[data]\nproblem = "iris"\n[search.beta]\nlow = 0.1\nhigh = 1.0', "search.beta.high = 1.0: input should be less than 1"),
        ('[data]\nproblem = "iris"\n[search.eta]\nlow = 0.1', "'search.eta.high' is missing"),
        ('[data]\nproblem = "iris"\n[search.eta]\nlwo = 0.1\nhigh = 1.0', "unknown key 'search.eta.lwo'; did you mean 'low'? (and 1 more)"),
        ("[data]\n", "'data.problem' is missing"),
        ("data = 3", "data = 3"),
        ("[data", "not TOML"),
        (
            '[data]\nproblem = "synthetic"\nsynthetic = { noise = 0.0 }\n[search]\nobjective = "epochs"',
            "set data.synthetic.noise above 0",
        ),
    ],
)  # fmt: skip
def test_says_what_is_wrong_in_one_line(write, text, said):
    path = write(text)
    with pytest.raises(ConfigError) as raised:
        config.load(path)
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_says_that_a_file_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        config.load(tmp_path / "none.toml")


def test_says_that_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)


@pytest.mark.parametrize("name", sorted(p.name for p in __import__("pathlib").Path("configs").glob("*.toml")))
def test_the_configs_that_ship_are_valid(name):
    config.load(f"configs/{name}")
