"""Moments against NumPy's own."""

import numpy as np
import pytest
import scipy.sparse

from study.descent import moments as m


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_means_and_covariances_are_numpys(kind, weighted, offset, rng, monkeypatch):
    monkeypatch.setattr(m, "BLOCK_BYTES", 8 * 64 * 4)  # several blocks
    X, y = rng.normal(size=(300, 4)) + offset, rng.normal(size=(300, 2))
    weights = rng.uniform(0.1, 2, size=300) if weighted else None
    total = 300 if weights is None else weights.sum()
    targets, mean, covariance, cross = m.moments(kind(X), y, weights, total)
    together = np.cov(np.hstack([X, y]).T, bias=True, aweights=weights)
    np.testing.assert_allclose(targets[0], np.average(y, axis=0, weights=weights), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mean[:, 0], np.average(X, axis=0, weights=weights), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(covariance, together[:4, :4], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(cross, together[:4, 4:], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("centred", [True, False])
def test_residual_moments_are_the_plain_sums(centred, rng):
    X, y = rng.normal(size=(90, 3)) + 5, rng.normal(size=(90, 2))
    share = rng.uniform(1, 2, size=90)
    weights, intercept = rng.normal(size=(3, 2)), rng.normal(size=(1, 2))
    mean = X.mean(axis=0)[:, None] if centred else None
    loss, gradient, intercept_gradient, square = m.residual_moments(
        X, y, share, share.sum(), mean, weights, intercept
    )
    residual, share = X @ weights + intercept - y, (share / share.sum())[:, None]
    assert loss == pytest.approx(np.sum(share * residual**2) / 2, rel=1e-12)
    assert square == pytest.approx(np.sum(share * y**2) / 2, rel=1e-12)
    np.testing.assert_allclose(gradient, 2 * X.T @ (share * residual), rtol=1e-12)
    np.testing.assert_allclose(intercept_gradient, 2 * np.sum(share * residual, axis=0)[None], rtol=1e-12)


def test_factors_multiply_to_the_covariance_and_to_its_pseudo_inverse(rng):
    rows = rng.normal(size=(50, 3)) * [1, 10, 1e4]
    covariance = np.cov(np.column_stack([rows, rows[:, 0]]).T, bias=True)  # rank 3 of 4
    factor, inverse = m.factorize(covariance)
    assert factor.shape == (3, 4)
    np.testing.assert_allclose(factor.T @ factor, covariance, rtol=1e-9, atol=1e-9 * covariance.max())
    product = covariance @ inverse @ inverse.T @ covariance
    np.testing.assert_allclose(product, covariance, rtol=1e-6, atol=1e-9 * covariance.max())


def test_a_column_without_variance_has_no_part_in_a_factor(rng):
    # Rounding leaves such a column a covariance with others, which at a large scale is large too.
    covariance = np.diag([0.0, 1.0, 4.0]) * 1e238
    covariance[0, 1:] = covariance[1:, 0] = 1e206
    factor, inverse = m.factorize(covariance)
    assert factor.shape == (2, 3)
    np.testing.assert_allclose(factor.T @ factor, np.diag([0.0, 1.0, 4.0]) * 1e238, rtol=1e-12)
    np.testing.assert_array_equal(inverse[0], 0)


@pytest.mark.parametrize("n", [1, 64, 65, 1000])
def test_blocks_cover_every_row_once(n, monkeypatch):
    monkeypatch.setattr(m, "BLOCK_BYTES", 8 * 3 * 64)
    blocks = list(m.row_blocks(np.zeros((n, 3))))
    assert [row for block in blocks for row in range(block.start, block.stop)] == list(range(n))
