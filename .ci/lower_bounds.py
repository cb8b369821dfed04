"""Print the lowest version that pyproject.toml allows of each direct dependency, one `name==version` a line.

Command-line arguments name the extras to add, such as `test`.
"""

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)>=([0-9][0-9A-Za-z.]*)")


def lower_bounds(pyproject: str, extras: list[str]) -> list[str]:
    """The pins of the direct dependencies and of some extras.

    Parameters
    ----------
    pyproject : str
        The text of a pyproject.toml.
    extras : list of str
        Names of its optional dependencies.

    Returns
    -------
    list of str
        One `name==version` for each requirement.

    Raises
    ------
    ValueError
        If a requirement is not written as `name>=version`.
    """
    project = tomllib.loads(pyproject)["project"]
    requirements = list(project["dependencies"])
    for extra in extras:
        requirements += project["optional-dependencies"][extra]
    pins = []
    for requirement in requirements:
        match = REQUIREMENT.fullmatch(requirement)
        if match is None:
            raise ValueError(f"{requirement!r} has no lower bound; write it as 'name>=version'")
        pins.append(f"{match[1]}=={match[2]}")
    return pins


if __name__ == "__main__":
    print("\n".join(lower_bounds(PYPROJECT.read_text(encoding="utf-8"), sys.argv[1:])))
