"""A study's TOML, validated. The only place that knows the file's keys."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from study import storage
from study.descent.solvers import SOLVERS
from study.errors import ConfigError
from study.problems.catalogue import PROBLEMS

SAMPLER_NAMES = ("tpe", "random", "qmc", "grid", "cmaes", "gp")
"""What `search.sampler` may be; `study.tuning.samplers` has what each is."""

METRIC_NAMES = (
    "r2",
    "explained_variance",
    "d2_absolute_error_score",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
)
"""What `search.metric` may be: scikit-learn's scorers of regressions."""

LARGEST_FILE = 16 * 1024
"""Bytes of a file that is read. A config is a few lines."""

LONGEST_VALUE = 120
"""Characters of a value that a message shows."""

LARGEST, SMALLEST = 1e12, 1e-12
"""Bounds of the floats. The squares of losses between them are finite, and so is all that is computed from them."""

LEAST_NOISE = 1e-6
"""Less noise than this leaves a least-squares loss that rounding hides."""

LARGEST_SEED = 2**32 - 1
"""Most that a generator of NumPy takes."""

LARGEST_COUNT = 10_000_000
"""Most rows of a problem, so most folds and most rows of a batch."""


def one_of(names: Iterable[str]) -> BeforeValidator:
    """Return the validator of a key whose values are the names in a table of another module."""
    known = list(names)

    def check(value: object) -> object:
        if value not in known:
            raise PydanticCustomError("unknown_name", "unknown name", {"known": known})
        return value

    return BeforeValidator(check)


def store_of(program: storage.Program) -> AfterValidator:
    """Return the validator of a key whose value is the URI of a program's store. Nothing is opened."""

    def check(uri: str) -> str:
        storage.check_uri(uri, program)
        return uri

    return AfterValidator(check)


def check_name(name: str) -> str:
    """Return a study's name, or raise ValueError if MLflow cannot register a model under it."""
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,59}", name):
        raise ValueError(
            f"{_shown(name)} cannot name a study and its model; set name to at most 60 letters A-Z and a-z, digits, "
            "_ and -, the first a letter or a digit"
        )
    return name


class Section(BaseModel):
    """A table of the file: no unknown keys, no silent conversions, no changes once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Synthetic(Section):
    """A linear problem of known condition."""

    n: int = Field(200, ge=10, le=LARGEST_COUNT, description="rows")
    d: int = Field(10, ge=1, le=5_000, description="features")
    condition: float = Field(
        100.0, ge=1, le=LARGEST, description="κ, the ratio of X's extreme covariance eigenvalues"
    )
    noise: float = Field(0.5, ge=0, le=LARGEST, description="standard deviation of the noise on y")
    sparsity: float = Field(0.0, ge=0, lt=1, description="share of the true weights that are 0")


def check_columns(value: object) -> object:
    """Return one column's name as a list of one."""
    return [value] if isinstance(value, str) else value


Columns = Annotated[list[str], BeforeValidator(check_columns)]
"""Names of columns; one name may stand without brackets."""


class Data(Section):
    """Which problem or whose table, and how its rows are split and scaled.

    `path` is the file's once the config is loaded, whatever the current folder. `model_dump` and `repr` have its last part
    alone, because its folders may name a person.
    """

    problem: Annotated[str, one_of(PROBLEMS)] | None = None
    path: str | None = Field(None, repr=False)
    target: Columns | None = None
    drop: Columns | None = None
    group: str | None = None
    time: str | None = None
    test_size: float = Field(0.2, gt=0, lt=1)
    n_splits: int = Field(5, ge=2, le=LARGEST_COUNT)
    scale: bool = True
    synthetic: Synthetic = Synthetic()

    @field_serializer("path")
    def _hide_folders(self, path: str | None) -> str | None:
        return None if path is None else Path(path).name

    @model_validator(mode="after")
    def _is_a_problem_or_a_table(self) -> Self:
        if self.problem is None and self.path is None:
            raise ValueError("neither problem nor path is given; name a problem, or the file of a table")
        if self.problem is not None and self.path is not None:
            raise ValueError("both problem and path are given; leave one of them out")
        if self.path is not None and not self.target:
            raise ValueError("path is given without target; name the column to predict")
        if self.path is None and (self.target or self.drop or self.group or self.time):
            raise ValueError("target, drop, group and time are for a table; name its file with path")
        if self.group is not None and self.time is not None:
            raise ValueError("both group and time are given; leave one of them out")
        return self


class Model(Section):
    """The parameters of MomentumRegressor that are not searched, by its names."""

    solver: Annotated[str, one_of(SOLVERS)] = "momentum"
    schedule: Literal["constant", "invscaling", "exponential", "cosine", "adaptive"] = "constant"
    batch_size: int | None = Field(None, ge=1, le=LARGEST_COUNT)
    alpha: float = Field(0.0, ge=0, le=LARGEST)
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

    low: float = Field(ge=SMALLEST, le=LARGEST)
    high: float = Field(ge=SMALLEST, le=LARGEST)


class BetaRange(Range):
    """The range of β, which is searched through 1 − β."""

    low: float = Field(ge=0, lt=1)
    high: float = Field(ge=0, lt=1)


class Search(Section):
    """What is searched, how, and for what."""

    n_trials: int = Field(100, ge=1, le=1_000_000)
    objective: Literal["val_loss", "epochs"] = "val_loss"
    metric: Annotated[str, one_of(METRIC_NAMES)] | None = None
    sampler: Annotated[str, one_of(SAMPLER_NAMES)] = "tpe"
    pruner: Literal["none", "median", "hyperband"] = "none"
    beta: BetaRange = BetaRange(low=0.0, high=0.999)
    eta: PositiveRange = PositiveRange(low=1e-3, high=10.0)
    alpha: PositiveRange | None = None


