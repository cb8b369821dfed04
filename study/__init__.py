"""Tune linear regression with momentum, track it, and grade the usual advice."""

from importlib.metadata import PackageNotFoundError, version

from study.errors import DivergenceError
from study.estimator.regressor import MomentumRegressor

try:
    __version__ = version("momentum-study")
except PackageNotFoundError:  # a logged model carries the estimator without the distribution
    __version__ = "unknown"

__all__ = ["DivergenceError", "MomentumRegressor", "__version__"]
