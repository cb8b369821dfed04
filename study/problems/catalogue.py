"""Every problem by its name, the only list of them; a new problem is a row of the table.

Importing this module loads no data and no library that reads them, so that the config can take its names from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from study.problems import bundled, synthetic
from study.problems.problem import Problem

if TYPE_CHECKING:
    from study.config import Data

PROBLEMS: dict[str, Callable[[Data, int], Problem]] = {
    "note": lambda data, seed: synthetic.note(),
    "diabetes": lambda data, seed: bundled.diabetes(),
    "linnerud": lambda data, seed: bundled.linnerud(),
    "wine": lambda data, seed: bundled.wine(),
    "iris": lambda data, seed: bundled.iris(),
    "breast_cancer": lambda data, seed: bundled.breast_cancer(),
    "synthetic": lambda data, seed: synthetic.conditioned(data.synthetic, seed),
}
"""What makes each problem from a config's `[data]` and the study's seed."""


def load(data: Data, seed: int) -> Problem:
    """Return the problem that a config's `[data]` names: a row of the table, or a person's own table.

    Raises
    ------
    TableError
        If a person's table cannot be read or used.
    """
    if data.problem is not None:
        return PROBLEMS[data.problem](data, seed)
    from study.problems import tables

    return tables.from_file(data)
