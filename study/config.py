"""A study's TOML, validated. The only place that knows the file's keys."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from study import storage
from study.descent.solvers import SOLVERS
from study.errors import ConfigError
from study.problems.catalogue import PROBLEMS
from study.tuning.samplers import SAMPLERS


def one_of(names: Iterable[str]) -> BeforeValidator:
    """Return the validator of a key whose values are the names in a table of another module."""
    known = list(names)

    def check(value: object) -> object:
        if value not in known:
            raise PydanticCustomError("unknown_name", "unknown name", {"known": known})
        return value

    return BeforeValidator(check)


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
    """Which problem, and how its rows are split and scaled."""

    problem: Annotated[str, one_of(PROBLEMS)]
    test_size: float = Field(0.2, gt=0, lt=1)
    n_splits: int = Field(5, ge=2)
    scale: bool = True
    synthetic: Synthetic = Synthetic()


class Model(Section):
    """The parameters of MomentumRegressor that are not searched, by its names."""

    solver: Annotated[str, one_of(SOLVERS)] = "momentum"
    schedule: Literal["constant", "invscaling", "exponential", "cosine", "adaptive"] = "constant"
    batch_size: int | None = Field(None, ge=1)
    alpha: float = Field(0.0, ge=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    fit_intercept: bool = True
    max_iter: int = Field(100, ge=1, le=1_000_000)


class Range(Section):
    """The least and the largest value that is searched."""

    low: float
    high: float

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low = {self.low:g} is above high = {self.high:g}; swap them")
        return self


class PositiveRange(Range):
    """The range of a parameter that is searched on a log scale."""

    low: float = Field(gt=0)
    high: float = Field(gt=0)


class BetaRange(Range):
    """The range of β, which is searched through 1 − β."""

    low: float = Field(ge=0, lt=1)
    high: float = Field(ge=0, lt=1)


class Search(Section):
    """What is searched, how, and for what."""

    n_trials: int = Field(100, ge=1, le=1_000_000)
    objective: Literal["val_loss", "epochs"] = "val_loss"
    sampler: Annotated[str, one_of(SAMPLERS)] = "tpe"
    pruner: Literal["none", "median", "hyperband"] = "none"
    beta: BetaRange = BetaRange(low=0.0, high=0.999)
    eta: PositiveRange = PositiveRange(low=1e-3, high=10.0)
    alpha: PositiveRange | None = None


class Storage(Section):
    """MLflow's store and Optuna's storage, as URIs."""

    tracking_uri: str = storage.TRACKING_URI
    optuna: str = storage.OPTUNA_URI


class Config(Section):
    """A whole study."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]
    seed: int = Field(0, ge=0, lt=2**32)
    data: Data
    model: Model = Model()
    search: Search = Search()
    storage: Storage = Storage()

    @model_validator(mode="after")
    def _synthetic_data_can_be_made(self) -> Self:
        spec = self.data.synthetic
        if spec.n <= spec.d:
            raise ValueError(f"data.synthetic.n = {spec.n} is not above d = {spec.d}; raise n")
        if spec.n * spec.d > 200_000_000:
            raise ValueError(f"data.synthetic is {spec.n} by {spec.d}, too large to make; lower n or d")
        noiseless = self.data.problem == "synthetic" and spec.noise == 0
        if self.search.objective == "epochs" and noiseless:
            raise ValueError(
                'search.objective = "epochs" needs a least-squares loss above 0 to be within 1 % of; '
                "set data.synthetic.noise above 0"
            )
        return self


def load(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Config:
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
        If the file cannot be read, is not TOML, or has a key or a value that a study does not know.
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
    """Return one line about the first error: the key, its value, and what the value should be."""
    # A misspelt key is two errors: an unknown key, and a missing one. The unknown key explains both.
    first = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")[0]
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    if first["type"] == "extra_forbidden":
        *parents, leaf = first["loc"]
        known = list(_section(parents).model_fields)
        return f"unknown key {key!r}{_nearest(leaf, known)}{more}"
    if first["type"] == "missing":
        return f"{key!r} is missing{more}"
    if first["type"] in ("literal_error", "unknown_name"):
        known = first["ctx"].get("known") or _literals(first["loc"])
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


def _section(loc: Sequence[int | str]) -> type[BaseModel]:
    """Return the class of the table that a location, such as ("search", "eta"), names."""
    section: type[BaseModel] = Config
    for part in loc:
        annotation = section.model_fields[str(part)].annotation
        # An optional table is a union with None.
        candidates = get_args(annotation) or (annotation,)
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return section


def _literals(loc: Sequence[int | str]) -> list[str]:
    """Return the values of the key at a location whose type is a Literal."""
    return list(get_args(_section(loc[:-1]).model_fields[str(loc[-1])].annotation))


def _nearest(word: object, known: Sequence[str]) -> str:
    """Return the end of a message: the known name that is nearest to a word, or all known names."""
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(map(str, known))}"
