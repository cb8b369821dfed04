"""`study translate`: a setting as code for other libraries."""

import json
import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from study.commands.checks import check_has_studies
from study.config import LARGEST, Model
from study.descent.solvers import SOLVERS
from study.errors import ConfigError
from study.translation.snippets import LIBRARIES, RATES, Settings, translate

if TYPE_CHECKING:
    from study.tracking import Store

INPUT = (
    "X is a float array of shape (n_samples, n_features), scaled as for MomentumRegressor; y is one of shape (n_samples,) or "
    "(n_samples, n_targets)."
)
"""What the code takes."""


def code(settings: Settings, library: str | None = None) -> str:
    """Return a setting as Python code, with what the reader must know in comments.

    Parameters
    ----------
    settings : Settings
    library : {"pytorch", "keras", "optax", "sklearn"}, optional
        All of them if it is left out, one after the other.
    """
    parts = []
    for name in [library] if library else LIBRARIES:
        translation = translate(settings, name)
        comments = [
            f"{translation.title}: the iterates of {_described(settings)}.",
            INPUT,
            *translation.caveats,
        ]
        lines = [textwrap.fill(c, 110, initial_indent="# ", subsequent_indent="#   ") for c in comments]
        parts.append("\n".join(lines) + "\n\n" + translation.code)
    return "\n\n".join(parts)


def given(
    beta: float | None = None,
    eta: float | None = None,
    solver: str = "momentum",
    schedule: str = "constant",
    alpha: float = 0.0,
) -> Settings:
    """Return the settings that a person gave as options.

    Raises
    ------
    ConfigError
        If one is missing or out of its range.
    """
    uses_beta = SOLVERS[solver].uses_beta
    for name, value in {"--beta": beta if uses_beta else 0.0, "--eta": eta}.items():
        if value is None:
            raise ConfigError(f"{name} is missing; give --beta and --eta, or the run of a study")
    beta, eta = beta or 0.0, eta or 0.0
    if not 0 <= beta < 1:
        raise ConfigError(f"--beta {beta:g}: it must be at least 0 and below 1")
    if not 0 < eta <= LARGEST:
        raise ConfigError(f"--eta {eta:g}: it must be above 0 and at most {LARGEST:g}")
    if not 0 <= alpha <= LARGEST:
        raise ConfigError(f"--alpha {alpha:g}: it must be from 0 to {LARGEST:g}")
    return Settings(beta=beta, eta=eta, solver=solver, schedule=schedule, alpha=alpha)


def recorded(tracking_uri: str, run_id: str | None) -> Settings:
    """Return the best setting of a study that was recorded.

    Parameters
    ----------
    tracking_uri : str
    run_id : str or None
        None for the newest study.

    Raises
    ------
    ConfigError
        If there is no such study, or it has no setting that can be translated.
    StoreError
        If the store cannot be read.
    """
    check_has_studies(tracking_uri)

    # Imported after the check because it takes seconds.
    from study.tracking import Store

    store = Store(tracking_uri)
    studies = store.find_studies()
    if not studies:
        raise ConfigError("the store holds no study yet; make one with `study run CONFIG`")
    chosen = [study for study in studies if run_id in (None, study.run_id)]
    if not chosen:
        raise ConfigError(f"run {run_id} is no study of this store; its newest study is {studies[0].run_id}")
    run_id = chosen[0].run_id
    best = _best_params(store, run_id)
    model = recorded_model(chosen[0].params)
    settings = None if model is None or best is None else settings_of(model, best)
    if settings is None:
        reason = "it has no completed trial" if best is None else "its model was recorded by another version"
        if model is not None and model.solver not in RATES:
            reason = f"solver {model.solver!r} is not among {', '.join(RATES)}; README.md has its settings elsewhere"
        raise ConfigError(f"run {run_id} cannot be translated: {reason}")
    return settings


def settings_of(model: Model, best: Mapping[str, Any]) -> Settings | None:
    """Return a study's best setting, to be translated; None where its solver is not translated.

    Parameters
    ----------
    model : Model
        What the study did not search.
    best : mapping of str to float
        What it searched.
    """
    return Settings(**model.model_dump() | dict(best)) if model.solver in RATES else None


def recorded_model(params: Mapping[str, str]) -> Model | None:
    """Return the part `model` of a config from the params of a study's run; None if this version cannot read it."""
    found = {key.removeprefix("model."): value for key, value in params.items() if key.startswith("model.")}
    try:
        return Model.model_validate_strings(found)
    except ValidationError:
        return None


def _best_params(store: "Store", run_id: str) -> dict[str, float] | None:
    """Return the searched parameters of a study's best trial; None if it has none or did not reach its end."""
    files = store.read_files(run_id)
    best = json.loads(files["summary.json"])["best"] if "summary.json" in files else None
    return None if best is None else best["params"]


def _described(settings: Settings) -> str:
    """Return which fit the code's iterates are those of."""
    values: dict[str, Any] = {"eta": settings.eta}
    if SOLVERS[settings.solver].uses_beta:
        values["beta"] = settings.beta
    values["solver"] = settings.solver
    defaults = Settings(eta=math.nan)
    for name in ("schedule", "batch_size", "alpha", "dropout", "fit_intercept"):
        if getattr(settings, name) != getattr(defaults, name):
            values[name] = getattr(settings, name)
    values |= {"max_iter": settings.max_iter, "tol": None}
    return f"MomentumRegressor({', '.join(f'{name}={value!r}' for name, value in values.items())})"