class Storage(Section):
    """MLflow's store and Optuna's storage, as URIs.

    Only the attributes hold the credentials of a URI: `model_dump` and `repr` hide them.
    """

    tracking_uri: Annotated[str, store_of("MLflow")] = Field(storage.TRACKING_URI, repr=False)
    optuna: Annotated[str, store_of("Optuna")] = Field(storage.OPTUNA_URI, repr=False)

    @field_serializer("tracking_uri", "optuna")
    def _hide_credentials(self, uri: str) -> str:
        return storage.hide_credentials(uri)


class Config(Section):
    """A whole study."""

    name: Annotated[str, AfterValidator(check_name)]
    seed: int = Field(0, ge=0, le=LARGEST_SEED)
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
        if self.data.problem != "synthetic":
            return self
        if self.search.objective == "epochs" and spec.noise < LEAST_NOISE:
            raise ValueError(
                'search.objective = "epochs" needs a least-squares loss above 0 to be within 1 % of; '
                f"set data.synthetic.noise above 0, at least {LEAST_NOISE:g}"
            )
        if spec.noise == 0 and spec.d == round(spec.sparsity * spec.d):
            raise ValueError(
                f"data.synthetic.sparsity = {spec.sparsity:g} makes all {spec.d} true weights 0, and there is no noise; "
                "lower sparsity"
            )
        return self


def load(path: str | Path | None, overrides: Mapping[str, Any] | None = None) -> Config:
    """Read and validate a study's config.

    Parameters
    ----------
    path : str, Path or None
        None for a study whose keys are all in `overrides`; it is named after its table.
    overrides : mapping of str to object, optional
        Values by dotted key, such as ``{"search.n_trials": 20}``, that take the place of the file's. A ``data.path``
        among them also takes the place of the file's ``data.problem``, and is relative to the current folder.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If the file cannot be read, is not TOML, or has a key or a value that a study does not know.
    """
    overrides = dict(overrides or {})
    prefix = "" if path is None else f"{path}: "
    table = {} if path is None else _read(Path(path))
    own = overrides.get("data.path") if path is None else path
    table.setdefault("name", name_from(Path(own or "")))
    data = table.get("data")
    if isinstance(data, dict) and isinstance(data.get("path"), str):
        data["path"] = str(Path(path or "").parent / data["path"])
    if "data.path" in overrides:
        overrides["data.problem"] = None
    for key, value in overrides.items():
        *parents, leaf = key.split(".")
        section = table
        for parent in parents:
            section = section.setdefault(parent, {})
            if not isinstance(section, dict):
                raise ConfigError(f"{prefix}{parent!r} must be a table")
        section[leaf] = value
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{prefix}{explain(error)}") from None


def name_from(path: Path) -> str:
    """Return the name of a study from that of its file: letters, digits, _ and -."""
    if path.suffix == ".toml":
        return re.sub(r"[^\w.-]+", "-", path.stem)[:60]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-_")[:60] or "table"


def _read(path: Path) -> dict[str, Any]:
    """Return the table of a TOML file; raise ConfigError if it has none."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigError(
                f"{path}: is larger than {LARGEST_FILE // 1024} KiB; a config is a few lines of TOML"
            )
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; configs/ holds examples") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot be read (byte {error.start} is not UTF-8)") from None
    except ConfigError:
        raise
    except ValueError as error:
        # A TOMLDecodeError, a number with too many digits, or a path with a NUL character.
        raise ConfigError(f"{path}: not TOML: {str(error).partition(';')[0]}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not a config: its values are nested too deep") from None


def explain(error: ValidationError) -> str:
    """Return one line about the first error: the key, its value, and what the value should be."""
    # A misspelt key is two errors: an unknown key, and a missing one. The unknown key explains both.
    first = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")[0]
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    if first["type"] == "extra_forbidden":
        *parents, leaf = first["loc"]
        known = list(_section(parents).model_fields)
        return f"unknown key {_shown(key)}{nearest(leaf, known)}{more}"
    if first["type"] == "missing":
        return f"{key!r} is missing{more}"
    if first["type"] in ("literal_error", "unknown_name"):
        known = first["ctx"].get("known") or _literals(first["loc"])
        return f"{key} = {_shown(first['input'])} is unknown{nearest(first['input'], known)}{more}"
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    for bound in first.get("ctx", {}).values():
        if isinstance(bound, float):
            # pydantic writes 1e-12 with all its zeros.
            message = f"{message.rpartition(' ')[0]} {bound:g}"
    if not key:
        return f"{message}{more}"
    if first["type"] in ("model_type", "model_attributes_type"):
        return f"{key} = {_shown(first['input'])}: must be a table of its own keys{more}"
    if first["type"] == "value_error":
        return f"{key}: {message}{more}"
    return f"{key} = {_shown(first['input'])}: {message}{more}"


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


def nearest(word: object, known: Sequence[str]) -> str:
    """Return the end of a message: the known name that is nearest to a word, or all known names."""
    close = difflib.get_close_matches(word if isinstance(word, str) else "", known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(map(str, known))}"


def _shown(value: object) -> str:
    """Return a value as a message shows it: on one line, not long, without a URI's credentials."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    try:
        text = repr(value)
    except ValueError:
        text = ""  # a whole number of more digits than Python writes
    if not 0 < len(text) <= LONGEST_VALUE:
        return f"a value of type {type(value).__name__}, too long to show"
    return storage.hide_credentials(text)
