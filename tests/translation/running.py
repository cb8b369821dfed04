"""Runs translated code as it is printed, and reads the weights that it ends at."""

import importlib
import os

import numpy as np
import pytest

from study import MomentumRegressor
from study.translation.snippets import Settings, translate
from tests.conftest import standardised

PACKAGES = {"pytorch": "torch", "keras": "keras", "optax": "optax"}

IN_ORDER = {
    "pytorch": ("torch.randperm(len(X))", "torch.arange(len(X))"),
    "keras": ("shuffle=True", "shuffle=False"),
    "optax": ("draw.permutation(len(X))", "np.arange(len(X))"),
    "sklearn": ("shuffle=True", "shuffle=False"),
}
"""How the code draws the rows at random, and how it takes them in their order."""


def need(library):
    """Skip a test whose library is missing, but not where .ci/test_translations has installed it."""
    package = PACKAGES[library]
    if os.environ.get("STUDY_TRANSLATE_LIBRARIES") == "installed":
        importlib.import_module(package)
    else:
        pytest.importorskip(package, reason=f"{package} is not installed; .ci/test_translations installs it")


def end_of(library, settings, X, y):
    """The weights and, in the last row, the intercepts that a library's code ends at; shape (d + 1, n_targets)."""
    random, ordered = IN_ORDER[library]
    code = translate(settings, library).code
    assert random in code
    names = {"X": X, "y": y}
    exec(compile(code.replace(random, ordered), f"<{library}>", "exec"), names)
    if library == "pytorch":
        parameters = [p.detach().numpy() for p in names["model"].parameters()]
        parameters[0] = parameters[0].T
    elif library == "keras":
        parameters = names["model"].get_weights()
    elif library == "optax":
        parameters = [np.asarray(value) for _, value in sorted(names["params"].items())]
    else:
        parameters = [names["model"].coefs_[0], names["model"].intercepts_[0]]
    assert all(p.dtype == np.float64 for p in parameters)
    intercept = parameters[1] if len(parameters) > 1 else np.zeros(parameters[0].shape[1])
    return np.vstack([parameters[0], intercept])


def our_end(settings, X, y):
    """Where MomentumRegressor ends, in the same shape."""
    model = MomentumRegressor(
        settings.eta,
        settings.beta,
        solver=settings.solver,
        schedule=settings.schedule,
        alpha=settings.alpha,
        batch_size=settings.batch_size,
        fit_intercept=settings.fit_intercept,
        max_iter=settings.max_iter,
        shuffle=False,
        tol=None,
    ).fit(X, y)
    return np.vstack([np.atleast_2d(model.coef_).T, np.atleast_1d(model.intercept_)])


def assert_follows(library, *, epochs=(2, 1000), **values):
    """The library's code ends where MomentumRegressor ends, after a few updates and after 1,000."""
    X, y = standardised("linnerud" if values.pop("targets", 1) > 1 else "diabetes")
    for max_iter in epochs:
        settings = Settings(max_iter=max_iter, **values)
        expected = our_end(settings, X, y)
        atol = 1e-10 * np.abs(expected).max()
        np.testing.assert_allclose(end_of(library, settings, X, y), expected, rtol=1e-10, atol=atol)
