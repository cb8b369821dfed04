"""What all tests share."""

import os
import shutil

# Before NumPy is loaded. The tests run in as many processes as there are cores, and threads that wait for small products would
# take the cores from them. What a person has chosen stays.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from study.descent.solvers import SOLVERS

LINEAR = [name for name, solver in SOLVERS.items() if solver.is_linear]


def standardised(name):
    """A data set that ships with scikit-learn, its varying columns standardised."""
    bunch = getattr(datasets, f"load_{name}")()
    X = bunch.data[:, bunch.data.std(axis=0) > 0]
    return StandardScaler().fit_transform(X), bunch.target.astype(float)


def conditioned(condition, *, n=200, d=5, noise=0.1, intercept=3.0, seed=0):
    """A linear problem whose centred columns' covariance has exactly this condition number."""
    draw = np.random.default_rng(seed)
    raw = draw.normal(size=(n, d))
    left, _ = np.linalg.qr(raw - raw.mean(axis=0))
    right, _ = np.linalg.qr(draw.normal(size=(d, d)))
    X = left * np.sqrt(n * np.geomspace(1, 1 / condition, d)) @ right
    return X, X @ draw.normal(size=d) + intercept + noise * draw.normal(size=n)


def design_hessian(X):
    """The Hessian of the mean squared error on X with a column of ones."""
    design = np.column_stack([X, np.ones(len(X))])
    return 2 * design.T @ design / len(X)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def empty_stores(tmp_path_factory):
    """Both stores with their schemas and nothing else; creating them takes seconds, copying them none."""
    from study.tracking import Store
    from study.tuning.storage import open_storage

    folder = tmp_path_factory.mktemp("stores") / "mlruns"
    folder.mkdir()
    open_storage(f"sqlite:///{folder}/optuna.db")
    Store(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")
    return folder


@pytest.fixture
def stores(empty_stores, tmp_path):
    """A folder with empty stores in its mlruns/."""
    shutil.copytree(empty_stores, tmp_path / "mlruns")
    return tmp_path
