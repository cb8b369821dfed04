"""A config says what is wrong with it in one line."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import get_scorer, get_scorer_names

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
        ("[data]\n", "data: neither problem nor path is given; name a problem, or the file of a table"),
        ('[data]\nproblem = "iris"\npath = "t.csv"\ntarget = "y"', "data: both problem and path are given"),
        ('[data]\npath = "t.csv"', "data: path is given without target; name the column to predict"),
        ('[data]\nproblem = "iris"\ngroup = "a"', "data: target, drop, group and time are for a table"),
        ('[data]\npath = "t.csv"\ntarget = "y"\ngroup = "a"\ntime = "b"', "data: both group and time are given"),
        ('[data]\npath = "t.csv"\ntarget = [1]', "data.target.0 = 1: input should be a valid string"),
        ("data = 3", "data = 3"),
        ("[data", "not TOML"),
        (
            '[data]\nproblem = "synthetic"\nsynthetic = { noise = 0.0 }\n[search]\nobjective = "epochs"',
            "set data.synthetic.noise above 0",
        ),
        (
            '[data]\nproblem = "synthetic"\nsynthetic = { noise = 0.0, sparsity = 0.99 }',
            "makes all 10 true weights 0, and there is no noise",
        ),
        ('[data]\nproblem = "synthetic"\nsynthetic = { noise = 1e200 }', "data.synthetic.noise = 1e+200: input should be less than or equal to 1e+12"),
        ('[data]\nproblem = "synthetic"\nsynthetic = { condition = 1e300 }', "less than or equal to 1e+12"),
        ('[data]\nproblem = "iris"\n[model]\nalpha = 1e308', "model.alpha = 1e+308: input should be less than or equal to 1e+12"),
        ('[data]\nproblem = "iris"\n[search.eta]\nlow = 5e-324\nhigh = 1.0', "search.eta.low = 5e-324: input should be greater than or equal to 1e-12"),
        ('[data]\nproblem = "iris"\n[search.eta]\nlow = 0.1\nhigh = 1e308', "search.eta.high = 1e+308: input should be less than or equal to 1e+12"),
        ('[data]\nproblem = "iris"\n[search.alpha]\nlow = 5e-324\nhigh = 1e308', "search.alpha.low = 5e-324: input should be greater than or equal to 1e-12 (and 1 more)"),
        ("seed = " + "9" * 5000, "not TOML"),
        ("seed = 0x" + "f" * 5000, "seed = a value of type int, too long to show"),
        ("a = " + "[" * 2000 + "]" * 2000, "nested too deep"),
        ("data.problem = " + "[" * 300 + "]" * 300, "data.problem = a list is unknown"),
        (".".join("a" * 2000) + " = 1", "unknown key 'a'"),
        ('name = ".."\n[data]\nproblem = "iris"', "name: '..' cannot name a study"),
        ('name = "a/b"\n[data]\nproblem = "iris"', "name: 'a/b' cannot name a study"),
        ('[data]\nproblem = "iris"\n[storage]\noptuna = "sqlite:///a\\u0000b"', "storage.optuna: a store's URI has a space or a character"),
        ('[data]\nproblem = "iris"\n[storage]\noptuna = "sqlite:///?mode=ro"', "name it as sqlite:///FILE"),
        ('[data]\nproblem = "iris"\n[storage]\ntracking_uri = "file:///tmp/x"', "storage.tracking_uri: store file:///tmp/x: MLflow opens sqlite:///FILE"),
        ('[data]\nproblem = "iris"\n[storage]\noptuna = "http://127.0.0.1:5000"', "Optuna opens sqlite:///FILE"),
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


@pytest.mark.parametrize(
    "name", ["v1.2.toml", "研究.toml", "étude.toml", "-.toml", "_.toml", "a:b.toml", "a%b.toml"]
)
def test_a_file_whose_name_mlflow_cannot_register_must_name_its_study(write, name):
    """MLflow refuses a registered model, or a logged one, with any of the characters / : . % " and '."""
    try:
        loaded = config.load(write('[data]\nproblem = "iris"', name))
    except ConfigError as error:
        assert "set name to at most 60 letters" in str(error)
    else:
        assert not set(loaded.name) & set("/:.%\"'")
        assert any(letter.isalnum() and letter.isascii() for letter in loaded.name)
    named = config.load(write('name = "v1-2"\n[data]\nproblem = "iris"', name))
    assert named.name == "v1-2"


@pytest.mark.parametrize("name", ["v1.2.toml", "研究.toml", "-.toml"])
def test_a_dot_or_no_ascii_letter_in_the_files_name_is_refused(write, name):
    with pytest.raises(ConfigError, match="cannot name a study"):
        config.load(write('[data]\nproblem = "iris"', name))


def test_spaces_and_signs_of_a_files_name_become_dashes(write):
    assert config.load(write('[data]\nproblem = "iris"', "my study (2).toml")).name == "my-study-2-"


def test_a_file_that_does_not_end_or_is_large_is_not_read(tmp_path):
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 10_000_000)
    began = time.monotonic()
    for path in ("/dev/zero", large):
        with pytest.raises(ConfigError, match="is larger than 16 KiB"):
            config.load(path)
    assert time.monotonic() - began < 1


