"""A study's TOML, validated. The only place that knows the file's keys."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from study.errors import ConfigError

Problem = Literal["note", "diabetes", "linnerud", "wine", "iris", "breast_cancer", "synthetic"]


class Section(BaseModel):
    """A table of the file: no unknown keys, no silent conversions, no changes once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Synthetic(Section):
    """A linear problem of known condition."""

    n: int = Field(200, ge=10, le=10_000_000, description="rows")
    d: int = Field(10, ge=1, le=5_000, description="features")
    condition: float = Field(100.0, ge=1, description="κ, the ratio of X's extreme covariance eigenvalues")
    noise: float = Field(0.5, ge=0, description="standard deviation of the noise on y")
    sparsity: float = Field(0.0, ge=0, lt=1, description="share of the true weights that are 0")


class Data(Section):
    problem: Problem
    test_size: float = Field(0.2, gt=0, lt=1)
    n_splits: int = Field(5, ge=2)
    scale: bool = True
    synthetic: Synthetic = Synthetic()


class Model(Section):
    """What is fixed of MomentumRegressor; its parameters, by its names."""

    solver: Literal["momentum", "nesterov", "heavy_ball", "sgd", "rmsprop", "adam"] = "momentum"
    schedule: Literal["constant", "invscaling", "exponential", "cosine", "adaptive"] = "constant"
    batch_size: int | None = Field(None, ge=1)
    alpha: float = Field(0.0, ge=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    fit_intercept: bool = True
    max_iter: int = Field(100, ge=1, le=1_000_000)


class Range(Section):
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self):
        if self.low > self.high:
            raise ValueError(f"low = {self.low:g} is above high = {self.high:g}; swap them")
        return self


class PositiveRange(Range):
    low: float = Field(gt=0)
    high: float = Field(gt=0)


class BetaRange(Range):
    low: float = Field(ge=0, lt=1)
    high: float = Field(ge=0, lt=1)


class Search(Section):
    n_trials: int = Field(100, ge=1, le=1_000_000)
    objective: Literal["val_loss", "epochs"] = "val_loss"
    sampler: Literal["tpe", "random", "qmc", "grid", "cmaes", "gp"] = "tpe"
    pruner: Literal["none", "median", "hyperband"] = "none"
    beta: BetaRange = BetaRange(low=0.0, high=0.999)
    eta: PositiveRange = PositiveRange(low=1e-3, high=10.0)
    alpha: PositiveRange | None = None


class Storage(Section):
    """Where the record goes, as URIs."""

    tracking_uri: str = "sqlite:///mlruns/mlflow.db"
    optuna: str = "sqlite:///mlruns/optuna.db"


class Config(Section):
    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]
    seed: int = Field(0, ge=0, lt=2**32)
    data: Data
    model: Model = Model()
    search: Search = Search()
    storage: Storage = Storage()

    @model_validator(mode="after")
    def _target_exists(self):
        spec = self.data.synthetic
        if spec.n <= spec.d:
            raise ValueError(f"data.synthetic.n = {spec.n} is not above d = {spec.d}; raise n")
        if spec.n * spec.d > 200_000_000:
            raise ValueError(f"data.synthetic is {spec.n} by {spec.d}, too large to make; lower n or d")
        noiseless = self.data.problem == "synthetic" and self.data.synthetic.noise == 0
        if self.search.objective == "epochs" and noiseless:
            raise ValueError(
                'search.objective = "epochs" needs a least-squares loss above 0 to be within 1 % of; '
                "set data.synthetic.noise above 0"
            )
        return self


def load(path, overrides: Mapping[str, Any] | None = None) -> Config:
    """Read and validate a study's config.

    Parameters
    ----------
    path : str or Path
    overrides : mapping of str to object, optional
        Values by dotted key, such as ``{"search.n_trials": 20}``, that take the place of the file's.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If the file cannot be read, is not TOML, or says something that a study has no use for.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; configs/ holds examples") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    table.setdefault("name", re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem)[:60])
    for key, value in (overrides or {}).items():
        *parents, leaf = key.split(".")
        section = table
        for parent in parents:
            section = section.setdefault(parent, {})
            if not isinstance(section, dict):
                raise ConfigError(f"{path}: {parent!r} must be a table")
        section[leaf] = value
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """Say the first thing wrong in one line: the key, what it is, what it should be."""
    # An unknown key is often the misspelt name of one that is then missing.
    first = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")[0]
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    if first["type"] == "extra_forbidden":
        *parents, leaf = first["loc"]
        known = list(_section(parents).model_fields)
        return f"unknown key {key!r}{_nearest(leaf, known)}{more}"
    if first["type"] == "missing":
        return f"{key!r} is missing{more}"
    if first["type"] == "literal_error":
        section = _section(first["loc"][:-1])
        known = list(get_args(section.model_fields[str(first["loc"][-1])].annotation))
        return f"{key} = {first['input']!r} is unknown{_nearest(first['input'], known)}{more}"
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if not key:
        return f"{message}{more}"
    if first["type"] in ("model_type", "model_attributes_type"):
        return f"{key} = {first['input']!r}: must be a table of its own keys{more}"
    if first["type"] == "value_error":
        return f"{key}: {message}{more}"
    return f"{key} = {first['input']!r}: {message}{more}"


def _section(loc) -> type[BaseModel]:
    """The table that a location points into."""
    section: type[BaseModel] = Config
    for part in loc:
        annotation = section.model_fields[part].annotation
        candidates = get_args(annotation) or (annotation,)
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return section


def _nearest(word, known) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(map(str, known))}"
