"""The table of solvers: what it says of each rule is what the rule does."""

import numpy as np
import pytest

from study.descent.solvers import SOLVERS
from tests.conftest import LINEAR

ALL = list(SOLVERS.values())


def name(solver):
    return solver.name


def update(solver, w, v, s, g, *, beta=0.7, epsilon=1e-8, t=3):
    return np.array(solver.rule(w, v, s, g, t, 0.1, beta, 0.9, epsilon))


def test_codes_are_places_and_names_are_keys():
    assert [solver.code for solver in ALL] == list(range(len(ALL)))
    assert [solver.name for solver in ALL] == list(SOLVERS)
    assert list(SOLVERS) == ["momentum", "nesterov", "heavy_ball", "sgd", "rmsprop", "adam"]


@pytest.mark.parametrize("solver", ALL, ids=name)
def test_a_linear_solver_doubles_its_update_with_its_inputs(solver):
    one, two = update(solver, 1.0, 2.0, 4.0, 3.0), update(solver, 2.0, 4.0, 8.0, 6.0)
    assert np.allclose(two, 2 * one, rtol=1e-12) == solver.is_linear


@pytest.mark.parametrize("solver", ALL, ids=name)
def test_beta_has_an_effect_where_the_table_says_so(solver):
    one = update(solver, 1.0, 2.0, 4.0, 3.0, beta=0.5)
    other = update(solver, 1.0, 2.0, 4.0, 3.0, beta=0.9)
    assert (not np.array_equal(one, other)) == solver.uses_beta


@pytest.mark.parametrize("solver", ALL, ids=name)
def test_a_rule_reads_and_writes_the_states_of_the_table(solver):
    usual = update(solver, 1.0, 2.0, 4.0, 3.0)
    for place, (state, other) in enumerate((("v", (5.0, 4.0)), ("s", (2.0, 9.0))), start=1):
        found = update(solver, 1.0, *other, 3.0)
        assert (found[0] != usual[0]) == (state in solver.states)
        assert (usual[place] != (2.0, 4.0)[place - 1]) == (state in solver.states)


@pytest.mark.parametrize("solver", ALL, ids=name)
def test_steps_ignore_the_gradients_scale_where_they_are_normalised(solver):
    def steps(scale):
        w, v, s, path = 0.0, 0.0, 0.0, []
        for t in range(1, 6):
            w, v, s = solver.rule(w, v, s, scale * np.sin(t), t, 0.1, 0.7, 0.9, 0.0)
            path.append(w)
        return path

    assert np.allclose(steps(1.0), steps(1e6), rtol=1e-9) == solver.is_scale_normalised


@pytest.mark.parametrize("solver", [SOLVERS[s] for s in LINEAR], ids=name)
def test_the_steady_step_is_eta_times_the_gradient_unless_velocity_is_a_sum(solver):
    w, v = 0.0, 0.0
    for t in range(1, 400):
        before, (w, v, _) = w, solver.rule(w, v, 0.0, 3.0, t, 0.1, 0.9, None, None)
    expected = 0.1 * 3.0 / (1 - 0.9) if solver.velocity_is_sum else 0.1 * 3.0
    assert before - w == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("solver", ALL, ids=name)
def test_updates_without_data_are_a_matrix_where_the_solver_is_lazy(solver, alpha):
    def moved(w, state, t=3):
        v, s = (0.0, state) if solver.lazy_state == "s" else (state, 0.4)
        w, v, s = solver.rule(w, v, s, 2 * alpha * w, t, 0.1, 0.7, 0.9, 1e-8)
        return np.array([w, s if solver.lazy_state == "s" else v])

    added = moved(1.0, 0.0) + moved(0.0, 1.0)
    is_matrix = np.allclose(moved(1.0, 1.0), added) and np.allclose(moved(1.0, 1.0, t=4), added)
    assert is_matrix == solver.is_lazy(alpha)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("solver", ALL, ids=name)
def test_the_spectral_radius_passes_1_at_the_stability_limit(solver, beta):
    if solver.stability_limit is None:
        assert not solver.is_linear
        return
    L = 3.0
    for factor, grows in ((0.999, False), (1.001, True)):
        eta = factor * solver.stability_limit(beta, L)
        columns = [
            solver.rule(w, v, None, L * w, 1, eta, beta, None, None)[:2] for w, v in ((1.0, 0.0), (0.0, 1.0))
        ]
        # A state that the rule does not use stays as it is, with eigenvalue 1, and is left out.
        matrix = np.array(columns).T if solver.states else np.array([[columns[0][0]]])
        assert (np.abs(np.linalg.eigvals(matrix)).max() > 1) == grows
