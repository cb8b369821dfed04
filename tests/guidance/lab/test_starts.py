"""The table of settings that theory gives, against the formulas and a descent step by step."""

import pytest

from study.guidance.lab import starts


def test_the_table_of_starts_holds_the_asymptotically_best_pair():
    for row in starts.starts():
        root = row["kappa"] ** 0.5
        assert row["beta"] == pytest.approx(((root - 1) / (root + 1)) ** 2)
        assert row["eta"] == pytest.approx(root)
        assert row["lr"] == pytest.approx(root * (1 - row["beta"]))


@pytest.mark.parametrize("kappa", [3.0, 100.0, 1442.0])
@pytest.mark.parametrize("target", starts.TARGETS)
def test_the_epochs_of_the_table_are_those_of_the_descent(kappa, target):
    root = kappa**0.5
    beta, eta = ((root - 1) / (root + 1)) ** 2, root
    w, v, left = [1.0, 1.0], [0.0, 0.0], []
    lam = [1.0, 1 / kappa]
    # v₀ = 0 is e₋₁ = e₀, as the closed form has it.
    for _ in range(3000):
        v = [beta * a + (1 - beta) * c * b for a, b, c in zip(v, w, lam, strict=True)]
        w = [b - eta * a for a, b in zip(v, w, strict=True)]
        left.append((w[0] ** 2 + w[1] ** 2) / 2)
    last = max(epoch for epoch, excess in enumerate(left, start=1) if excess > target)
    assert starts.arrival(beta, kappa, target) == last + 1
