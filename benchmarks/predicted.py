"""The expected loss of mini-batches: how good and how fast, against the fits that it replaces.

`python -m benchmarks.predicted` predicts the mean of 32 fits for 500 random settings on bundled tables and synthetic
problems, and times a surface of 2,500 pairs against a fit a pair and seed. `--plot FILE` draws predicted against
measured loss for 100 settings on one page.
"""

import argparse
import time

import numpy as np
from matplotlib.figure import Figure

from study.descent import batches
from study.descent.theory import expected_surface
from study.guidance.lab.quadratics import quadratics, tables

SETTINGS, SEEDS = 500, 32
N, D, BATCH, EPOCHS, SIDE = 10_000, 20, 32, 30, 50
MOST_KAPPA = 1e5


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the expected loss of mini-batches against fits.")
    parser.add_argument("--plot", metavar="FILE", help="draw 100 settings instead of the table")
    parser.add_argument("--settings", type=int, default=SETTINGS)
    options = parser.parse_args()
    if options.plot:
        picture(compare(100)).savefig(options.plot, dpi=120)
        return
    report(compare(options.settings))
    speed()


def compare(count: int) -> list[dict[str, float]]:
    """Predict and measure random settings: batches of 4 to n/2, 3 to 100 epochs, 1 − β in [0.003, 1], η in [1e-3, 1]."""
    data = {table.name: (table.X, table.y) for table in tables(0)}
    for problem in quadratics(0):
        if problem.name not in data and problem.condition <= MOST_KAPPA:
            data[problem.name] = problem.X, problem.y
    draw, names, found = np.random.default_rng(7), list(data), []
    for i in range(count):
        X, y = data[names[i % len(names)]]
        batch_size = round(np.exp(draw.uniform(np.log(4), np.log(len(y) / 2))))
        epochs = round(np.exp(draw.uniform(np.log(3), np.log(100))))
        beta, eta = 1 - 10 ** draw.uniform(np.log10(0.003), 0), 10 ** draw.uniform(-3, 0)
        losses = np.array([fit(X, y, beta, eta, batch_size, epochs, seed) for seed in range(SEEDS)])
        predicted = expected_surface(X, y, [beta], [eta], epochs, batch_size)[0].item()
        with np.errstate(all="ignore"):
            error = losses.std(ddof=1) / np.sqrt(SEEDS)
        found.append(
            {"predicted": predicted, "mean": losses.mean(), "error": error, "start": float(np.mean(y**2))}
        )
    return found


def fit(
    X: np.ndarray, y: np.ndarray, beta: float, eta: float, batch_size: int, epochs: int, seed: int
) -> float:
    """The training loss after so many epochs of the compiled mini-batches that `MomentumRegressor` runs."""
    draw, targets = np.random.default_rng(seed), np.ascontiguousarray(y[:, None])
    X = np.ascontiguousarray(X)
    theta = np.zeros((X.shape[1] + 1, 1))
    velocity, square, updates = np.zeros_like(theta), np.zeros_like(theta), 0
    for _ in range(epochs):
        updates = batches.dense_epoch(
            X, targets, None, draw.permutation(len(y)), batch_size, theta, velocity, square, updates,
            solver="momentum", eta=eta, beta=beta, beta_2=0.999, epsilon=1e-8, alpha=0.0,
        )  # fmt: skip
    with np.errstate(all="ignore"):
        loss = float(np.mean((X @ theta[:-1, 0] + theta[-1, 0] - y) ** 2))
    return loss if np.isfinite(loss) else np.inf


def report(found: list[dict[str, float]]) -> None:
    """Print how many settings are predicted within 2 % or two standard errors, and how divergence is called."""
    close, apart, agrees = [], [], []
    for one in found:
        stable = one["mean"] < 2 * one["start"]
        agrees.append(stable == (one["predicted"] < 2 * one["start"]))
        if stable:
            gap = abs(one["predicted"] - one["mean"])
            close.append(gap < max(0.02 * one["mean"], 2 * one["error"]))
            apart.append(gap / one["mean"])
    print(
        f"{len(found)} random settings, mean of {SEEDS} fits each; {len(close)} end below twice their start"
    )
    print(f"  within 2 % or two standard errors   {100 * np.mean(close):.1f} %   (mark: ≥ 95 %)")
    print(f"  relative difference, median         {100 * np.median(apart):.2f} %")
    print(f"  divergence called right             {100 * np.mean(agrees):.1f} %   (mark: ≥ 98 %)")


def speed() -> None:
    """Print the time of a surface, and of the fits that it replaces."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(N, D)) @ draw.normal(size=(D, D))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = X @ draw.normal(size=D) + draw.normal(size=N)
    grid = 1 - np.geomspace(1, 0.003, SIDE), np.geomspace(1e-3, 1, SIDE)
    expected_surface(X, y, [0.9], [0.01], 2, BATCH)
    fit(X, y, 0.9, 0.01, BATCH, 1, 0)
    surface, single = np.inf, np.inf
    for _ in range(5):
        began = time.perf_counter()
        expected_surface(X, y, *grid, EPOCHS, BATCH)
        middle = time.perf_counter()
        fit(X, y, 0.9, 0.01, BATCH, EPOCHS, 0)
        surface, single = min(surface, middle - began), min(single, time.perf_counter() - middle)
    times = SEEDS * single * SIDE * SIDE / surface
    print(
        f"expected surface, {SIDE * SIDE:,} pairs × {EPOCHS} epochs, n = {N:,}, d = {D}, batches of {BATCH}"
    )
    print(f"  {surface:.2f} s (mark: ≤ 1 s); {SEEDS} fits a pair take {times:,.0f}× as long (mark: ≥ 100×)")


def picture(found: list[dict[str, float]]) -> Figure:
    """Predicted against measured loss, each over its start."""
    stable = [one for one in found if one["mean"] < 2 * one["start"]]
    x = np.array([one["mean"] / one["start"] for one in stable])
    y = np.array([one["predicted"] / one["start"] for one in stable])
    errors = 2 * np.array([one["error"] / one["start"] for one in stable])
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.add_subplot()
    ends = np.array([x.min() / 1.3, 2.0])
    axes.loglog(ends, ends, color="#767676", lw=1, label="equal")
    axes.errorbar(
        x, np.minimum(y, 2.0), xerr=np.minimum(errors, 0.9 * x), fmt="o", ms=4, lw=0.8, label="a setting"
    )
    axes.set_xlabel(f"measured training loss over its start (mean of {SEEDS} fits, ± 2 standard errors)")
    axes.set_ylabel("predicted training loss over its start")
    axes.set_title(
        f"The expected loss of mini-batches, {len(stable)} random settings", loc="left", fontsize=11
    )
    axes.legend(frameon=False)
    return figure


if __name__ == "__main__":
    main()
