"""`study translate`: a setting as code for other libraries."""

import json
from collections.abc import Mapping

from pydantic import ValidationError

from study.commands.checks import check_has_studies
from study.config import LARGEST, Model
from study.descent.solvers import SOLVERS
from study.errors import ConfigError
from study.summary import BestTrial, StudySummary
from study.translation.snippets import LIBRARIES, RATES, Settings, script


def code(settings: Settings, library: str | None = None) -> str:
    """Return a setting as code for one library, or for all of them, one after the other."""
    return "\n\n".join(script(settings, name) for name in ([library] if library else LIBRARIES))


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
    files = store.read_files(chosen[0].run_id)
    best = StudySummary.from_json(json.loads(files["summary.json"])).best if "summary.json" in files else None
    model = recorded_model(chosen[0].params)
    settings = settings_of(model, best)
    if settings is None:
        reason = "its model was recorded by another version"
        if best is None:
            reason = "it has no completed trial, or did not reach its end"
        elif model is not None:
            reason = f"solver {model.solver!r} is not among {', '.join(RATES)}"
        raise ConfigError(f"run {chosen[0].run_id} cannot be translated: {reason}")
    return settings


def settings_of(model: Model | None, best: BestTrial | None) -> Settings | None:
    """Return a study's best setting, to be translated; None where there is none, or its solver is not translated.

    Parameters
    ----------
    model : Model or None
        What the study did not search, if that is known.
    best : BestTrial or None
        What it found.
    """
    if model is None or best is None or model.solver not in RATES:
        return None
    return Settings(**model.model_dump() | best.params)


def recorded_model(params: Mapping[str, str]) -> Model | None:
    """Return the part `model` of a config from the params of a study's run; None if this version cannot read it."""
    found = {key.removeprefix("model."): value for key, value in params.items() if key.startswith("model.")}
    try:
        return Model.model_validate_strings(found)
    except ValidationError:
        return None
