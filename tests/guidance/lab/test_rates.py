"""Theory's lines over κ: the best rates against the known ones."""

import numpy as np
import pytest

from study.guidance.lab.rates import KAPPA_LINE, best_rate, read_line


@pytest.mark.parametrize("kappa", [3.0, 38.0, 1442.0])
def test_the_best_rate_without_momentum_is_the_known_one(kappa):
    assert best_rate(0.0, kappa) == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-2)


def test_the_best_rate_of_momentum_is_the_root_of_beta():
    assert best_rate(0.9, 500.0) == pytest.approx(np.sqrt(0.9))


def test_a_line_is_read_between_its_points():
    between = np.sqrt(KAPPA_LINE[3] * KAPPA_LINE[4])
    assert read_line(np.log(KAPPA_LINE), between) == pytest.approx(np.log(between))
