"""How numbers, effects, β and η are written for people."""

import math
from collections.abc import Mapping
from typing import Any

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


def percent(share: float) -> str:
    """Write a share in per cent.

    Examples
    --------
    >>> percent(0.975), percent(0.8)
    ('97.5 %', '80 %')
    """
    return f"{100 * share:g} %"


def symbol(name: str) -> str:
    """Return a hyper-parameter's letter, or its name if it has none."""
    return SYMBOLS.get(name, name)


def setting(params: Mapping[str, float]) -> str:
    """Return a setting of the hyper-parameters as a report writes it.

    Examples
    --------
    >>> setting({"beta": 0.88223, "eta": 0.0175912})
    'β = 0.8822, η = 0.01759'
    """
    return ", ".join(f"{symbol(name)} = {value:.4g}" for name, value in params.items())


def caption(name: str, params: Mapping[str, Any], ending: str = "") -> str:
    """Return a plot's title: a name, the β and η that belong to it, and how the trial ended.

    Examples
    --------
    >>> caption("Trial 3", {"beta": 0.5, "eta": 30.0}, "diverged at epoch 4")
    'Trial 3: β 0.5, η 30, diverged at epoch 4'
    """
    found = [f"{SYMBOLS[key]} {_four_digits(params[key])}" for key in ("beta", "eta") if key in params]
    words = [f"{name}: {', '.join(found)}" if found else name]
    return ", ".join([*words, ending] if ending else words)


def trial_name(trial: int, params: Mapping[str, Any]) -> str:
    """Return the name of a trial's run, short enough for the column of MLflow's list of runs.

    Examples
    --------
    >>> trial_name(7, {"beta": 0.88123, "eta": 0.0179})
    'β 0.88 η 0.018'
    """
    found = []
    for key in ("beta", "eta"):
        value = params.get(key)
        if isinstance(value, float | int) and key == "beta" and 0.9 < value < 1:
            # 0.9991 and 0.9995 differ in their distance to 1: two digits of that.
            decimals = 1 - math.floor(math.log10(1 - value))
            found.append(f"{SYMBOLS[key]} {value:.{decimals}f}".rstrip("0"))
        elif isinstance(value, float | int):
            found.append(f"{SYMBOLS[key]} {number(value, 2)}")
        elif value is not None:
            found.append(f"{SYMBOLS[key]} {value}")
    return " ".join(found) or f"trial {trial}"


def _four_digits(value: Any) -> str:
    return number(float(value), 4) if isinstance(value, int | float) else str(value)


class EffectNotation:
    """How one kind of effect is written, and how it is placed on the axis of a claim's picture.

    δ, the smallest effect that matters, is written and placed in the same way.

    Attributes
    ----------
    unit : str
        The name of the word that follows a number that stands alone, in the catalogues of `study.reports`.
        Empty where the number needs no word.
    axis_label : str
    log_axis : bool
        Whether the axis is logarithmic.
    """

    unit = ""
    axis_label = ""
    log_axis = False

    def text(self, effect: float) -> str:
        """Write an effect, without its unit's word."""
        if math.isinf(effect):
            return "∞" if effect > 0 else "−∞"
        return self._finite(effect).replace("-", "−")

    def on_axis(self, effect: float) -> float:
        """Return the effect's place on the axis."""
        return 100 * effect

    def _finite(self, effect: float) -> str:
        raise NotImplementedError


class SpeedRatio(EffectNotation):
    """The logarithm of a ratio of epochs.

    Examples
    --------
    >>> SpeedRatio().text(0.2776)
    '×1.32'
    """

    axis_label = "Ratio, in the claim's favour above 1"
    log_axis = True

    def on_axis(self, effect: float) -> float:
        return math.exp(effect)

    def _finite(self, effect: float) -> str:
        return f"×{number(math.exp(effect), 3)}"


class LossRatio(EffectNotation):
    """The logarithm of a ratio of test losses.

    Examples
    --------
    >>> LossRatio().text(0.0488)
    '+5.0 %'
    """

    axis_label = "Test loss saved (%)"

    def on_axis(self, effect: float) -> float:
        return 100 * math.expm1(effect)

    def _finite(self, effect: float) -> str:
        return f"{100 * math.expm1(effect):+.1f} %"


class Regret(EffectNotation):
    """The logarithm of what a setting costs, as a multiple of the best.

    Examples
    --------
    >>> Regret().text(0.0488)
    '5.0 %'
    """

    axis_label = "Cost as a multiple of the best"
    log_axis = True

    def on_axis(self, effect: float) -> float:
        return math.exp(effect)

    def _finite(self, effect: float) -> str:
        return f"{100 * math.expm1(effect):.1f} %"


class CellShare(EffectNotation):
    """The share of cells where a thing occurs.

    Examples
    --------
    >>> CellShare().text(0.25)
    '25 %'
    """

    axis_label = "Share of cells where it occurs (%)"

    def _finite(self, effect: float) -> str:
        return f"{100 * effect:.0f} %"


class Points(EffectNotation):
    """A difference of two shares, in percentage points.

    Examples
    --------
    >>> Points().text(-0.05)
    '−5'
    """

    unit = "points"
    axis_label = "Difference in the claim's favour (points)"

    def _finite(self, effect: float) -> str:
        # Adding 0 makes a rounded −0 a 0.
        return f"{round(100 * effect) + 0:+d}"


def effect_notation(rule: str, kind: str) -> EffectNotation:
    """Return how the effects of a claim are written.

    Parameters
    ----------
    rule : {"effect", "share", "regret"}
        How the claim is graded.
    kind : {"speed", "test loss", "share"}
        What its δ is for; it decides only where the rule is "effect".

    Examples
    --------
    >>> effect_notation("share", "speed").text(0.25)
    '25 %'
    """
    if rule == "share":
        return CellShare()
    if rule == "regret":
        return Regret()
    return {"speed": SpeedRatio, "test loss": LossRatio, "share": Points}[kind]()
