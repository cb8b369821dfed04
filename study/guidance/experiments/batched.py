"""Schedules, many rows and sparse rows: what batches do to the advice."""

from collections.abc import Sequence

import numpy as np

from study.descent import closed_form as exact
from study.descent import loop, schedules
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.experiments.rivals import adam_combination_better, not_for_every_problem
from study.guidance.lab.quadratics import Quadratic, ladder, seeds, tables
from study.guidance.lab.side_by_side import Fleet, arrivals, named
from study.provenance import derive_seed

__all__ = [
    "adam_combination_better",
    "large_data_faster",
    "not_for_every_problem",
    "schedules_help",
    "sparse_gradients",
]

BETA = 0.9
BETAS = {"gradient descent": 0.0, "momentum 0.9": BETA}
LOOSE, TIGHT = 1e-2, 1e-6  # the second is graded
FLOOR = 1e-6
FULL, MINI = "full batch", "mini-batch"
RATES = 36 * 19.0 ** (np.arange(-21, 1) / 8)
"""η·L of every arm. β = 0 is stable below 2 and β = 0.9 below 38, 19 times that: the grid has a point just below
each, so that neither arm gains by where the points fall."""

SCHEDULED = (
    ("linnerud: Weight", 4),
    ("iris: petal width (cm)", 16),
    ("wine: alcohol", 16),
    ("diabetes: progression", 32),
    ("breast cancer, worst: worst symmetry", 32),
    ("κ = 10,", 32),
    ("κ = 30,", 32),
    ("κ = 100,", 32),
    ("κ = 1,000,", 32),
)
"""Problems, each both full batch and in batches of as many rows."""

SCHEDULES = ("constant", "cosine", "adaptive")
EPOCHS = 100  # the note's
TOL, N_ITER_NO_CHANGE = 1e-4, 5  # MomentumRegressor's

FEW, MANY = 64, 2048
GROWING = ((3, 5, 0.0), (10, 10, 0.01), (30, 10, 0.03), (30, 20, 0.0), (100, 10, 0.01), (300, 10, 0.0))
"""κ, features and noise of the problems that are drawn with few rows and with many."""
ROWS_A_BATCH = 16
UPDATES, EVERY = 4000, 4

SPARSE, FEATURES, ROWS = 0.01, 100, 400
SPARSENED = (
    (1, 0.0, 4), (3, 0.0, 4), (3, 0.003, 16), (10, 0.0, 8), (10, 0.003, 16),
    (10, 0.0, 32), (30, 0.0, 16), (30, 0.003, 32), (30, 0.0, 32), (60, 0.0, 32),
)  # fmt: skip
"""κ, noise and rows a batch of the problems that are drawn dense and sparse."""
SPARSE_UPDATES, SPARSE_EVERY = 1500, 5