def test_no_message_holds_the_credentials_of_a_uri(write):
    for text in (
        'storage = "postgresql://me:hunter2@host/db"',
        'seed = "postgresql://me:hunter2@host/db"',
        'name = "postgresql://me:hunter2@host/db"',
        '[storage]\noptuna = "oracle://me:hunter2@host/db"',
        '[storage]\ntracking_uri = "postgresql://me:hunter2 3@host/db"',
        '[data]\nproblem = "https://hunter2@host"',
        '[data]\nproblem = { password = "hunter2", uri = "redis://:hunter2@host" }',
    ):
        with pytest.raises(ConfigError) as raised:
            config.load(write(text))
        assert "hunter2" not in str(raised.value)


def test_a_config_that_is_printed_or_dumped_hides_the_credentials(write):
    uri = "postgresql://me:hunter2@host/db"
    stores = f'[storage]\noptuna = "{uri}"\ntracking_uri = "{uri}"'
    loaded = config.load(write(f'[data]\nproblem = "iris"\n{stores}'))
    assert loaded.storage.optuna == loaded.storage.tracking_uri == uri
    assert loaded.model_dump()["storage"]["optuna"] == "postgresql://me:***@host/db"
    assert "hunter2" not in f"{loaded!r} {loaded} {loaded.model_dump()} {loaded.model_dump_json()}"


# What a person may write where a value belongs: numbers at and beyond every bound, other types, any text.
EDGES = [
    0,
    1,
    2,
    10,
    0.5,
    0.1,
    5e-324,
    1e-12,
    1e-3,
    1.0,
    1e12,
    1e16,
    1e200,
    1.7976931348623157e308,
    2**32,
    10**7,
]
NUMBERS = st.sampled_from([sign * edge for edge in EDGES for sign in (1, -1)])
ODD_NUMBERS = st.one_of(st.integers(), st.floats(), st.builds(pow, st.just(2), st.just(70000)))
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["iris", "synthetic", "tpe", "epochs", "adam", "sqlite:///x.db"])
)
VALUES = st.recursive(
    st.one_of(NUMBERS, ODD_NUMBERS, TEXTS, st.booleans(), st.dates(), st.none()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def keys_of(section, prefix=""):
    """Every key of a table of the schema and of the tables in it, dotted."""
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}"
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, config.BaseModel):
                yield from keys_of(kind, f"{prefix}{name}.")


KEYS = st.one_of(st.sampled_from(sorted(keys_of(config.Config))), st.text(min_size=1, max_size=8))


def assert_valid_or_one_line(path, overrides=None):
    try:
        loaded = config.load(path, overrides)
    except ConfigError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 500 + len(str(path))
    else:
        assert isinstance(loaded, config.Config)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("config") / "try.toml"


@given(changes=st.dictionaries(KEYS, VALUES, max_size=4))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_values_give_a_config_or_one_line(file, changes):
    file.write_text('[data]\nproblem = "synthetic"', encoding="utf-8")
    assert_valid_or_one_line(file, changes)


TOKENS = [b"[data]\n", b"problem", b"=", b'"iris"', b"seed", b"9" * 5000, b"0xff", b"1e999", b"[", b"]", b"{", b"}", b"\n",
          b".", b",", b'"""', b"'", b"\x00", b"\xff", b"\xef\xbb\xbf", b"#", b"\r", b"nan", b"1979-05-27", "κ".encode()]  # fmt: skip


@given(
    content=st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join))
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_a_config_or_one_line(file, content):
    file.write_bytes(content)
    assert_valid_or_one_line(file)


def test_the_path_of_a_table_is_relative_to_the_config_and_its_folders_are_not_recorded(write, tmp_path):
    loaded = config.load(write('[data]\npath = "tables/houses.csv"\ntarget = "price"\ndrop = ["a", "b"]'))
    assert loaded.data.path == str(tmp_path / "tables" / "houses.csv")
    assert (loaded.data.target, loaded.data.drop) == (["price"], ["a", "b"])
    assert loaded.model_dump()["data"]["path"] == "houses.csv"
    assert str(tmp_path) not in repr(loaded)


def test_a_table_without_a_config_names_the_study_and_takes_the_place_of_a_problem(write):
    loaded = config.load(None, {"data.path": "my data/houses (2).csv", "data.target": ["price"]})
    assert (loaded.name, loaded.data.path) == ("houses-2", "my data/houses (2).csv")
    assert config.load(None, {"data.path": "房价.csv", "data.target": ["价格"]}).name == "table"
    other = config.load(write('[data]\nproblem = "iris"'), {"data.path": "t.csv", "data.target": ["y"]})
    assert (other.name, other.data.problem, other.data.path) == ("try", None, "t.csv")


def test_the_metrics_are_scikit_learns_scorers_of_regressions():
    """A scorer of a regression is one whose function is defined among them."""
    scorers = {name: get_scorer(name) for name in get_scorer_names()}
    known = {
        name for name, scorer in scorers.items() if scorer._score_func.__module__.endswith("_regression")
    }
    assert set(config.METRIC_NAMES) == known
