"""The expected loss of mini-batches: how good and how fast, against the fits that it replaces.

`python -m benchmarks.predicted` predicts the mean of 32 fits for 500 random settings on the problems that the form of the
prediction was chosen on, for as many on others and on rows with heavy tails, and times a surface of 2,500 pairs against a
fit a pair and seed. `--picture FILE` draws predicted and measured loss of 100 settings of each kind on one page.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from benchmarks import problems
from study.descent import batches
from study.descent.theory import expected_surface

SETTINGS, ON_PICTURE, SEEDS = 500, 100, 32
N, D, BATCH, EPOCHS, SIDE = 10_000, 20, 32, 30, 50
WITHIN = 0.02
"""A prediction is close if it is off by at most so much of the measured mean, or by two standard errors of it."""

COLOURS = {"bundled tables and ladder": "#0072b2", "other tables": "#d55e00", "heavy tails": "#009e73"}
"""Of each kind of problem in the picture."""


@dataclass(frozen=True)
class Setting:
    """A random setting on a problem: its loss as predicted and as measured, in units of the start's.

    Attributes
    ----------
    predicted : float
    mean, error : float
        Of the losses of `SEEDS` fits: the mean and its standard error.
    """

    predicted: float
    mean: float
    error: float

    @property
    def is_stable(self) -> bool:
        return self.mean < 2

    @property
    def is_close(self) -> bool:
        return abs(self.predicted - self.mean) < max(WITHIN * self.mean, 2 * self.error)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the expected loss of mini-batches against fits.")
    parser.add_argument("--picture", metavar="FILE", help="draw a page of settings instead of the tables")
    options = parser.parse_args()
    count = ON_PICTURE if options.picture else SETTINGS
    found = {kind: compare(data, count) for kind, data in kinds().items()}
    if options.picture:
        picture(found).savefig(options.picture, dpi=150)
        return
    for kind, settings in found.items():
        report(kind, settings)
    speed()


def kinds() -> dict[str, problems.Data]:
    """The problems by kind: the names are those of `COLOURS`."""
    fresh = problems.fresh()
    heavy = {name: fresh.pop(name) for name in problems.HEAVY_TAILS if name in fresh}
    return dict(zip(COLOURS, (problems.known(), fresh, heavy), strict=True))


def compare(data: problems.Data, count: int) -> list[Setting]:
    """Predict and measure random settings: batches of 4 to n/2, 3 to 100 epochs, 1 − β in [0.003, 1], η in [1e-3, 1]."""
    draw, names, found = np.random.default_rng(7), list(data), []
    for i in range(count):
        X, y = data[names[i % len(names)]]
        batch_size = round(np.exp(draw.uniform(np.log(4), np.log(len(y) / 2))))
        epochs = round(np.exp(draw.uniform(np.log(3), np.log(100))))
        beta, eta = 1 - 10 ** draw.uniform(np.log10(0.003), 0), 10 ** draw.uniform(-3, 0)
        start = float(np.mean(y**2))
        losses = np.array([fit(X, y, beta, eta, batch_size, epochs, seed) for seed in range(SEEDS)]) / start
        predicted = expected_surface(X, y, [beta], [eta], epochs, batch_size)[0].item() / start
        with np.errstate(all="ignore"):
            error = float(losses.std(ddof=1) / np.sqrt(SEEDS))
        found.append(Setting(predicted, float(losses.mean()), error))
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


def report(kind: str, found: list[Setting]) -> None:
    """Print how many settings are predicted within 2 % or two standard errors, and how divergence is called."""
    stable = [one for one in found if one.is_stable]
    close = np.mean([one.is_close for one in stable])
    apart = np.median([abs(one.predicted / one.mean - 1) for one in stable])
    agrees = np.mean([one.is_stable == (one.predicted < 2) for one in found])
    print(
        f"{kind}: {len(found)} random settings, mean of {SEEDS} fits; {len(stable)} end below twice their start"
    )
    print(f"  within 2 % or two standard errors   {100 * close:.1f} %   (mark: ≥ 95 %)")
    print(f"  relative difference, median         {100 * apart:.2f} %")
    print(f"  divergence called right             {100 * agrees:.1f} %   (mark: ≥ 98 %)")


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


def picture(found: dict[str, list[Setting]]) -> Figure:
    """Predicted against measured loss, and below it by how much they differ."""
    figure = Figure(figsize=(7.5, 9.5), layout="constrained")
    loss, gap = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for kind, settings in found.items():
        stable = [one for one in settings if one.is_stable]
        close = sum(one.is_close for one in stable)
        x = np.array([one.mean for one in stable])
        predicted = np.minimum([one.predicted for one in stable], 2.0)
        errors = 2 * np.array([one.error for one in stable])
        style = {"fmt": "o", "ms": 3.5, "lw": 0.7, "alpha": 0.8, "color": COLOURS[kind]}
        label = f"{kind}: {close} of {len(stable)} within 2 % or 2 standard errors"
        loss.errorbar(x, predicted, xerr=np.minimum(errors, 0.99 * x), label=label, **style)
        gap.errorbar(x, 100 * (predicted / x - 1), yerr=100 * errors / x, **style)
    ends = np.array(loss.get_xlim())
    loss.plot(ends, ends, color="#767676", lw=1, zorder=0)
    loss.set(xscale="log", yscale="log", ylabel="predicted loss / loss at the start, at most 2")
    loss.legend(frameon=False, loc="upper left")
    loss.set_title(f"The expected loss of mini-batches and the mean of {SEEDS} fits, {ON_PICTURE} random settings each", loc="left", fontsize=11)  # fmt: skip
    gap.axhspan(-100 * WITHIN, 100 * WITHIN, color="#767676", alpha=0.25, lw=0, zorder=0)
    gap.set(xlabel="measured loss / loss at the start (bars: ± 2 standard errors)")
    gap.set_yscale("symlog", linthresh=2.0)
    gap.set_yticks([-100, -10, -2, 0, 2, 10, 100], ["−100", "−10", "−2", "0", "2", "10", "100"])
    gap.set_ylabel("predicted less measured, %")
    return figure


if __name__ == "__main__":
    main()
