"""Tune linear regression with momentum, track it, and grade the usual advice."""

from study.fitting import DivergenceError
from study.regressor import MomentumRegressor

__all__ = ["DivergenceError", "MomentumRegressor"]
