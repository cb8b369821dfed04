"""Claims about choosing η and β: what a smaller η costs, and what an unsuitable β does over a search space."""

import numpy as np
from sklearn.model_selection import train_test_split

from study import MomentumRegressor
from study.config import Model, Search
from study.descent import closed_form as exact
from study.descent.curves import Spectrum, loss_curves
from study.descent.quadratic import GramLoss
from study.figures.panel import Panel, Series
from study.guidance.claim import DELTAS, Budget, Curve, Measurement, Unit
from study.guidance.lab.arms import MISS, TARGET, Runs, fitted_gap, log_ratio, setting
from study.guidance.lab.quadratics import CELLS_ON, LADDER, TEST_SIZE, ladder, quadratics, seeds, tables
from study.guidance.lab.summaries import apart, arm, by_problem, kappa, points
from study.provenance import derive_seed
from study.tuning import search as tune

SMALL = (0.03, 0.3, 3.0)
"""ηL of the cells, each held against ten times as much; all are stable at β = 0.9, whose limit is 38."""

DECADE = 10

SWEEP = np.geomspace(0.001, 37, 60)
"""ηL of the picture."""

SLOWNESS = 13
RATES = 17
"""Points of the search space, in 1 − β and in η, log-spaced."""


def small_eta_slow(budget: Budget) -> Measurement:
    """Cells (problem, ηL) at β = 0.9 in which a tenth of the learning rate takes δ more epochs."""
    units: list[Unit] = []
    runs, checks = Runs(), []
    sweeps: dict[str, tuple[np.ndarray, list[np.ndarray]]] = {}
    for repeat, seed in enumerate(seeds(budget)):
        for problem in quadratics(seed):
            if not problem.name.startswith(CELLS_ON):
                continue
            spectrum = problem.spectrum
            for sharp in SMALL:
                name, eta = f"{problem.name}, ηL = {sharp:g}", sharp / spectrum.L
                small, large = setting(spectrum, 0.9, eta), setting(spectrum, 0.9, DECADE * eta)
                ratio = log_ratio(small.cost, large.cost)
                arms = {"eta": small.cost, "ten_eta": large.cost, "log_ratio": ratio}
                units.append(Unit(name, repeat, float(ratio > DELTAS["speed"]), arms=arms))
                runs.add(name, spectrum, {"eta": small, "ten_eta": large})
                if repeat == 0:
                    checks.append((problem, large))
            epochs = exact.arrivals(spectrum, np.full(len(SWEEP), 0.9), SWEEP / spectrum.L, TARGET)
            sweeps.setdefault(problem.name, (_slowest_direction(spectrum), []))[1].append(
                np.minimum(epochs, MISS)
            )
    shown = {
        "times_slower": by_problem(units, lambda unit: float(np.exp(unit.arms["log_ratio"]))),
        "share_by_eta_L": {
            f"{sharp:g}": float(np.mean([u.effect for u in units if u.problem.endswith(f"ηL = {sharp:g}")]))
            for sharp in SMALL
        },
        "estimator": fitted_gap(checks),
    }
    theory, measured, gaps = [], [], []
    for name, (line, found) in sweeps.items():
        mean = np.exp(np.mean(np.log(found), axis=0))
        label = name.split(", n ")[0]
        theory.append(Series(f"theory, {label}", SWEEP, line, "theory", label))
        measured.append(Series(label, SWEEP, mean, "measured", label))
        gaps.append(apart(mean[mean < MISS], line[mean < MISS]))
    axes = "η times the largest curvature, ηL", f"epochs until the excess stays below {TARGET:g} of its start"
    half = len(theory) // 2
    panels = [
        Panel(title, *axes, [*theory[part], *measured[part]], x_log=True, y_log=True)
        for title, part in (
            ("Epochs over η at β = 0.9, bundled data", slice(0, half)),
            ("Epochs over η at β = 0.9, synthetic ladder", slice(half, None)),
        )
    ]
    return Measurement(units, runs.curves(), panels, shown, float(np.median(gaps)), exact=True)


def _slowest_direction(spectrum: Spectrum) -> np.ndarray:
    """Epochs of β = 0.9 over the sweep, where each direction's share of the excess shrinks by |ρ|² an epoch."""
    share = spectrum.excess / spectrum.excess.sum()
    larger, _ = exact.roots(np.full(len(SWEEP), 0.9), SWEEP / spectrum.L, spectrum.eigenvalues)
    return (np.log(np.minimum(TARGET / share, 1)) / (2 * np.log(np.abs(larger)))).max(axis=1)


