"""Tune linear regression with momentum, track it, and grade the usual advice.

`MomentumRegressor`, `tune`, `advise` and the version are looked up when they are first asked for (PEP 562), so that what does
not fit a model, such as ``study --help``, does not wait for scikit-learn.
"""

from typing import TYPE_CHECKING, Any

from study.errors import DivergenceError

if TYPE_CHECKING:
    from study.api import advise, tune
    from study.estimator.regressor import MomentumRegressor

    __version__: str

__all__ = ["DivergenceError", "MomentumRegressor", "__version__", "advise", "tune"]


def __getattr__(name: str) -> Any:
    """Import what is offered, or look the version up, at its first use."""
    if name == "MomentumRegressor":
        from study.estimator.regressor import MomentumRegressor

        return MomentumRegressor
    if name in ("advise", "tune"):
        from study import api

        return getattr(api, name)
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("momentum-study")
        except PackageNotFoundError:  # a logged model carries the estimator without the distribution
            return "unknown"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
