"""Epochs to a target, ours against parameter-free optimisers of the field, every cost of ours charged.

Full batch: accelerated AdGD, Nesterov's method with backtracking and adaptive restart, and conjugate gradients, which no
method that sees gradients alone can beat on a quadratic. Mini-batches of 32: Prodigy, DoG, MoMo and schedule-free SGD from
`optax.contrib`, and Adam at 1e-3.

The unit is a gradient on all rows (an epoch). Ours also pays for what it does before the first epoch (moments,
eigenvalues, fourth moments, search): that time over the time of one of its epochs, both measured in this run. A target that is not
reached within the budget counts as twice the budget.

References
----------
Malitsky & Mishchenko, "Adaptive gradient descent without descent", ICML 2020 (Algorithm 2).
O'Donoghue & Candès, "Adaptive restart for accelerated gradient schemes", Foundations of Computational Mathematics 2015.
"""

import contextlib
import importlib.util
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from study import DivergenceError, MomentumRegressor
from study.guidance.lab.quadratics import quadratics, tables

TARGETS = (1e-2, 1e-4)
BUDGET, BATCH_BUDGET, BATCH = 2000, 50, 32
SEEDS = 3
MOST_KAPPA = 1e5

Curve = np.ndarray
"""Excess over least squares as a share of its start, by gradients on all rows, from 0."""


def problems() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every bundled table under each of its targets, standardised, and the synthetic problems."""
    found = {table.name: (table.X, table.y) for table in tables(0)}
    names = set(found)
    for problem in quadratics(0):
        if problem.name not in names and problem.condition <= MOST_KAPPA:
            found[problem.name.split(", n ")[0]] = problem.X, problem.y
    return found


class Quadratic:
    """The mean squared error with an intercept: its gradient, and its excess over least squares."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.A = np.column_stack([X, np.ones(len(X))])
        self.y = y
        self.best = np.linalg.lstsq(self.A, y, rcond=None)[0]
        self.H = 2 * self.A.T @ self.A / len(y)
        self.start = self.excess(np.zeros(self.A.shape[1]))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return self.H @ (w - self.best)

    def excess(self, w: np.ndarray) -> float:
        away = w - self.best
        return float(0.5 * away @ self.H @ away)


def adgd(f: Quadratic) -> Curve:
    """Accelerated AdGD."""
    x_before, y_before = np.zeros(len(f.best)), np.zeros(len(f.best))
    g_before = f.gradient(x_before)
    step, inverse = 1e-6, 1e-6
    x = x_before - step * g_before
    y_before, growth, inverse_growth = x.copy(), np.inf, np.inf
    found = [f.start, f.excess(x)]
    for _ in range(BUDGET - 1):
        g = f.gradient(x)
        moved, changed = np.linalg.norm(x - x_before), np.linalg.norm(g - g_before)
        if moved == 0 or changed == 0:
            break
        new_step = min(np.sqrt(1 + growth / 2) * step, moved / (2 * changed))
        new_inverse = min(np.sqrt(1 + inverse_growth / 2) * inverse, changed / (2 * moved))
        growth, inverse_growth = new_step / step, new_inverse / inverse
        step, inverse = new_step, new_inverse
        root, other = np.sqrt(1 / step), np.sqrt(inverse)
        y = x - step * g
        x_before, g_before = x, g
        x, y_before = y + (root - other) / (root + other) * (y - y_before), y
        found.append(f.excess(y))
    return np.array(found)


