"""The check by fits: they arrive when the closed form says."""

from study.guidance.lab.arms import LOOSE_TARGET, tune_arm
from study.guidance.lab.fit_check import LONGEST_FIT, compare_with_fits, fitted_arrival
from study.guidance.lab.quadratics import quadratics


def test_fits_arrive_when_the_closed_form_says():
    for problem in quadratics(0)[::6]:
        for beta in (0.0, 0.9):
            arm = tune_arm(problem.spectrum, [beta], LOOSE_TARGET)
            if arm.epochs < LONGEST_FIT:
                assert fitted_arrival(problem, arm, LOOSE_TARGET) == arm.epochs


def test_long_descents_are_not_repeated():
    problem = quadratics(0)[-1]
    arm = tune_arm(problem.spectrum, [0.0], LOOSE_TARGET)
    assert arm.epochs >= LONGEST_FIT
    assert compare_with_fits([(problem, arm)], LOOSE_TARGET) == {"fits": 0, "epochs_apart": 0.0}
