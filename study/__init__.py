"""Tune linear regression with momentum, track it, and grade the usual advice."""

from study.regressor import DivergenceError, MomentumRegressor

__all__ = ["DivergenceError", "MomentumRegressor"]
