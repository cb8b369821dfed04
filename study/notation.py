"""How numbers, β and η are written for people."""

import math

SYMBOLS = {"beta": "β", "eta": "η", "alpha": "α"}
"""A hyper-parameter's letter, by its name."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """A number as a person writes it: 0.0123, 2910, 3.2×10⁻⁷."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    # Rounded first: 9.999 is 10, with one decimal less.
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if -5 < int(exponent) < 6:
        text = f"{value:.{max(0, digits - 1 - int(exponent))}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        times = {"1": "", "-1": "-"}.get(mantissa, f"{mantissa}×")
        text = f"{times}10{superscript(int(exponent))}"
    return text.replace("-", "−")


def superscript(exponent: int) -> str:
    """An exponent as it is written above the line."""
    return str(exponent).translate(SUPERSCRIPTS)
