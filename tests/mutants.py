"""What `make mutants` adds to pytest: numba compiles the functions that mutmut wraps.

mutmut puts a wrapper around every function, which calls the function or one of its mutants. Numba cannot compile
that wrapper, so with this plugin it compiles the function inside. A mutant of an update rule is therefore seen by
tests that call the rule with NumPy, and not by the compiled kernels.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numba

_njit = numba.njit


def _njit_inside(function: Any = None, **options: Any) -> Callable[..., Any]:
    """`numba.njit`, of what is inside the wrapper."""
    if function is None:
        return lambda wrapped: _njit(**options)(inspect.unwrap(wrapped))
    return _njit(inspect.unwrap(function), **options)


numba.njit = _njit_inside