def needs_tuning(budget: Budget) -> Measurement:
    """Problems on which half of the search space's β, η at its best place, cost δ more held-out loss.

    The loss is that of a default study's last epoch, off the exact surface over its default search space;
    a descent that diverges has the worst loss there. Shown: the same for η with β at its best place, the
    spread over the whole space, and PED-ANOVA's importance of both.
    """
    search, epochs = Search(), Model().max_iter
    slowness = np.geomspace(1 - search.beta.high, 1 - search.beta.low, SLOWNESS)
    etas = np.geomspace(search.eta.low, search.eta.high, RATES)
    pairs = [side.ravel() for side in np.meshgrid(slowness, etas, indexing="ij")]
    units: list[Unit] = []
    curves: dict[tuple[str, str], list[np.ndarray]] = {}
    gaps: list[float] = []
    for repeat, seed in enumerate(seeds(budget)):
        for name, condition, train, held_out in _splits(seed):
            surface = loss_curves(train, 1 - pairs[0], pairs[1], epochs, held_out=held_out)
            losses = np.array(list(surface), dtype=float)
            path = _with_divergence(losses[:, 0], losses[:, 1], train.power, held_out.power)
            final = path[-1].reshape(SLOWNESS, RATES)
            i, j = np.unravel_index(np.argmin(final), final.shape)
            # The β of median loss: half of the β cost at least as much.
            median = int(np.argsort(final[:, j])[SLOWNESS // 2])
            importance = tune.pedanova({"beta": pairs[0], "eta": pairs[1]}, final.ravel())
            low, high = np.percentile(final, (10, 90))
            arms = {
                "best": float(final[i, j]),
                "median_beta": float(final[median, j]),
                "worst_beta": float(final[:, j].max()),
                "median_eta": float(np.median(final[i])),
                "worst_eta": float(final[i].max()),
                "spread_10_90": float(high / low),
                "importance_beta": importance["beta"],
                "importance_eta": importance["eta"],
                "best_beta": float(1 - slowness[i]),
                "best_eta": float(etas[j]),
                "kappa": condition,
            }
            cost = np.log(arms["median_beta"] / arms["best"])
            units.append(Unit(name, repeat, float(cost > DELTAS["test loss"]), arms=arms))
            for run, place in (("best", i), ("median_beta", median)):
                curves.setdefault((name, run), []).append(path[:, place * RATES + j])
            if repeat == 0:
                fit = MomentumRegressor(etas[j], 1 - slowness[i], tol=None, max_iter=epochs).fit_moments(
                    train
                )
                theta = np.append(fit.coef_, fit.intercept_)[:, None]
                gaps.append(abs(held_out(theta)[0] / arms["best"] - 1))
    shown = {
        **{
            arm: float(np.mean([unit.arms[arm] for unit in units]))
            for arm in ("importance_beta", "importance_eta")
        },
        **{
            f"times_best_{arm}": float(np.exp(np.mean([_above(arm)(unit) for unit in units])))
            for arm in ("median_beta", "worst_beta", "median_eta", "worst_eta")
        },
        "spread_10_90": by_problem(units, arm("spread_10_90")),
        "estimator": {"fits": len(gaps), "relative_difference": float(max(gaps))},
    }
    tracked = [
        Curve(*key, x=np.arange(1, epochs + 1), y=np.mean(found, axis=0)) for key, found in curves.items()
    ]
    return Measurement(units, tracked, _panels(units), shown, exact=True)


def _with_divergence(
    train: np.ndarray, held_out: np.ndarray, start: float, held_out_start: float
) -> np.ndarray:
    """Held-out loss by epoch and pair; that of a descent which ends above its start is the worst of all."""
    diverged = ~(train[-1] <= start)
    worst = max(held_out_start, held_out[-1, ~diverged].max())
    path = np.minimum(held_out, worst)
    path[-1, diverged] = worst
    return path


def _panels(units: list[Unit]) -> list[Panel]:
    ends = np.array([min(kappa(unit) for unit in units), max(kappa(unit) for unit in units)])
    return [
        Panel(
            "What an unsuitable β costs, and an unsuitable η",
            "condition number κ",
            "held-out loss over that of the best pair",
            [
                points("half of the β cost more than this, best η", units, _above("median_beta")),
                points("half of the η cost more than this, best β", units, _above("median_eta")),
                Series("2 % more", ends, np.full(2, np.exp(DELTAS["test loss"])), "reference"),
            ],
            x_log=True,
            y_log=True,
        ),
        Panel(
            "Importance over the search space (PED-ANOVA)",
            "condition number κ",
            "share of the importance",
            [
                points("β", units, _importance("beta")),
                points("η", units, _importance("eta")),
            ],
            x_log=True,
        ),
    ]


def _above(arm: str):
    """How far an arm's loss is above the best, as a logarithm."""
    return lambda unit: float(np.log(unit.arms[arm] / unit.arms["best"]))


def _importance(parameter: str):
    """A parameter's importance, as a logarithm; none at all is drawn as a tenth of a percent."""
    return lambda unit: float(np.log(max(unit.arms[f"importance_{parameter}"], 1e-3)))


def _splits(seed: int):
    """Every other problem: its name, κ, and the losses of its training rows and of those held out."""
    for table in tables(seed)[::2]:
        train, held_out = GramLoss(table.X, table.y[:, None]), GramLoss(table.X_test, table.y_test[:, None])
        yield table.name, table.condition, train, held_out
    for problem in (ladder(*step, seed) for step in LADDER[::2]):
        state = derive_seed(seed, problem.name, "split")
        X, X_test, y, y_test = train_test_split(
            problem.X, problem.y[:, None], test_size=TEST_SIZE, random_state=state
        )
        yield problem.name, problem.condition, GramLoss(X, y), GramLoss(X_test, y_test)
