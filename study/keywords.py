"""A study's config from the keyword arguments of `tune` and `advise`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ValidationError, model_validator

from study import config as configs
from study.config import Config, Data, Section
from study.errors import ConfigError


class DataInMemory(Data):
    """How the rows of X and y are split and scaled. They have no problem's name and no file."""

    @model_validator(mode="after")
    def _is_a_problem_or_a_table(self) -> "DataInMemory":
        for key in ("problem", "path", "target"):
            if getattr(self, key) is not None:
                raise ValueError(f"{key} is given beside X and y; leave {key} out, or X and y")
        if self.group is not None and self.time is not None:
            raise ValueError("both group and time are given; leave one of them out")
        return self


class ConfigInMemory(Config):
    """A study of X and y."""

    name: Annotated[str, AfterValidator(configs.check_name)] = "data"
    data: DataInMemory = DataInMemory()


AnyConfig = TypeVar("AnyConfig", bound=Config)


def of_arrays(keys: Mapping[str, Any]) -> ConfigInMemory:
    """Return the config of a study of X and y.

    Parameters
    ----------
    keys : mapping of str to object
        As `dotted` takes them.

    Raises
    ------
    ConfigError
        If a key or a value is wrong.
    """
    return _changed(ConfigInMemory(), keys)


def of_config(config: Config | str | Path | None, keys: Mapping[str, Any]) -> Config:
    """Return a config with some of its keys changed.

    Parameters
    ----------
    config : Config, str, Path or None
        A config, or a TOML file of one. None for a study whose keys are all given, which is named after its file or its problem.
    keys : mapping of str to object
        As `dotted` takes them.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a key or a value is wrong.
    """
    if isinstance(config, Config):
        return _changed(config, keys)
    if config is not None and not isinstance(config, str | os.PathLike):
        raise ConfigError(
            f"config is of type {type(config).__name__}; give a Config or the path of a TOML file"
        )
    if config is None and "problem" in keys:
        keys = {"name": keys["problem"], **keys}
    return configs.load(config, dotted(keys))


def dotted(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys without their table, as Python is given them, as a config's dotted keys.

    Parameters
    ----------
    keys : mapping of str to object
        A key is the last part of a config's: ``max_iter`` stands for ``model.max_iter``. ``alpha`` is that of the model,
        and where it is a table, the range that is searched.

    Raises
    ------
    ConfigError
        If a config has no such key. The message names the nearest.

    Examples
    --------
    >>> dotted({"n_trials": 20, "max_iter": 50, "eta": {"low": 0.01, "high": 1.0}})
    {'search.n_trials': 20, 'model.max_iter': 50, 'search.eta': {'low': 0.01, 'high': 1.0}}
    """
    homes = _homes()
    result = {}
    for key, value in keys.items():
        if key in Config.model_fields and key not in homes:
            first = next(
                home.partition(".")[2] for (home, *_) in homes.values() if home.startswith(f"{key}.")
            )
            raise ConfigError(f"unknown key {key!r}; give the keys of that table alone, such as {first}=...")
        if key not in homes:
            raise ConfigError(f"unknown key {key!r}{configs.nearest(key, sorted(homes))}")
        whole = homes[key][-1 if isinstance(value, Mapping) else 0]
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        result[whole] = list(value) if isinstance(value, tuple) else value
    return result


def _homes() -> dict[str, list[str]]:
    """Return the dotted keys that end in each key: one, or two where a fixed value and a range have one name."""
    homes: dict[str, list[str]] = {}
    for name, field in Config.model_fields.items():
        table = field.annotation
        if isinstance(table, type) and issubclass(table, Section):
            for key in table.model_fields:
                homes.setdefault(key, []).append(f"{name}.{key}")
        else:
            homes[name] = [name]
    return homes


def _changed(config: AnyConfig, keys: Mapping[str, Any]) -> AnyConfig:
    """Return a config with other values of some keys, validated as a whole."""
    table: dict[str, Any] = {}
    for name in Config.model_fields:
        value = getattr(config, name)
        table[name] = (
            {key: getattr(value, key) for key in value.model_fields_set}
            if isinstance(value, Section)
            else value
        )
    overrides = dotted(keys)
    if "data.path" in overrides:
        table["data"].pop("problem", None)
    for whole, value in overrides.items():
        section, _, key = whole.rpartition(".")
        (table[section] if section else table)[key] = value
    try:
        return type(config).model_validate(table)
    except ValidationError as error:
        raise ConfigError(configs.explain(error)) from None
