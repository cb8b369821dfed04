"""`study ui`: MLflow's UI on the project's store."""

import contextlib
import os
import subprocess
import sys

from study.storage import UI_HOST
from study.tracking import Store


def serve(tracking_uri: str, port: int) -> int:
    """Serve a store in MLflow's UI, to this machine only, until it is interrupted.

    Parameters
    ----------
    tracking_uri : str
    port : int

    Returns
    -------
    int
        The server's exit code.
    """
    store = Store(tracking_uri)
    address = f"http://{UI_HOST}:{port}/"
    print(address, flush=True)
    for study in store.find_studies()[:1]:
        # The bare address opens MLflow's page for language models.
        for name, page in store.pages(study.tags["study.name"]).items():
            print(f"{study.name}, {name}: {address}{page}", flush=True)
    command = [sys.executable, "-m", "mlflow", "server"]
    command += ["--host", UI_HOST, "--port", str(port), "--workers", "1"]
    # In the environment, because other users can read a process's arguments, and the URI may hold a password.
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": tracking_uri}
    # MLflow's job execution serves its own jobs. A study has none of them, and it takes 1.7 GB.
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    with contextlib.suppress(KeyboardInterrupt):
        return subprocess.run(command, env=environment).returncode
    return 0