def schedules_help(budget: Budget) -> Measurement:
    """Training excess after 100 epochs at β = 0.9: cosine and adaptive against constant, each at its best η.

    The effect is the mean of the two schedules' log ratios. Excess is floored at 1e-6 of its start.
    """
    units, curves = [], []
    test: dict[tuple, list] = {(mode, arm): [] for mode in (FULL, MINI) for arm in SCHEDULES[1:]}
    for prefix, rows in SCHEDULED:
        problem = named(prefix, budget)
        fleet = Fleet(problem)
        for mode, batch_size in ((FULL, None), (MINI, rows)):
            name = f"{problem[0].name}, {mode}"
            batches = 1 if batch_size is None else -(-fleet.n // batch_size)
            excess, offset = fleet.descend(
                "momentum",
                np.tile(RATES, len(SCHEDULES)) / fleet.L,
                BETA,
                EPOCHS * batches,
                batch_size=batch_size,
                draws=_draws(budget, "schedules-help", name),
                every=batches,
                factor=_factor(budget.n_seeds, batches, noisy=batch_size is not None),
            )
            by_arm = (-1, budget.n_seeds, len(SCHEDULES), len(RATES))
            excess = np.maximum(excess, FLOOR).reshape(by_arm)
            best = np.argmin(excess[-1], axis=-1)[..., None]
            curve = np.take_along_axis(excess, best[None], axis=-1)[..., 0]
            ends = np.take_along_axis(offset.reshape(*by_arm[1:], -1), best[..., None], axis=2)[:, :, 0]
            for seed in range(budget.n_seeds):
                arms = dict(zip(SCHEDULES, curve[-1, seed].tolist(), strict=True))
                gains = {arm: np.log(arms["constant"] / arms[arm]) for arm in SCHEDULES[1:]}
                arms |= {f"η·L, {a}": float(RATES[best[seed, i, 0]]) for i, a in enumerate(SCHEDULES)}
                units.append(Unit(name, seed, float(np.mean([*gains.values()])), mode, mode, arms))
            epochs, mean = np.arange(1.0, EPOCHS + 1), np.exp(np.log(curve).mean(axis=1))[1:]
            curves += [Curve(name, arm, epochs, mean[:, i]) for i, arm in enumerate(SCHEDULES)]
            for table, theta in zip(_tables(problem, budget), ends + fleet.minimum, strict=False):
                residual = table.X_test @ theta[:, :-1].T + theta[:, -1] - table.y_test[:, None]
                losses = np.mean(residual**2, axis=0)
                for i, arm in enumerate(SCHEDULES[1:], start=1):
                    test[mode, arm].append(float(np.log(losses[0] / losses[i])))
    train = {
        (mode, arm): [np.log(u.arms["constant"] / u.arms[arm]) for u in units if u.group == mode]
        for mode, arm in test
    }
    shown = {
        what: {f"{arm}, {mode}": float(np.mean(found)) for (mode, arm), found in ratios.items()}
        for what, ratios in (
            ("log ratio of training excess", train),
            ("log ratio of test loss, real tables", test),
        )
    }
    pictures = [
        _against(units, "constant", arm, f"{arm.capitalize()} schedule", "excess / start, constant η")
        for arm in SCHEDULES[1:]
    ]
    return Measurement(units, curves, pictures, shown)


def _factor(n_seeds, batches, *, noisy):
    """The three schedules as lanes; the adaptive one divides η by 5 by `loop.descend`'s rule."""
    cosine = schedules.cosine(EPOCHS)
    window = loop.window_length(N_ITER_NO_CHANGE, BETA, batches)
    plateaus = [[loop.StoppingRule(TOL, window, 0.0, noisy=noisy) for _ in RATES] for _ in range(n_seeds)]
    ones, divisor = np.ones((n_seeds, len(RATES))), np.ones((n_seeds, len(RATES)))

    def factor(epoch, loss):
        for s, row in enumerate(plateaus if epoch else ()):
            for i, plateau in enumerate(row):
                if plateau.is_met(loss[s, 2 * len(RATES) + i]):
                    divisor[s, i] *= 5
                    plateau.restart()
        return np.concatenate([ones, cosine(epoch) * ones, 1 / divisor], axis=1)

    return factor


def large_data_faster(budget: Budget) -> Measurement:
    """The advantage of β = 0.9 over 0 in epochs to 1e-6, with 2048 rows minus with 64, κ and d the same.

    A full batch knows its rows only through the Hessian, so its advantage can differ by the draw of the
    eigenvalues between the extremes and by nothing else; it is computed exactly.
    """
    units, curves = [], []
    for condition, d, noise in GROWING:
        drawn = {
            n: [ladder(condition, n, d, noise, 1.0, True, seed) for seed in seeds(budget)]
            for n in (FEW, MANY)
        }
        for mode in (FULL, MINI):
            name = f"κ = {condition:g}, d {d}, noise {noise:g}, {mode}"
            found, lines = {}, {}
            for n, problem in drawn.items():
                if mode == FULL:
                    found[n], lines[n] = _exact_race(problem)
                else:
                    draws = _draws(budget, "large-data-faster", name, n)
                    found[n], lines[n] = _race(problem, ROWS_A_BATCH, draws, UPDATES, EVERY)
            units += _advantages(found, MANY, FEW, name, mode)
            curves += [Curve(name, arm, *line) for arm, line in zip(BETAS, lines[MANY], strict=True)]
    shown = {"log ratio, β = 0.9 against 0": _mean_advantages(units, (FEW, MANY), (FULL, MINI))}
    return Measurement(units, curves, [_before_and_after(units, FEW, MANY, "rows")], shown)


def sparse_gradients(budget: Budget) -> Measurement:
    """The advantage of β = 0.9 over 0 in epochs of mini-batches to 1e-6: density 0.01 minus density 1, κ kept."""
    units, curves = [], []
    for condition, noise, rows in SPARSENED:
        name = f"κ = {condition:g}, noise {noise:g}, batches of {rows}"
        found, lines = {}, {}
        for density in (1.0, SPARSE):
            step = condition, ROWS, FEATURES, noise, density, False
            problem = [ladder(*step, seed) for seed in seeds(budget)]
            draws = _draws(budget, "sparse-gradients", name, density)
            found[density], lines[density] = _race(problem, rows, draws, SPARSE_UPDATES, SPARSE_EVERY)
        units += _advantages(found, SPARSE, 1.0, name, None)
        curves += [Curve(name, arm, *line) for arm, line in zip(BETAS, lines[SPARSE], strict=True)]
    shown = {"log ratio, β = 0.9 against 0": _mean_advantages(units, (1.0, SPARSE), (None,))}
    return Measurement(units, curves, [_before_and_after(units, 1.0, SPARSE, "density")], shown)


def _race(problem: Sequence[Quadratic], batch_size, draws, updates, every):
    """Epochs to the targets, {target: (seeds, arm)}, at each arm's best η, and its mean curves."""
    fleet = Fleet(problem)
    beta = np.repeat([*BETAS.values()], len(RATES))
    excess, _ = fleet.descend(
        "momentum", np.tile(RATES, len(BETAS)) / fleet.L, beta, updates,
        batch_size=batch_size, draws=draws, every=every,
    )  # fmt: skip
    excess = excess.reshape(-1, len(problem), len(BETAS), len(RATES))
    a_batch = batch_size / fleet.n
    found = {target: arrivals(excess, target, every).min(axis=-1) * a_batch for target in (LOOSE, TIGHT)}
    best = np.argmin(arrivals(excess, TIGHT, every), axis=-1)[None, ..., None]
    curve = np.take_along_axis(excess, best, axis=-1)[..., 0]
    curve = np.exp(np.log(np.maximum(curve, FLOOR)).mean(axis=1))
    at = np.unique(np.linspace(0, len(curve) - 1, 100).astype(int))
    return found, [(at * every * a_batch, curve[at, i]) for i in range(len(BETAS))]


def _exact_race(problem: Sequence[Quadratic]):
    """What `_race` finds, of a full batch and without a run."""
    found: dict[float, list] = {LOOSE: [], TIGHT: []}
    curves = []
    epochs = np.unique(np.geomspace(1, UPDATES, 100).astype(int))
    for quadratic in problem:
        spectrum, etas = quadratic.spectrum, RATES / quadratic.spectrum.L
        for target, rows in found.items():
            arms = [
                exact.arrivals(spectrum, np.full(len(etas), beta), etas, target, UPDATES)
                for beta in BETAS.values()
            ]
            rows.append([min(arm.min(), 2 * UPDATES) for arm in arms])
        best = etas[np.argmin(arms, axis=1)]  # of the last target, the tight one
        pairs = zip(BETAS.values(), best, strict=True)
        curves.append([exact.excess(spectrum, beta, eta, epochs) for beta, eta in pairs])
    mean = np.exp(np.log(np.maximum(curves, FLOOR)).mean(axis=0))
    return {t: np.array(rows) for t, rows in found.items()}, [(epochs, line) for line in mean]


def _advantages(found, at, base, name, mode):
    """Units of a claim that the advantage is larger in one condition than in another."""
    units = []
    for seed in range(len(found[at][TIGHT])):
        arms = {
            f"{arm}, {condition:g}" + ("" if target == TIGHT else f", to {target:g}"): float(epochs[seed, i])
            for condition, by_target in found.items()
            for target, epochs in by_target.items()
            for i, arm in enumerate(BETAS)
        }
        effect = _advantage(arms, at) - _advantage(arms, base)
        units.append(Unit(name, seed, effect, mode, mode, arms))
    return units


def _advantage(arms, condition):
    plain, momentum = (arms[f"{arm}, {condition:g}"] for arm in BETAS)
    return float(np.log(plain / momentum))


def _mean_advantages(units, conditions, modes):
    return {
        f"{condition:g}" + (f", {mode}" if mode else ""): float(
            np.mean([_advantage(u.arms, condition) for u in units if u.group == mode])
        )
        for mode in modes
        for condition in conditions
    }


def _before_and_after(units, base, at, what):
    groups = dict.fromkeys(u.group for u in units)
    series = [
        Series(
            group or f"{what} {at:g}",
            np.array([_advantage(u.arms, base) for u in units if u.group == group]),
            np.array([_advantage(u.arms, at) for u in units if u.group == group]),
            "measured",
            group,
        )
        for group in groups
    ]
    ends = [bound for one in series for bound in (*one.x, *one.y)]
    equal = np.array([min(ends), max(ends)])
    series.append(Series("no difference", equal, equal, "reference"))
    label = "log ratio of epochs, β = 0 over 0.9"
    return Panel("Advantage of momentum", f"{label}, {what} {base:g}", f"{label}, {what} {at:g}", series)


def _against(units, base, arm, title, label):
    series = [
        Series(
            group,
            np.array([u.arms[base] for u in units if u.group == group]),
            np.array([u.arms[arm] for u in units if u.group == group]),
            "measured",
            group,
        )
        for group in dict.fromkeys(u.group for u in units)
    ]
    equal = np.array([FLOOR, 1.0])
    series.append(Series("equal", equal, equal, "reference"))
    return Panel(title, label, f"excess / start, {arm}", series, x_log=True, y_log=True)


def _tables(problem: Sequence[Quadratic], budget: Budget):
    """The problem's tables, one a seed; none of a ladder."""
    return [t for seed in seeds(budget) for t in tables(seed) if t.name == problem[0].name]


def _draws(budget: Budget, *names: object) -> list[np.random.Generator]:
    return [np.random.default_rng(derive_seed(budget.seed, *names, s)) for s in range(budget.n_seeds)]
