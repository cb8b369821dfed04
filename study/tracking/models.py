"""A run's data and its model, as MLflow keeps them."""

import contextlib
import json
import tempfile
from typing import Any

import mlflow.sklearn
import pandas as pd
import skops.io
from mlflow import MlflowClient, entities
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.exceptions import MlflowException
from mlflow.models import Model, infer_signature

from study.tracking import values as entries

CHAMPION = "champion"


def log_dataset(
    client: MlflowClient,
    run_id: str,
    X: pd.DataFrame,
    targets: pd.DataFrame | pd.Series | None,
    name: str,
    source: str | None,
    digest: str | None,
    context: str,
) -> None:
    """Log the schema, size and hash of a run's data."""
    frame = entries.floats(X if targets is None else pd.concat([X, pd.DataFrame(targets)], axis=1))
    # MLflow knows at most one target.
    target = str(frame.columns[-1]) if frame.shape[1] == X.shape[1] + 1 else None
    made = CodeDatasetSource({"mlflow.source.name": "study.data"})
    data = from_pandas(frame, source or made, target, name, digest and digest[:36])
    tags = [entities.InputTag("mlflow.data.context", context)]
    client.log_inputs(run_id, datasets=[entities.DatasetInput(entities.Dataset(**data.to_dict()), tags)])


def log_model(
    client: MlflowClient, experiment_id: str, run_id: str, model: Any, name: str, X_example: pd.DataFrame
) -> int:
    """Log and register a model, by the steps of `mlflow.sklearn.log_model`, which needs the global store."""
    # The list is stored beside the file it vouches for; these are the types we have just fitted.
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
            code_paths=[entries.copy_package(f"{folder}/study")] if needs_code else None,
            pip_requirements=entries.requirements(),
        )
        client.log_model_artifacts(logged.model_id, f"{folder}/model")
    client.finalize_logged_model(logged.model_id, "READY")
    with contextlib.suppress(MlflowException):
        # It may exist from an earlier study; if it cannot be made, the version's error says why.
        client.create_registered_model(name)
    # `models:/ID` as the source would be looked up in the global store, whichever that is.
    made = client.create_model_version(name, logged.artifact_location, run_id, model_id=logged.model_id)
    client.set_registered_model_alias(name, CHAMPION, made.version)
    # The UI's link from the logged model to the registered one.
    link = json.dumps([{"name": name, "version": made.version}])
    client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": link})
    return int(made.version)
