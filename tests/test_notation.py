"""How numbers, trials and effects are written, and how effects are placed on an axis."""

import math

import pytest

from study.notation import caption, effect_notation, number, setting, symbol, trial_name


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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (2846.2, "2846"),
        (12345.6, "12346"),
        (0.01234, "0.0123"),
        (-3.5, "−3.5"),
        (100, "100"),
        (1e-28, "10⁻²⁸"),
        (3.2e-7, "3.2×10⁻⁷"),
        (9.999e9, "10¹⁰"),
        (1e6, "10⁶"),
        (0.9999, "1"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_read_as_a_person_writes_them(value, shown):
    assert number(value) == shown


def test_a_parameter_without_a_letter_keeps_its_name():
    assert [symbol(name) for name in ("beta", "eta", "alpha", "dropout")] == ["β", "η", "α", "dropout"]


def test_a_setting_names_every_parameter_with_four_digits():
    params = {"beta": 0.882234, "eta": 0.0175912, "alpha": 1.0}
    assert setting(params) == "β = 0.8822, η = 0.01759, α = 1"


@pytest.mark.parametrize(
    ("beta", "shown"),
    [
        (0.88223, "0.88"),
        (0.9, "0.9"),
        (0.912, "0.912"),
        (0.99512, "0.9951"),
        (0.9995, "0.9995"),
        (0.0, "0"),
        (1 - 1e-5, "0.99999"),
    ],
)
def test_a_trials_name_tells_betas_near_one_apart(beta, shown):
    assert trial_name(12, {"beta": beta, "eta": 0.30999}) == f"β {shown} η 0.31"


def test_a_trials_name_does_without_beta():
    assert trial_name(3, {"eta": "auto"}) == "η auto"
    assert trial_name(3, {}) == "trial 3"


def test_a_caption_says_beta_and_eta_and_how_a_trial_ended():
    params = {"beta": 0.5, "eta": "auto", "alpha": 1.0}
    assert caption("best", params) == "best: β 0.5, η auto"
    assert caption("Trial 3", {}, "failed") == "Trial 3, failed"
