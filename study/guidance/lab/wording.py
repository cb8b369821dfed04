"""How a protocol's text writes the numbers that it takes from the code."""

import math
from collections.abc import Iterable

from study.guidance.claim import Text
from study.notation import superscript

WORDS = {
    3: Text("three", "三"),
    4: Text("four", "四"),
    6: Text("six", "六"),
    9: Text("nine", "九"),
    10: Text("ten", "十"),
    1_000_000: Text("a million", "一百万"),
}
"""The numbers that a text spells out; a new one is added here."""

EVERY = {2: Text("every other", "每两个"), 3: Text("every third", "每三个")}
"""How a text says that one of so many problems is measured."""


def scientific(value: float) -> str:
    """Write a power of ten or a multiple of one in short.

    Examples
    --------
    >>> scientific(1e-6), scientific(3e-4)
    ('1e-6', '3e-4')
    """
    mantissa, exponent = f"{value:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def power_of_ten(value: float) -> str:
    """Write a power of ten with its exponent above the line.

    Examples
    --------
    >>> power_of_ten(0.01)
    '10⁻²'
    """
    return f"10{superscript(round(math.log10(value)))}"


def listed(values: Iterable[float]) -> Text:
    """Write numbers one after the other, with "and" before the last in English.

    Examples
    --------
    >>> listed([0.1, 1.0, 10.0]).en, listed([0.1, 1.0, 10.0]).zh
    ('0.1, 1 and 10', '0.1、1、10')
    """
    *first, last = (f"{value:g}" for value in values)
    return Text(f"{', '.join(first)} and {last}", "、".join([*first, last]))


def percent(ratio: float) -> str:
    """Write by how many percent a ratio differs from 1, to one digit.

    Examples
    --------
    >>> percent(1.005), percent(1.02)
    ('0.5', '2')
    """
    return f"{100 * abs(ratio - 1):.1g}"


def percent_more(log_ratio: float) -> str:
    """Write by how many percent a quantity is larger, from the logarithm of the ratio.

    Examples
    --------
    >>> percent_more(0.0953)
    '10'
    """
    return f"{100 * math.expm1(log_ratio):.0f}"
