"""What is said before a study: the table as it was understood, its curvature, and how long it will take."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from study import config
from study.commands import understanding
from study.problems.splits import train_test
from study.tuning.study_data import load_study_data
from tests.conftest import design_hessian


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    draw = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("tables") / "houses.csv"
    size = draw.normal(size=120)
    pd.DataFrame(
        {
            "id": range(120),
            "size": size,
            "age": draw.normal(size=120),
            "city": draw.choice(["Rome", "Oslo", "Bern"], 120),
            "price": size + draw.normal(size=120),
        }
    ).to_csv(path, index=False, sep=";")
    return path


def load(table, **overrides):
    given = {"data.path": str(table), "data.target": ["price"]}
    return load_study_data(config.load(None, given | {k.replace("__", "."): v for k, v in overrides.items()}))


def test_a_table_is_described_by_its_roles_and_what_was_dropped(table):
    lines = understanding.describe(load(table)).splitlines()
    assert lines[:5] == [
        "houses: price from 2 numbers, 1 category of houses.csv",
        "  houses.csv: ASCII, semicolons between fields; 120 rows",
        "  numbers: size, age",
        "  categories: city",
        "  dropped: 'id' counts the rows from 0 to 119",
    ]
    assert "  96 rows in 5 folds, 24 held out, 5 features, 1 target" in lines


def test_groups_and_time_are_said(table):
    assert "5 folds, each after the rows it is tuned on," in understanding.describe(
        load(table, data__time="age")
    )
    said = understanding.describe(load(table, data__group="city", data__drop=["id"]))
    assert "in 2 folds without parting a group," in said


def test_the_condition_and_the_stability_limit_are_those_of_the_training_rows(table):
    data = load(table, data__drop=["city"])
    X, *_ = train_test(data.problem, data.config.data, 0)
    eigenvalues = np.linalg.eigvalsh(design_hessian(StandardScaler().fit_transform(X)))
    said = re.search(
        r"κ = ([\d.]+); stable at β = 0.9 for η < ([\d.]+), full batch", understanding.describe(data)
    )
    assert float(said[1]) == pytest.approx(eigenvalues[-1] / eigenvalues[0], rel=1e-3)
    # η (1 − β) L < 2 (1 + β) in the form where the average's weight is 1 − β.
    assert float(said[2]) == pytest.approx(2 * 1.9 / (0.1 * eigenvalues[-1]), rel=1e-2)


def test_the_limit_of_mini_batches_is_below_that_of_the_full_batch_and_adam_has_none(table):
    full, small = (
        float(re.search(r"η < ([\d.]+)", understanding.describe(load(table, model__batch_size=size)))[1])
        for size in (None, 2)
    )
    assert small < full
    assert "for η < " in understanding.describe(load(table, model__batch_size=2, model__dropout=0.1))
    assert "no stability limit is known for adam" in understanding.describe(load(table, model__solver="adam"))


def test_the_time_grows_with_the_trials_and_is_said_as_a_person_says_it(table):
    few, many = (understanding.seconds_for(load(table, search__n_trials=n)) for n in (10, 1000))
    assert 1 < few < 60
    assert many > 20 * few
    assert understanding.duration(0.3) == "about 5 seconds"
    assert understanding.duration(63) == "about 65 seconds"
    assert understanding.duration(20 * 60) == "about 20 minutes"
    assert understanding.duration(4 * 3600) == "about 4.0 hours"
