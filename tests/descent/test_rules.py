"""The update rules by numbers worked out by hand, and the relations between them."""

import numpy as np
import pytest

from study.descent import rules

# w = 1, v = 2, s = 4, g = 3, third update, η = 0.1, β = 0.5, β₂ = 0.75, ε = 0.5.
STATE = {
    "w": 1.0,
    "v": 2.0,
    "s": 4.0,
    "g": 3.0,
    "t": 3,
    "eta": 0.1,
    "beta": 0.5,
    "beta_2": 0.75,
    "epsilon": 0.5,
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (rules.momentum, (0.75, 2.5, 4.0)),  # v = 1 + 1.5, w = 1 − 0.25
        (rules.nesterov, (0.725, 2.5, 4.0)),  # w = 1 − 0.1 (1.25 + 1.5)
        (rules.heavy_ball, (0.6, 4.0, 4.0)),  # v = 1 + 3, w = 1 − 0.4
        (rules.sgd, (0.7, 2.0, 4.0)),
        (rules.rmsprop, (1 - 0.3 / (4.05**0.5 + 0.5), 2.0, 4.05)),  # s = 3.96 + 0.09
        # v̂ = 2.5 / (1 − 1/8) = 20/7; s = 3 + 2.25 = 5.25, ŝ = 5.25 / (1 − 27/64) = 336/37
        (rules.adam, (1 - 0.1 * (20 / 7) / ((336 / 37) ** 0.5 + 0.5), 2.5, 5.25)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_update_is_the_one_worked_out_by_hand(rule, expected):
    assert rule(**STATE) == pytest.approx(expected, rel=1e-15)


def test_an_array_is_updated_coordinate_by_coordinate(rng):
    w, v, s, g = rng.uniform(size=(4, 6, 2))
    for rule in (rules.momentum, rules.nesterov, rules.heavy_ball, rules.sgd, rules.rmsprop, rules.adam):
        found = rule(w, v, s, g, 4, 0.1, 0.9, 0.99, 1e-8)
        for place in np.ndindex(6, 2):
            alone = rule(w[place], v[place], s[place], g[place], 4, 0.1, 0.9, 0.99, 1e-8)
            assert [part[place] for part in found] == pytest.approx(alone, rel=1e-15)
