"""Values that a parameter may not have are refused before the fit, by the parameter's name."""

import pytest
from sklearn.utils._param_validation import InvalidParameterError

from study import MomentumRegressor
from tests.conftest import standardised


@pytest.mark.parametrize(
    "wrong",
    [
        {"eta": 0.0}, {"eta": "automatic"}, {"beta": 1.0}, {"beta": -0.1}, {"solver": "adagrad"},
        {"batch_size": 0}, {"alpha": -1.0}, {"tol": -1.0}, {"max_iter": 0}, {"schedule": "linear"},
    ],
)  # fmt: skip
def test_wrong_values_are_refused_by_name(wrong):
    X, y = standardised("diabetes")
    with pytest.raises(InvalidParameterError, match=next(iter(wrong))):
        MomentumRegressor(**wrong).fit(X, y)


def test_every_parameter_has_a_constraint():
    assert set(MomentumRegressor._parameter_constraints) == set(MomentumRegressor().get_params())
