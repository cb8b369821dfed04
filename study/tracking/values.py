"""Records and settings as the plain values that a tracking store holds: text, JSON, names. Knows no store."""

import contextlib
import getpass
import json
import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.trial import TrialRecord

MODEL_NEEDS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops", "numba")
# MLflow refuses longer ones, or cuts them with a warning on the terminal (params 6000, tags 8000).
LONGEST = 5000


@dataclass(frozen=True)
class RunView:
    """What a resumed study or a report needs to know of a run.

    Attributes
    ----------
    run_id, name, status : str
        As MLflow has them.
    number : int or None
        Optuna's number of the trial; None for a study.
    state : str or None
        `study.state`; None for a study and for a trial that has not ended.
    params, tags : dict of str to str
    metrics : dict of str to float
        The last value of each.
    """

    run_id: str
    name: str
    status: str
    number: int | None
    state: str | None
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def weights(record: TrialRecord) -> dict[str, Any]:
    """What `weights.json` holds.

    Parameters
    ----------
    record : TrialRecord

    Returns
    -------
    dict
        `feature_names`, `target_names`, `coef` and `intercept` (means over folds) and `folds`, a list of
        each fold's `coef` and `intercept`. As in scikit-learn, one target gives a list of weights and a
        number, several give a list of lists and a list.
    """
    coef, intercept = np.asarray(record.coef, float), np.asarray(record.intercept, float)
    if coef.ndim == 3 and coef.shape[1] == 1:
        coef, intercept = coef[:, 0], intercept[:, 0]
    folds = [{"coef": c.tolist(), "intercept": b.tolist()} for c, b in zip(coef, intercept, strict=True)]
    return {
        "feature_names": list(record.feature_names),
        "target_names": list(record.target_names),
        "coef": coef.mean(axis=0).tolist() if folds else [],
        "intercept": intercept.mean(axis=0).tolist() if folds else [],
        "folds": folds,
    }


def diverged_epoch(losses: np.ndarray) -> int:
    """The first epoch, from 1, whose loss is not finite; the last one if all are."""
    lost = np.flatnonzero(~np.isfinite(losses))
    return int(lost[0]) + 1 if lost.size else len(losses)


def as_text(value: Any) -> str:
    """A param's or tag's value."""
    # A NumPy float's repr names its type.
    text = repr(float(value)) if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Params or tags as text, those that are None left out."""
    return {key: as_text(value) for key, value in values.items() if value is not None}


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def to_json(content: Any) -> bytes:
    """Strict JSON: NumPy values become plain, numbers that are not finite null."""
    return json.dumps(_plain(content), ensure_ascii=False, allow_nan=False, indent=1).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)


def trial_name(number: int, params: Mapping[str, Any]) -> str:
    """A run's name that can be read in a list, such as `trial 007: β 0.912, η 0.31`."""
    found = []
    for key, sign in (("beta", "β"), ("eta", "η")):
        value = params.get(key)
        if isinstance(value, float | int) and key == "beta" and 0.9 < value < 1:
            # What tells 0.9991 from 0.9995 is the distance to 1.
            found.append(f"{sign} {value:.{1 - math.floor(math.log10(1 - value))}f}".rstrip("0"))
        elif value is not None:
            found.append(f"{sign} {value:.3g}" if isinstance(value, float | int) else f"{sign} {value}")
    return f"trial {number:03d}" + (f": {', '.join(found)}" if found else "")


def origin() -> dict[str, str]:
    """Tags that only MLflow's fluent API sets by itself."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        # A container may run under an id that has no name.
        user = "unknown"
    return {"mlflow.user": user, "mlflow.source.name": "study", "mlflow.source.type": "LOCAL"}


def floats(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without integer columns, of which MLflow warns: a missing value would make them floats."""
    whole = frame.select_dtypes(include=["integer", "bool"]).columns
    return frame.astype(dict.fromkeys(whole, float)).rename(columns=str)


def copy_package(target: str) -> str:
    """Copy this package's source, so that a model can carry it; compiled caches stay behind."""
    shutil.copytree(Path(__file__).parent, target, ignore=shutil.ignore_patterns("__pycache__", "*.nb?"))
    return target


def requirements() -> list[str]:
    """What a model needs to be loaded, at the versions that made it."""
    pinned = []
    for name in MODEL_NEEDS:
        with contextlib.suppress(PackageNotFoundError):
            pinned.append(f"{name}=={version(name)}")
    return pinned


def slug(name: str) -> str:
    """A study's name as a folder's."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "study"