def nesterov_with_restart(f: Quadratic) -> Curve:
    """Nesterov's method, the step by backtracking, the momentum restarted where the gradient points back."""
    w = z = np.zeros(len(f.best))
    L, t, found, cost = 1.0, 1.0, [f.start], 0.0
    while len(found) <= BUDGET:
        g = f.gradient(z)
        cost += 1
        while True:
            new = z - g / L
            cost += 0.5  # a loss costs one pass forward, half of a gradient
            if f.excess(new) <= f.excess(z) - g @ g / (2 * L) + 1e-15 * f.start:
                break
            L *= 2
        if g @ (new - w) > 0:
            t = 1.0
        after = (1 + np.sqrt(1 + 4 * t * t)) / 2
        z = new + (t - 1) / after * (new - w)
        w, t = new, after
        while len(found) < cost:
            found.append(found[-1])
        found.append(f.excess(w))
        if found[-1] == 0:
            break
    return np.array(found[: BUDGET + 1])


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
        p, r = new + (new @ new) / (r @ r) * p, new
        found.append(f.excess(w))
    return np.array(found)


def arrival(curve: Curve, start: float, target: float, budget: int) -> float:
    """Gradients until the excess stays at most the target's share of its start; twice the budget for a miss."""
    above = np.flatnonzero(~(curve <= target * start))
    return (
        float(above[-1] + 1)
        if len(above) and above[-1] + 1 < len(curve)
        else (2.0 * budget if len(above) else 0.0)
    )


def ours(
    X: np.ndarray, y: np.ndarray, f: Quadratic, batch_size: int | None, max_iter: int
) -> tuple[Curve, float]:
    """Our curve at eta="auto", beta="auto", and what comes before the first epoch, in epochs."""
    settings = {"beta": "auto", "batch_size": batch_size, "tol": None}
    curves = []
    least = f.A @ f.best - f.y
    for seed in range(SEEDS if batch_size else 1):
        model = MomentumRegressor(max_iter=max_iter, random_state=seed, **settings).fit(X, y)
        curves.append([f.start, *(np.array(model.loss_curve_) - np.mean(least**2))])
    given = {**settings, "eta": model.eta_, "beta": model.beta_}

    def seconds(**changes: object) -> float:
        def once() -> float:
            began = time.perf_counter()
            # After one epoch a good setting may still stand above its start.
            with contextlib.suppress(DivergenceError):
                MomentumRegressor(**{**given, "random_state": 0, **changes}).fit(X, y)
            return time.perf_counter() - began

        return min(once() for _ in range(5))

    long, short = 41, 1
    epoch = (seconds(max_iter=long) - seconds(max_iter=short)) / (long - short)
    if batch_size is None:
        # On moments an epoch costs less than a gradient on all rows, which is the unit.
        epoch = max(epoch, _gradient_seconds(f))
    before = seconds(max_iter=max_iter, eta="auto", beta="auto") - seconds(max_iter=max_iter)
    return np.mean(curves, axis=0), max(before, 0.0) / epoch


def _gradient_seconds(f: Quadratic) -> float:
    def once() -> float:
        began = time.perf_counter()
        f.A.T @ (f.A @ f.best - f.y)
        return time.perf_counter() - began

    return min(once() for _ in range(20))


def optax_curves(f: Quadratic) -> dict[str, Curve]:
    """Mean curves of optax's optimisers on the same batches, by name."""
    import jax
    import jax.numpy as jnp
    import optax
    from optax import contrib

    jax.config.update("jax_enable_x64", True)
    n, p = f.A.shape
    A, y = jnp.asarray(f.A), jnp.asarray(f.y)
    rivals = {
        "Prodigy": contrib.prodigy(),
        "DoG": contrib.dog(),
        "MoMo": contrib.momo(),
        "schedule-free SGD": contrib.schedule_free_sgd(),
        "Adam, 1e-3": optax.adam(1e-3),
    }

    def loss(w, rows):  # type: ignore[no-untyped-def]
        return jnp.mean((A[rows] @ w - y[rows]) ** 2)

    curves = {}
    for name, rule in rivals.items():

        @jax.jit
        def epoch(w, state, order, rule=rule, name=name):  # type: ignore[no-untyped-def]
            def update(carry, rows):  # type: ignore[no-untyped-def]
                w, state = carry
                value, gradient = jax.value_and_grad(loss)(w, rows)
                more = {"value": value} if name == "MoMo" else {}
                step, state = rule.update(gradient, state, w, **more)
                return (optax.apply_updates(w, step), state), None

            full = n // BATCH
            carry, _ = jax.lax.scan(update, (w, state), order[: full * BATCH].reshape(full, BATCH))
            if n % BATCH:
                carry, _ = update(carry, order[full * BATCH :])
            return carry

        seeds = []
        for seed in range(SEEDS):
            draw = np.random.default_rng(seed)
            w, state = jnp.zeros(p), None
            state, found = rule.init(w), [f.start]
            for _ in range(BATCH_BUDGET):
                w, state = epoch(w, state, jnp.asarray(draw.permutation(n)))
                seen = contrib.schedule_free_eval_params(state, w) if name.startswith("schedule") else w
                found.append(f.excess(np.asarray(seen)))
            seeds.append(found)
        curves[name] = np.mean(seeds, axis=0)
    return curves


