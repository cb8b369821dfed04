"""What a result depends on: seeds, versions, commit, data."""

import hashlib
import importlib.metadata
import platform
import subprocess
from pathlib import Path

import pandas as pd

PACKAGES = ("numpy", "scipy", "scikit-learn", "numba", "optuna", "mlflow", "matplotlib")


def derive_seed(seed: int, *names: object) -> int:
    """Return a seed below 2³² that depends on another seed and on names alone.

    Examples
    --------
    >>> derive_seed(0, "folds") == derive_seed(0, "folds")
    True
    >>> derive_seed(0, "folds") == derive_seed(0, "test split")
    False
    """
    key = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a result depends on."""
    return {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in PACKAGES
    }


def commit() -> str | None:
    """Return the commit of the source code, with "-dirty" if it was changed since; None outside a repository."""
    source = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(source), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        if not git("ls-files", __file__):
            return None
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def data_hash(*tables: pd.DataFrame) -> str:
    """Return a hash of the tables' columns and values."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update("\0".join(table.columns).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
