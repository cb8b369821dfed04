"""How a person gets to MLflow's UI of a store: by a command, or by the address of a page."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from study import storage

if TYPE_CHECKING:
    from study.tracking import Store


def ui_address(tracking_uri: str) -> str:
    """Return the address of a store's UI: of a tracking server its own, of other stores that of `study ui`.

    Examples
    --------
    >>> ui_address("sqlite:///mlruns/mlflow.db"), ui_address("https://me:secret@host:8080/")
    ('http://127.0.0.1:5000', 'https://host:8080')
    """
    if not tracking_uri.startswith("http"):
        return f"http://{storage.UI_HOST}:{storage.UI_PORT}"
    scheme, _, rest = storage.hide_credentials(tracking_uri).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].rstrip('/')}"


def how_to_see(tracking_uri: str) -> str:
    """Return what shows a store's runs: a server's address, or the command as it can be typed in this folder."""
    if tracking_uri.startswith("http"):
        return ui_address(tracking_uri)
    command = f"{_program()} ui"
    if tracking_uri == storage.TRACKING_URI:
        return command
    return f"{command} --tracking-uri {shlex.quote(storage.hide_credentials(tracking_uri))}"


def trial_runs(store: "Store", study_run_id: str) -> tuple[dict[int, str], dict[int, str]]:
    """Return the id of each trial's run, and the address of its page, both by the trial's number.

    Parameters
    ----------
    store : Store
    study_run_id : str
        Of the study's run.
    """
    address = ui_address(store.uri)
    runs = {trial.number: trial for trial in store.trials(study_run_id) if trial.number is not None}
    ids = {number: trial.run_id for number, trial in runs.items()}
    return ids, {number: f"{address}/{trial.page}" for number, trial in runs.items()}


def _program() -> str:
    """Return how this program is called where a person stands: `study`, or its path where the shell does not find it."""
    beside = Path(sys.executable).with_name("study")
    if shutil.which("study") or not beside.exists():
        return "study" if shutil.which("study") else "python -m study"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))
