"""How effects are written and placed on an axis."""

import math

import pytest

from study.notation import effect_notation


@pytest.mark.parametrize(
    ("rule", "kind", "effect", "text", "unit"),
    [
        ("effect", "speed", math.log(1.32), "×1.32", ""),
        ("effect", "speed", math.log(0.5), "×0.5", ""),
        ("effect", "test loss", math.log(1.05), "+5.0 %", ""),
        ("effect", "test loss", math.log(0.95), "−5.0 %", ""),
        ("effect", "share", -0.05, "−5", "points"),
        ("effect", "share", 0.12, "+12", "points"),
        ("effect", "share", -0.001, "+0", "points"),
        ("regret", "speed", math.log(1.05), "5.0 %", ""),
        ("regret", "speed", math.log(0.73), "−27.0 %", ""),
        ("share", "speed", 0.25, "25 %", ""),
        ("share", "test loss", math.inf, "∞", ""),
        ("effect", "speed", -math.inf, "−∞", ""),
    ],
)
def test_each_kind_of_effect_is_written_its_own_way(rule, kind, effect, text, unit):
    notation = effect_notation(rule, kind)
    assert (notation.text(effect), notation.unit) == (text, unit)


@pytest.mark.parametrize(
    ("rule", "kind", "effect", "place", "log"),
    [
        ("effect", "speed", math.log(2), 2.0, True),
        ("effect", "test loss", math.log(1.02), 2.0, False),
        ("effect", "share", 0.1, 10.0, False),
        ("share", "speed", 0.1, 10.0, False),
        ("regret", "speed", math.log(1.1), 1.1, True),
    ],
)
def test_an_effect_has_a_place_on_its_axis(rule, kind, effect, place, log):
    notation = effect_notation(rule, kind)
    assert notation.on_axis(effect) == pytest.approx(place)
    assert notation.log_axis is log
    assert notation.axis_label
