"""Epochs to a target, ours against parameter-free optimisers of the field, every cost of ours charged.

`python -m benchmarks.rivals` prints the table and writes it between the markers `rivals` of README.md.

Full batch: accelerated AdGD, Nesterov's method with adaptive restart, and conjugate gradients, which no method that sees
gradients alone can beat on a quadratic. Mini-batches of 32, reshuffled every epoch: Prodigy, DoG, MoMo and schedule-free SGD
from `optax.contrib`, each as its documentation recommends, and Adam at 1e-3. All start at 0. What is counted is gradients on
all rows (epochs) until the excess over least squares stays at most the target's share of its start. A target that is
not reached within the budget counts as twice the budget.

Ours has two forms: ``eta="auto", beta="auto"``, told the budget, and the pair (and for mini-batches the number of epochs) that the
theory predicts to be soonest at the target. Before its first epoch ours gathers moments, eigenvalues and, for
mini-batches, fourth moments, and searches. This is charged: its processor time over that of one epoch, both measured in
this run, not counted in operations.

References
----------
Malitsky & Mishchenko, "Adaptive gradient descent without descent", ICML 2020 (Algorithm 2).
O'Donoghue & Candès, "Adaptive restart for accelerated gradient schemes", Foundations of Computational Mathematics 2015.
Ivgi, Hinder & Carmon, "DoG is SGD's best friend", ICML 2023 (with the averaging that its authors ask for).
"""

import time
from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from optax import contrib
from threadpoolctl import threadpool_limits

from benchmarks import problems
from docs import markers
from study import DivergenceError, MomentumRegressor
from study.descent import auto
from study.descent.arrival import first_arrival
from study.descent.auto_batches import search_for_batches
from study.descent.expected import expected_loss_curves, row_moments
from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import spectrum_at

TARGETS = (1e-2, 1e-4)
BUDGET, BATCH_BUDGET, BATCH = 2000, 50, 32
SEEDS = 16
LONG = 0.05
"""Seconds beyond which a call is timed once."""

RESERVE = 0.8
"""Share of a target that a setting of mini-batches is predicted to reach, because the mean of few seeds is measured."""

DIVERGED = 2.0
"""A descent whose excess ends above so many times its start has diverged."""

DECAY = 8
"""Of the polynomial averaging that DoG's authors ask for."""

AUTO, FOR_TARGET, SEARCHED = "ours: auto", "ours: pair for the target", " + search"
FLOOR = "conjugate gradients"
"""Names of our two forms, of what is added to them, and of the rival that is a floor."""

T = TypeVar("T")
Curve = np.ndarray
"""Excess over least squares, by gradients on all rows, from 0."""

Epochs = dict[str, tuple[float, ...]]
"""Epochs to each of the targets, by method."""

jax.config.update("jax_enable_x64", True)


