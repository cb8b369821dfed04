"""Keyword arguments of Python as a config: the same keys, without their tables."""

from pathlib import Path

import pytest

from study import config, keywords
from study.errors import ConfigError

GIVEN = {
    "n_trials": 7,
    "seed": 3,
    "max_iter": 20,
    "batch_size": 8,
    "test_size": 0.3,
    "sampler": "qmc",
    "eta": {"low": 0.01, "high": 1.0},
    "alpha": 0.5,
}
TOML = """
seed = 3
data = { problem = "diabetes", test_size = 0.3 }
model = { max_iter = 20, batch_size = 8, alpha = 0.5 }
search = { n_trials = 7, sampler = "qmc", eta = { low = 0.01, high = 1.0 } }
"""


def test_keys_without_their_tables_give_the_config_that_the_file_gives(tmp_path):
    path = tmp_path / "diabetes.toml"
    path.write_text(TOML)
    assert keywords.of_config(None, {"problem": "diabetes", **GIVEN}) == config.load(path)


def test_keys_take_the_place_of_a_files_and_of_a_configs(tmp_path):
    path = tmp_path / "diabetes.toml"
    path.write_text('data.problem = "diabetes"\nmodel.max_iter = 5\nsearch.sampler = "random"\n')
    changes = {key: value for key, value in GIVEN.items() if key != "sampler"}
    of_file, of_object = (keywords.of_config(base, changes) for base in (path, config.load(path)))
    assert of_file == of_object
    assert (of_file.model.max_iter, of_file.search.sampler) == (20, "random")


def test_a_changed_config_keeps_its_folders_its_credentials_and_what_was_left_out(tmp_path):
    (tmp_path / "a.toml").write_text(
        'data = { path = "houses.csv", target = "price" }\nstorage.tracking_uri = "postgresql://me:word@host/db"\n'
    )
    before = config.load(tmp_path / "a.toml")
    after = keywords.of_config(before, {"n_trials": 3})
    assert after.data.path == str(tmp_path / "houses.csv")
    assert after.storage.tracking_uri == "postgresql://me:word@host/db"
    assert "n_splits" not in after.data.model_fields_set
    assert (before.search.n_trials, after.search.n_trials) == (100, 3)


def test_a_file_in_the_place_of_a_problem(tmp_path):
    before = config.Config.model_validate({"name": "a", "data": {"problem": "iris"}})
    after = keywords.of_config(before, {"path": tmp_path / "houses.csv", "target": ("price", "rent")})
    assert after.data.problem is None
    assert (after.data.path, after.data.target) == (str(tmp_path / "houses.csv"), ["price", "rent"])


def test_alpha_is_fixed_where_it_is_a_number_and_searched_where_it_is_a_range():
    assert keywords.of_arrays({"alpha": 0.1}).model.alpha == 0.1
    searched = keywords.of_arrays({"alpha": {"low": 1e-3, "high": 1.0}})
    assert searched.search.alpha == config.PositiveRange(low=1e-3, high=1.0)
    assert searched.model.alpha == 0


def test_no_other_key_stands_in_two_tables():
    """A key of a config is given without its table, so that its name must say which it is."""
    tables = [config.Data, config.Model, config.Search, config.Storage]
    keys = [key for table in tables for key in table.model_fields]
    assert sorted({key for key in keys if keys.count(key) > 1}) == ["alpha"]
    assert not {*keys} & {*config.Config.model_fields}


def test_a_study_of_arrays_is_named_data_and_counts_as_no_problem():
    found = keywords.of_arrays({})
    assert (found.name, found.data.problem, found.data.path) == ("data", None, None)
    assert keywords.of_arrays({"group": "patient", "drop": "b"}).data.group == "patient"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"n_trails": 3}, "unknown key 'n_trails'; did you mean 'n_trials'?"),
        (
            {"model": {"max_iter": 3}},
            "unknown key 'model'; give the keys of that table alone, such as solver=...",
        ),
        ({"max_iter": "many"}, "model.max_iter = 'many': input should be a valid integer"),
        ({"sampler": "tp"}, "search.sampler = 'tp' is unknown; did you mean 'tpe'?"),
        ({"eta": {"lo": 3, "high": 4}}, "unknown key 'search.eta.lo'; did you mean 'low'?"),
        ({"problem": "iris"}, "data: problem is given beside X and y; leave problem out, or X and y"),
        ({"target": "a"}, "data: target is given beside X and y; leave target out, or X and y"),
        ({"group": "a", "time": "b"}, "data: both group and time are given; leave one of them out"),
        ({"name": "a b"}, "name: 'a b' cannot name a study and its model"),
    ],
)
def test_a_wrong_key_or_value_is_named(keys, said):
    with pytest.raises(ConfigError) as raised:
        keywords.of_arrays(keys)
    assert said in str(raised.value)


def test_what_is_no_config_is_said():
    with pytest.raises(ConfigError, match="config is of type dict; give a Config or the path of a TOML file"):
        keywords.of_config({"name": "a"}, {})
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        keywords.of_config(Path("nowhere.toml"), {})
