"""`study init` writes a config that `study run` takes, and says in it what it found."""

import numpy as np
import pandas as pd
import pytest

from study import config
from study.commands import init
from study.errors import TableError, UserError
from study.tuning.study_data import load_study_data


@pytest.fixture
def table(tmp_path):
    draw = np.random.default_rng(0)
    path = tmp_path / "tables" / 'my "houses" 1.csv'
    path.parent.mkdir()
    names = {"size": 1, "new\nline": 2, "price": 3, 'the "tax"': 4}
    pd.DataFrame({name: draw.normal(size=30) for name in names}).assign(constant=1).to_csv(path, index=False)
    return path


def test_the_config_is_that_of_the_table_with_every_default(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = init.write_config(table, ["price"])
    assert str(path) == "my-houses-1.toml"
    written = config.load(path)
    alone = config.load(None, {"data.path": str(table), "data.target": ["price"]})
    assert written.model_dump() == alone.model_dump()
    assert load_study_data(written).problem.roles.numbers == ("size", "new\nline", 'the "tax"')
    text = path.read_text(encoding="utf-8")
    assert "# dropped: constant is constant, 1" in text
    assert "# numbers: size, new line," in text


def test_the_path_is_relative_to_the_config_and_several_targets_are_a_list(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    path = init.write_config(table, ["price", 'the "tax"'], tmp_path / "configs" / "a.toml")
    assert '"../tables/' in path.read_text(encoding="utf-8")
    assert load_study_data(config.load(path)).y.shape[1] == 2


def test_every_key_in_a_comment_is_one_that_a_config_knows(table, tmp_path):
    text = init.write_config(table, ["price"], tmp_path / "a.toml").read_text(encoding="utf-8")
    for key in ("drop", "group", "time", "n_splits"):
        assert f"# {key} = " in text
        assert key in config.Data.model_fields
    assert "# batch_size = 32" in text
    assert '# metric = "r2"' in text
    assert "# n_splits = 5 " in text


def test_nothing_is_written_over_and_nothing_for_a_table_that_cannot_be_used(table, tmp_path):
    taken = tmp_path / "a.toml"
    taken.write_text("mine")
    with pytest.raises(UserError, match=r"a\.toml: exists; name another file with -o"):
        init.write_config(table, ["price"], taken)
    assert taken.read_text() == "mine"
    with pytest.raises(TableError, match="did you mean 'price'"):
        init.write_config(table, ["prize"], tmp_path / "b.toml")
    with pytest.raises(UserError, match="cannot be written"):
        init.write_config(table, ["price"], tmp_path / "none" / "b.toml")
    assert not (tmp_path / "b.toml").exists()