def compare(title: str, results: list[dict[str, tuple[float, ...]]], free: list[str]) -> list[str]:
    """Lines of a table: medians, wins and the worst case of ours against the best parameter-free rival."""
    lines = [f"{title}, {len(results)} problems"]
    names = list(results[0])
    lines.append(f"  {'median epochs to an excess of':<34}" + "".join(f"{target:>10g}" for target in TARGETS))
    for name in names:
        medians = [np.median([result[name][i] for result in results]) for i in range(len(TARGETS))]
        lines.append(f"  {name:<34}" + "".join(f"{median:>10,.1f}" for median in medians))
    for ours_name in [name for name in names if name.startswith("ours")]:
        for i, target in enumerate(TARGETS):
            ratios = np.array([r[ours_name][i] / max(min(r[name][i] for name in free), 1) for r in results])
            lines.append(
                f"  {ours_name} over the best rival at {target:g}: median {np.median(ratios):.2f}, "
                f"fewer in {np.sum(ratios < 1)} of {len(ratios)}, worst {ratios.max():.2f}"
            )
    return lines


def main(count: int | None = None) -> str:
    """Run both comparisons and return the table."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    solvers: dict[str, Callable[[Quadratic], Curve]] = {
        "accelerated AdGD": adgd,
        "Nesterov with restart": nesterov_with_restart,
        "conjugate gradients (the floor)": conjugate_gradients,
    }
    with_optax = importlib.util.find_spec("optax") is not None
    full, batched, diverged = [], [], 0
    for X, y in list(problems().values())[:count]:
        f = Quadratic(X, y)
        curve, before = ours(X, y, f, None, BUDGET)
        arrivals = [arrival(curve, f.start, target, BUDGET) for target in TARGETS]
        row = {"ours": tuple(arrivals), "ours, all costs charged": tuple(a + before for a in arrivals)}
        for name, solver in solvers.items():
            found = solver(f)
            row[name] = tuple(arrival(found, f.start, target, BUDGET) for target in TARGETS)
        full.append(row)
        if with_optax and len(y) > 2 * BATCH:
            try:
                curve, before = ours(X, y, f, BATCH, BATCH_BUDGET)
            except DivergenceError:
                diverged += 1
                continue
            arrivals = [arrival(curve, f.start, target, BATCH_BUDGET) for target in TARGETS]
            row = {"ours": tuple(arrivals), "ours, all costs charged": tuple(a + before for a in arrivals)}
            for name, found in optax_curves(f).items():
                row[name] = tuple(arrival(found, f.start, target, BATCH_BUDGET) for target in TARGETS)
            batched.append(row)
    lines = compare("Full batch", full, ["accelerated AdGD", "Nesterov with restart"])
    if batched:
        rivals = [name for name in batched[0] if not name.startswith("ours")]
        lines += ["", *compare(f"Mini-batches of {BATCH}, {BATCH_BUDGET} epochs", batched, rivals)]
        lines.append(f"  ours diverged on {diverged}")
    else:
        lines += ["", "Mini-batches: optax is not installed; pip install 'momentum-study[dev]'"]
    return "\n".join(lines)


if __name__ == "__main__":
    print(main())
