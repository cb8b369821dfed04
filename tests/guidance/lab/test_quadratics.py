"""The problems that claims are measured on: the ladder's condition numbers, the tables' splits, the seeds."""

import numpy as np
import pytest

from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import spectrum_at
from study.guidance.claim import Budget
from study.guidance.lab import quadratics


@pytest.mark.parametrize(
    "step", [*quadratics.LADDER, (1e4, 30, 40, 0.1, 1.0, True), (50, 800, 100, 0.5, 0.01, False)]
)
def test_a_ladder_has_the_condition_density_and_axes_asked_for(step):
    condition, n, d, _, density, rotated = step
    problem = quadratics.ladder(*step, seed=3)
    assert problem.X.shape == (n, d)
    assert problem.spectrum.condition == pytest.approx(condition, rel=1e-6)
    assert problem.spectrum.excess.sum() == pytest.approx(1)
    if condition > 1:
        np.testing.assert_allclose(problem.spectrum.excess, 1 / len(problem.spectrum.excess), rtol=1e-4)
    assert (problem.X != 0).mean() == pytest.approx(density, rel=1e-9)
    moments = problem.X.T @ problem.X
    off_diagonal = np.abs(moments - np.diag(np.diag(moments))).max() / moments.max()
    assert off_diagonal > 1e-3 if rotated and condition > 1 else off_diagonal < 1e-12


def test_a_sparse_ladder_with_fewer_rows_than_features_is_refused():
    with pytest.raises(ValueError, match="dense and rotated"):
        quadratics.ladder(10, 20, 30, 0.1, 1.0, False, seed=0)


def test_excess_is_the_loss_above_least_squares():
    for problem in quadratics.quadratics(5):
        start, least_squares = problem.loss(problem.start[:, None])[0], problem.loss.reference
        expected = start - problem.loss(least_squares)[0]
        assert problem.spectrum.excess.sum() == pytest.approx(expected, rel=1e-6)


def test_a_ladder_repeats_itself_and_differs_by_seed():
    step = quadratics.LADDER[4]
    first, again = quadratics.ladder(*step, seed=1), quadratics.ladder(*step, seed=1)
    other = quadratics.ladder(*step, seed=2)
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.allclose(first.spectrum.eigenvalues, other.spectrum.eigenvalues)


def test_problems_keep_name_and_condition_under_every_seed_and_change_their_start():
    one, two = quadratics.quadratics(1), quadratics.quadratics(2)
    assert [p.name for p in one] == [p.name for p in two]
    assert [p.condition for p in one] == [p.condition for p in two]
    assert len({p.name for p in one}) == len(one)
    assert all(
        not np.allclose(p.start, q.start)
        for p, q in zip(one, two, strict=True)
        if len(p.start) == len(q.start)
    )


def test_the_representatives_are_half_tables_and_half_steps_of_the_ladder():
    chosen = quadratics.representatives(0)
    assert [quadratics.is_synthetic(problem.name) for problem in chosen] == [False] * 4 + [True] * 4


def test_tables_are_split_and_standardised_by_their_training_rows():
    for table in quadratics.tables(0):
        np.testing.assert_allclose(table.X.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(table.X.std(axis=0), 1)
        assert table.y.std() == pytest.approx(1)
        share = len(table.y_test) / (len(table.y) + len(table.y_test))
        assert share == pytest.approx(quadratics.TEST_SIZE, abs=0.05)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("linnerud: Waist", 9),
        ("iris: petal width (cm)", 28),
        ("wine: alcohol", 45),
        ("digits: class", 146),
        ("diabetes: progression", 470),
        ("breast cancer: mean radius", 18_258),
    ],
)
def test_the_tables_have_their_known_condition_numbers(name, condition):
    table = next(table for table in quadratics.tables(0) if table.name == name)
    assert table.condition == pytest.approx(condition, rel=0.02)


def test_more_seeds_keep_the_first_ones():
    assert quadratics.seeds(Budget("full", 4, 10))[:3] == quadratics.seeds(Budget("quick", 4, 3))


def test_a_tables_spectrum_is_that_of_its_training_loss_from_the_recorded_start():
    problem = quadratics.quadratics(0)[0]
    loss = GramLoss(problem.X, problem.y[:, None])
    found = spectrum_at(Objective(loss, 0.0, np.float64), problem.start[:, None])
    np.testing.assert_allclose(found.eigenvalues, problem.spectrum.eigenvalues)
    np.testing.assert_allclose(found.excess, problem.spectrum.excess)
