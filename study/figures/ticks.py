"""Where an axis has its ticks and what they say. Numbers in, numbers and text out; knows no plotting library.

Ours rather than matplotlib's because a trial draws two plots, and locating, formatting and typesetting
their ticks is most of what that costs.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from study.notation import number, superscript

__all__ = ["asks_for_log", "beta_ticks", "factor", "linear_ticks", "log_ticks"]

WIDE = 5.0


def asks_for_log(values: np.ndarray) -> bool:
    """Whether a log scale serves positive values better than a linear one."""
    seen = values[np.isfinite(values) & (values > 0)]
    return bool(seen.size) and float(seen.max()) > WIDE * float(seen.min())


def log_ticks(low: float, high: float, most: int = 6) -> tuple[list[float], list[str]]:
    """Ticks of a log axis: decades, or 1, 2, 5 within few of them.

    Parameters
    ----------
    low, high : float
        Ends of the axis, positive.
    most : int
        At most so many ticks, roughly.

    Returns
    -------
    ticks : list of float
    labels : list of str
    """
    first, last = math.log10(low), math.log10(high)
    if last - first < 2:
        steps: Sequence[float] = (
            (1, 2, 5)
            if last - first > 1.3
            else (1, 2, 3, 5)
            if last - first > 0.75
            else (1, 1.5, 2, 3, 4, 5, 6, 8)
        )
        ticks = [s * 10.0**k for k in range(math.floor(first), math.ceil(last)) for s in steps]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) >= 2:
            return ticks, [number(t) for t in ticks]
        return linear_ticks(low, high, most)
    start, stop = math.ceil(first - 1e-9), math.floor(last + 1e-9)
    step = max(1, math.ceil((stop - start) / most))
    powers = range(math.ceil(start / step) * step, stop + 1, step)
    plain = powers[0] >= -3 and powers[-1] <= 4
    return [10.0**p for p in powers], [number(10.0**p) if plain else f"10{superscript(p)}" for p in powers]


def linear_ticks(
    low: float, high: float, most: int = 6, whole: bool = False
) -> tuple[list[float], list[str]]:
    """Ticks of a linear axis, at 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    most : int
        At most so many steps.
    whole : bool
        Integers only.

    Returns
    -------
    ticks : list of float
    labels : list of str
    """
    if high <= low:
        return [low], [number(low)]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= raw * (1 - 1e-9))
    if whole:
        step = max(1.0, step)
    ticks = [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    if len(ticks) < 2 and not (whole and step <= 1):
        return linear_ticks(low, high, most + 1, whole)
    # Enough digits to tell one tick from the next.
    top = max(abs(low), abs(high), step)
    digits = max(3, 1 + math.floor(math.log10(top)) - math.floor(math.log10(step)))
    return ticks, [number(t, digits) for t in ticks]


def factor(low: float, high: float) -> tuple[float, str]:
    """A power of ten to leave out of an axis's labels, and how to write it; 1 where they are short."""
    top = max(abs(low), abs(high))
    exponent = math.floor(math.log10(top)) if top > 0 else 0
    return (1.0, "") if -4 < exponent < 5 else (10.0**exponent, f"×10{superscript(exponent)}")


def beta_ticks(betas: Iterable[float]) -> tuple[list[float], list[str]]:
    """Ticks of an axis that is logarithmic in 1 − β, labelled by β.

    Parameters
    ----------
    betas : iterable of float
        What the axis must hold, each below 1.

    Returns
    -------
    ticks : list of float
        Values of 1 − β.
    labels : list of str
        The β of each.
    """
    gaps = [1 - b for b in betas]
    low, high = min(gaps) * 0.999, max(gaps) * 1.001
    fine = math.log10(high / low) < 2.2
    found = []
    for k in range(math.floor(math.log10(low)), 1):
        found += [s * 10.0**k for s in ((1, 2, 5) if fine else (1, 5) if k == -1 else (1,))]
    ticks = [t for t in sorted(found) if low <= t <= min(high, 1.001)]
    return ticks, [f"{1 - t:.10g}" for t in ticks]
