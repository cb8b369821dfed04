"""One module a claim: what the note says, how it is measured, and its pictures.

The claims are found by listing this folder. A module offers `CLAIM`, a `Claim`, and `measure`, a function from
a `Budget` to a `Measurement`.
"""

import pkgutil
import re
from importlib import import_module
from types import ModuleType

from study.guidance.claim import Budget, Claim, Measurement


def names() -> list[str]:
    """Return the ids of all claims in the order of the alphabet, from the names of the files, without importing them.

    An id's file has ``_`` for ``-``, and between two digits for ``.``.
    """
    files = [found.name for found in pkgutil.iter_modules(__path__)]
    return [re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", "-") for name in files]


def find() -> dict[str, Claim]:
    """Return every claim of this folder by its id, in the order of the note."""
    return {claim_id: module.CLAIM for claim_id, module in _modules().items()}


def measure(claim_id: str, budget: Budget) -> Measurement:
    """Measure the claim of this id."""
    measured: Measurement = _modules()[claim_id].measure(budget)
    return measured


def _modules() -> dict[str, ModuleType]:
    """Every claim's module by the claim's id, in the order of the note."""
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    modules.sort(key=lambda module: (module.CLAIM.place, module.CLAIM.id))
    return {module.CLAIM.id: module for module in modules}
