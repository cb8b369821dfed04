"""Asking the processor for memory before it is needed, from code that numba compiles."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic


def _prefetch_line(typing_context: Any, address: Any) -> Any:
    """Ask the processor for the cache line at an address, into its second level, and do not wait for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (pointer,), ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        )
        read, second_level, data = number(0), number(2), number(1)
        builder.call(prefetch, [builder.inttoptr(arguments[0], pointer), read, second_level, data])
        return context.get_dummy_value()

    return types.void(types.intp), generate


prefetch_line: Any = intrinsic(_prefetch_line)
"""(address) → None, in compiled code."""


@njit(error_model="numpy", forceinline=True)
def prefetch(address: int, start: int, stop: int, itemsize: int) -> None:
    """Prefetch elements start to stop of the array whose memory begins at the address."""
    first = address + np.intp(start) * itemsize
    for line in range(first & ~63, address + np.intp(stop) * itemsize, 64):
        prefetch_line(line)