class Quadratic:
    """The mean squared error with an intercept: its gradient, and its excess over least squares."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y
        self.A = np.column_stack([X, np.ones(len(X))])
        self.best = np.linalg.lstsq(self.A, y, rcond=None)[0]
        self.least = float(np.mean((self.A @ self.best - y) ** 2))
        self.H = 2 * self.A.T @ self.A / len(y)
        self.start = self.excess(np.zeros(self.A.shape[1]))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return self.H @ (w - self.best)

    def excess(self, w: np.ndarray) -> float:
        away = w - self.best
        return float(0.5 * away @ self.H @ away)

    def objective(self) -> Objective:
        """The full batch as the estimator sees it: forming it gathers the second moments."""
        return Objective(GramLoss(self.X, self.y[:, None]), 0.0, np.float64)


def adgd(f: Quadratic) -> Curve:
    """Accelerated AdGD."""
    before = np.zeros(len(f.best))
    g_before = f.gradient(before)
    step, inverse = 1e-6, 1e-6
    x = y = before - step * g_before
    growth, inverse_growth = np.inf, np.inf
    found = [f.start, f.excess(x)]
    for _ in range(BUDGET - 1):
        g = f.gradient(x)
        moved, changed = np.linalg.norm(x - before), np.linalg.norm(g - g_before)
        if moved == 0 or changed == 0:
            break
        new_step = min(np.sqrt(1 + growth / 2) * step, moved / (2 * changed))
        new_inverse = min(np.sqrt(1 + inverse_growth / 2) * inverse, changed / (2 * moved))
        growth, inverse_growth = new_step / step, new_inverse / inverse
        step, inverse = new_step, new_inverse
        root, other = np.sqrt(1 / step), np.sqrt(inverse)
        before, g_before, y_before = x, g, y
        y = x - step * g
        x = y + (root - other) / (root + other) * (y - y_before)
        found.append(f.excess(y))
    return np.array(found)


def nesterov_with_restart(f: Quadratic) -> Curve:
    """Nesterov's method, the step by backtracking, the momentum restarted where the gradient points back.

    An iteration is charged as one gradient, however often it backtracks: on a quadratic the loss along the gradient follows
    from products that the iteration forms anyway.
    """
    w = z = np.zeros(len(f.best))
    L, t, found = 1.0, 1.0, [f.start]
    for _ in range(BUDGET):
        g = f.gradient(z)
        while f.excess(z - g / L) > f.excess(z) - g @ g / (2 * L) + 1e-15 * f.start:
            L *= 2
        new = z - g / L
        if g @ (new - w) > 0:
            t = 1.0
        after = (1 + np.sqrt(1 + 4 * t * t)) / 2
        z = new + (t - 1) / after * (new - w)
        w, t = new, after
        found.append(f.excess(w))
    return np.array(found)


def conjugate_gradients(f: Quadratic) -> Curve:
    """Linear conjugate gradients."""
    w = np.zeros(len(f.best))
    r = -f.gradient(w)
    p, found = r, [f.start]
    for _ in range(min(BUDGET, 20 * len(w))):
        curvature = p @ f.H @ p
        if not curvature > 0:
            break
        step = r @ r / curvature
        w, new = w + step * p, r - step * (f.H @ p)
        found.append(f.excess(w))
        if not new.any():
            break
        p, r = new + (new @ new) / (r @ r) * p, new
    return np.array(found)


def batch_rivals(f: Quadratic) -> dict[str, Curve]:
    """Mean curves of optax's optimisers, by name; the batches are the same for all of them."""
    n = len(f.y)
    A, y = jnp.asarray(f.A), jnp.asarray(f.y)
    draws = [np.random.default_rng(seed) for seed in range(SEEDS)]
    orders = jnp.asarray([[draw.permutation(n) for _ in range(BATCH_BUDGET)] for draw in draws])
    rules = {
        "Prodigy": contrib.prodigy(optax.linear_schedule(1.0, 0.0, BATCH_BUDGET * -(-n // BATCH))),
        "DoG, averaged": contrib.dog(),
        "MoMo": contrib.momo(),
        "schedule-free SGD": contrib.schedule_free_sgd(),
        "Adam, 1e-3": optax.adam(1e-3),
    }
    return {name: _batch_curve(f, name, rule, A, y, orders) for name, rule in rules.items()}


def _batch_curve(
    f: Quadratic, name: str, rule: optax.GradientTransformation, A: jax.Array, y: jax.Array, orders: jax.Array
) -> Curve:  # fmt: skip
    full = len(y) // BATCH
    rule = optax.with_extra_args_support(rule)

    def loss(w: jax.Array, rows: jax.Array) -> jax.Array:
        return jnp.mean((A[rows] @ w - y[rows]) ** 2)

    def update(carry, rows):  # type: ignore[no-untyped-def]
        w, mean, count, state = carry
        value, gradient = jax.value_and_grad(loss)(w, rows)
        step, state = rule.update(gradient, state, w, value=value)
        w, count = optax.apply_updates(w, step), count + 1
        share = (1 + DECAY) / (count + DECAY)
        return (w, (1 - share) * mean + share * w, count, state), None

    def epoch(carry, order):  # type: ignore[no-untyped-def]
        carry, _ = jax.lax.scan(update, carry, order[: full * BATCH].reshape(full, BATCH))
        if len(y) % BATCH:
            carry, _ = update(carry, order[full * BATCH :])
        w, mean, _, state = carry
        if name.startswith("schedule-free"):
            w = contrib.schedule_free_eval_params(state, w)
        return carry, mean if name.startswith("DoG") else w

    def run(order):  # type: ignore[no-untyped-def]
        start = jnp.zeros(A.shape[1])
        return jax.lax.scan(epoch, (start, start, 0, rule.init(start)), order)[1]

    weights = np.asarray(jax.jit(jax.vmap(run))(orders))
    excess = np.array([[f.start, *map(f.excess, path)] for path in weights])
    return excess.mean(axis=0)


def ours(f: Quadratic, batch_size: int | None, eta: float, beta: float, epochs: int) -> Curve:
    """The mean curve of fits at a pair; not a number after the start if one diverged."""
    settings = {"batch_size": batch_size, "tol": None, "max_iter": epochs}
    curves = []
    for seed in range(SEEDS if batch_size else 1):
        model = MomentumRegressor(eta, beta, random_state=seed, **settings)
        try:
            curves.append(model.fit(f.X, f.y).loss_curve_)
        except DivergenceError:
            curves.append([np.nan] * epochs)
    return np.array([f.start, *(np.mean(curves, axis=0) - f.least)])


def by_auto(f: Quadratic, batch_size: int | None) -> tuple[float, float, int]:
    """η and β that `eta="auto", beta="auto"` choose for the whole budget, and the budget."""
    epochs = BATCH_BUDGET if batch_size else BUDGET
    pair = auto.resolve(
        "auto", "auto", solver="momentum", objective=f.objective(), theta=np.zeros((len(f.best), 1)),
        max_iter=epochs, batch_size=batch_size, rows=(f.X, f.y[:, None], None) if batch_size else None,
    )  # fmt: skip
    return *pair, epochs


def by_target(f: Quadratic, batch_size: int | None, target: float) -> tuple[float, float, int]:
    """η and β that are predicted to be soonest at a target, and for how many epochs to run."""
    if batch_size is None:
        spectrum = spectrum_at(f.objective(), np.zeros((len(f.best), 1)))
        return *auto.search(
            spectrum, "auto", "auto", solver="momentum", max_iter=BUDGET, target=target
        ), BUDGET
    moments = row_moments(f.X, f.y[:, None])

    def best(epochs: int) -> tuple[float, float, float]:
        eta, beta = search_for_batches(
            moments, "auto", "auto", solver="momentum", batch_size=batch_size, max_iter=epochs
        ) or (0.0, 0.0)
        losses = expected_loss_curves(moments, np.array([beta]), np.array([eta]), epochs, batch_size)
        return eta, beta, float(losses[0, -1, 0] - f.least) / f.start

    # The fewest epochs after which the best pair is predicted to be at the target.
    low, high = 0, BATCH_BUDGET
    eta, beta, _ = best(high)
    while high - low > 1:
        middle = (low + high) // 2
        tried = best(middle)
        if tried[2] <= RESERVE * target:
            (eta, beta), high = tried[:2], middle
        else:
            low = middle
    return eta, beta, high


def timed(call: Callable[[], T], calls: int = 1) -> tuple[T, float]:
    """What a call returns, and its processor time: other processes do not count. The least of three if it is short."""
    least = np.inf
    for _ in range(3):
        began = time.process_time()
        for _ in range(calls):
            result = call()
        least = min(least, (time.process_time() - began) / calls)
        if least > LONG:
            break
    return result, float(least)


def epoch_seconds(f: Quadratic, batch_size: int | None) -> float:
    """The time of a gradient on all rows, or of an epoch of mini-batches."""
    if batch_size is None:
        return timed(lambda: f.A.T @ (f.A @ f.best - f.y), 200)[1]

    def fit(epochs: int) -> None:
        MomentumRegressor(1e-6, 0.0, batch_size=batch_size, tol=None, max_iter=epochs, random_state=0).fit(
            f.X, f.y
        )

    return (timed(lambda: fit(201))[1] - timed(lambda: fit(1))[1]) / 200


def epochs_to(curve: Curve, start: float, target: float, budget: int) -> float:
    """Epochs until the excess stays at most the target's share of its start.

    Twice the budget for a miss, infinite for a descent that has diverged.
    """
    if not curve[-1] <= DIVERGED * start:
        return np.inf
    arrived = float(first_arrival(curve / start, target))
    return arrived if arrived < len(curve) else 2.0 * budget


def measure(f: Quadratic, batch_size: int | None) -> Epochs:
    """Epochs to each target, by method."""
    budget = BATCH_BUDGET if batch_size else BUDGET
    unit = epoch_seconds(f, batch_size)
    chosen = timed(lambda: by_auto(f, batch_size))
    ways = {
        AUTO: [chosen, chosen],
        FOR_TARGET: [timed(lambda target=target: by_target(f, batch_size, target)) for target in TARGETS],
    }
    found: Epochs = {}
    for name, settings in ways.items():
        found[name] = tuple(
            epochs_to(ours(f, batch_size, *setting), f.start, target, budget)
            for (setting, _), target in zip(settings, TARGETS, strict=True)
        )
        found[name + SEARCHED] = tuple(np.add(found[name], [searched / unit for _, searched in settings]))
    rivals = batch_rivals if batch_size else full_batch_rivals
    for name, curve in rivals(f).items():
        found[name] = tuple(epochs_to(curve, f.start, target, budget) for target in TARGETS)
    return found


def full_batch_rivals(f: Quadratic) -> dict[str, Curve]:
    """Curves by name."""
    return {
        "accelerated AdGD": adgd(f),
        "Nesterov, restarted": nesterov_with_restart(f),
        FLOOR: conjugate_gradients(f),
    }


def table(title: str, budget: int, groups: dict[str, list[Epochs]]) -> list[str]:
    """Lines: the median epochs of every method, and ours over the best rival, by group of problems."""
    heads = "".join(f"{f'{name} ({len(found)})':>22}" for name, found in groups.items())
    lines = [f"{title:<40}{heads}"]
    targets = "".join(f"{target:>10.0e}" for target in TARGETS).replace("e-0", "e-")
    lines.append(f"{'  median epochs to an excess of':<40}" + f"  {targets}" * len(groups))
    names = list(next(iter(groups.values()))[0])
    for name in names:
        cells = ""
        for found in groups.values():
            medians = [np.median([row[name][i] for row in found]) for i in range(len(TARGETS))]
            cells += "  " + "".join(
                f"{median:>10,.0f}" if median < 2 * budget or name.endswith(SEARCHED) else f"{'–':>10}"
                for median in medians
            )
        lines.append(f"  {name:<38}{cells}")
    for i, target in enumerate(TARGETS):
        lines.append(
            f"  ours over the best rival, to {target:.0e}: median, fewer in, worst".replace("e-0", "e-")
        )
        for name in names[:4]:
            cells = "".join(f"{_against_best(found, name, i, budget):>22}" for found in groups.values())
            lines.append(f"    {name:<36}{cells}")
    rows = [row for found in groups.values() for row in found]
    diverged = (f"{name} {sum(np.isinf(row[name]).any() for row in rows)}" for name in (AUTO, FOR_TARGET))
    return [*lines, f"  diverged: {', '.join(diverged)}"]


def _against_best(found: list[Epochs], name: str, i: int, budget: int) -> str:
    """Ours over the best rival on the problems on which any of the two arrives."""
    ratios = []
    for row in found:
        best = min(
            epochs[i] for rival, epochs in row.items() if not rival.startswith("ours") and rival != FLOOR
        )
        if min(best, row[name.removesuffix(SEARCHED)][i]) < 2 * budget:
            ratios.append(row[name][i] / max(best, 1.0))
    if not ratios:
        return "none arrives"
    fewer = f"{np.sum(np.less(ratios, 1))}/{len(ratios)}"
    middle, worst = (f"{x:.2f}" if x < 100 else f"{x:,.0f}" for x in (np.median(ratios), np.max(ratios)))
    return f"{middle} {fewer:>6} {worst:>6}"


def main() -> None:
    """Run the comparisons, print the tables and write them into README.md."""
    data = {"tuned on": problems.known(), "not tuned on": problems.fresh(), "100,000 rows": problems.large()}
    # What is compiled is compiled before anything is timed.
    first = Quadratic(*next(iter(data["tuned on"].values())))
    for batch_size in (None, 4):
        measure(first, batch_size)
    full: dict[str, list[Epochs]] = {}
    batched: dict[str, list[Epochs]] = {}
    for group, members in data.items():
        quadratics = [Quadratic(X, y) for X, y in members.values()]
        full[group] = [measure(f, None) for f in quadratics]
        if group != "100,000 rows":
            batched[group] = [measure(f, BATCH) for f in quadratics if len(f.y) > 2 * BATCH]
    tables = table(f"Full batch, ≤ {BUDGET:,} epochs", BUDGET, full)
    tables += ["", *table(f"Batches of {BATCH}, ≤ {BATCH_BUDGET} epochs", BATCH_BUDGET, batched)]
    text = "\n".join(tables)
    print(text)
    markers.write("rivals", text)


if __name__ == "__main__":
    # Threads that wait for each other would count as processor time.
    with threadpool_limits(1):
        main()
