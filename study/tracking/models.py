"""A run's data and its model, as MLflow keeps them."""

import contextlib
import json
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pandas as pd
import skops.io
from mlflow import MlflowClient, entities
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.dataset_source import DatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.data.sources import LocalArtifactDatasetSource  # type: ignore[attr-defined]  # made at import
from mlflow.exceptions import MlflowException
from mlflow.models import Model, infer_signature

import study
from study.tracking import descriptions

CHAMPION = "champion"

MODEL_REQUIREMENTS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops", "numba")
"""The packages that a logged model needs."""

MODEL_CODE = (
    "__init__.py", "errors.py", "descent", "estimator",
    "problems/__init__.py", "problems/dates.py", "problems/gaps.py",
)  # fmt: skip
"""The parts of this package that a logged model carries: the estimator and what it imports, and what prepares a table."""

DIGEST_LENGTH = 36
"""MLflow stores no longer hash of a dataset."""


def log_dataset(
    client: MlflowClient,
    run_id: str,
    X: pd.DataFrame,
    targets: pd.DataFrame,
    name: str,
    digest: str,
    file: str | None = None,
) -> None:
    """Log the schema, size and hash of a run's data.

    Parameters
    ----------
    client : MlflowClient
    run_id : str
    X : DataFrame
    targets : DataFrame
    name, digest : str
    file : str, optional
        The name of the file that the data were read from.
    """
    frame = _without_integers(pd.concat([X, targets], axis=1))
    # MLflow knows at most one target.
    target = str(frame.columns[-1]) if targets.shape[1] == 1 else None
    source: DatasetSource = CodeDatasetSource({"mlflow.source.name": "study.data"})
    if file is not None:
        source = LocalArtifactDatasetSource(file)
    data = from_pandas(frame, source, target, name, digest[:DIGEST_LENGTH])
    tags = [entities.InputTag("mlflow.data.context", "training")]
    client.log_inputs(run_id, datasets=[entities.DatasetInput(entities.Dataset(**data.to_dict()), tags)])


def _without_integers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without integers: MLflow warns of them, because they cannot hold a missing value."""
    whole = frame.select_dtypes(include=["integer", "bool"]).columns
    return frame.astype(dict.fromkeys(whole, float)).rename(columns=str)


def log_model(
    client: MlflowClient,
    experiment_id: str,
    run_id: str,
    model: Any,
    name: str,
    X_example: pd.DataFrame,
    description: str,
) -> int:
    """Log a model, register it under a name with the alias `champion`, and return its version.

    These are the steps of `mlflow.sklearn.log_model`, which works on MLflow's global tracking URI alone.

    Parameters
    ----------
    client : MlflowClient
    experiment_id, run_id : str
    model : estimator
    name : str
    X_example : DataFrame
        A few rows of the input.
    description : str
        Of the version, in Markdown.
    """
    # skops loads only types that are said to be safe; these are the types that were fitted here.
    trusted = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    needs_code = any(kind.startswith("study.") for kind in trusted)
    logged = client.create_logged_model(experiment_id, name, run_id)
    ids: dict[str, Any] = {"run_id": run_id, "model_id": logged.model_id, "model_uuid": logged.model_id}
    client.log_outputs(run_id, [entities.LoggedModelOutput(logged.model_id, step=0)])
    with tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(
            model,
            f"{folder}/model",
            mlflow_model=Model(artifact_path=logged.artifact_location, **ids),
            signature=infer_signature(X_example, model.predict(X_example)),
            input_example=X_example,
            serialization_format="skops",
            skops_trusted_types=trusted,
            code_paths=[_copy_code(Path(folder, "study"))] if needs_code else None,
            pip_requirements=_requirements(),
        )
        client.log_model_artifacts(logged.model_id, f"{folder}/model")
    client.finalize_logged_model(logged.model_id, "READY")
    with contextlib.suppress(MlflowException):
        # It may exist from an earlier study. If it cannot be created, the error of the next call says why.
        client.create_registered_model(name, description=descriptions.MODEL)
    # Not `models:/ID` as the source: MLflow would look that up in its global store, which may be another one.
    made = client.create_model_version(
        name, logged.artifact_location, run_id, description=description, model_id=logged.model_id
    )
    client.set_registered_model_alias(name, CHAMPION, made.version)
    # MLflow's UI reads this tag for the link from the logged model to the registered one.
    link = json.dumps([{"name": name, "version": made.version}])
    client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": link})
    return int(made.version)


def _copy_code(target: Path) -> str:
    """Copy the part of this package that a model needs, without compiled files."""
    package = Path(study.__file__).parent
    target.mkdir()
    for name in MODEL_CODE:
        (target / name).parent.mkdir(exist_ok=True)
        if (package / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.nb?")
            shutil.copytree(package / name, target / name, ignore=ignored)
        else:
            shutil.copy(package / name, target / name)
    return str(target)


def _requirements() -> list[str]:
    """Return what a model needs to be loaded, at the versions that are installed here."""
    pinned = []
    for name in MODEL_REQUIREMENTS:
        with contextlib.suppress(PackageNotFoundError):
            pinned.append(f"{name}=={version(name)}")
    return pinned
