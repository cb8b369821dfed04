"""`study advise`: what the data's eigenvalues and fourth moments say about β and η, without a fit."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from study.commands.advice import TARGETS, USUAL_BETA, Advice, BatchAdvice, Option, Pair
from study.config import Config
from study.descent import auto, theory
from study.descent.auto_batches import HORIZON, search_for_batches
from study.descent.batch_limit import stable_eta
from study.descent.expected import (
    QuadraticLoss,
    RowMoments,
    expected_loss_curves,
    row_moments,
)
from study.descent.quadratic import GramLoss, Matrix, Objective
from study.descent.spectrum import Spectrum, spectrum_at
from study.errors import ConfigError
from study.problems import catalogue
from study.problems.preparation import preparation, prepared
from study.problems.problem import Problem
from study.problems.splits import train_test
from study.trial import NOTE

SOLVERS = ("momentum", "nesterov")
"""The solvers whose settings can be advised on."""

MOST_EPOCHS = 20_000

BATCH_SIZES = (8, 32, 128)
"""Mini-batches that are advised on, where there are more rows."""

MOST_WORK = 1e6
"""Epochs times targets times the coordinates squared, beyond which mini-batches would take too long to predict."""

REFINEMENTS = (1.3, 1.08, 1.02)
"""Factors, on either side of the best pair, that the finer and finer grids about it span."""


def advise(config: Config) -> str:
    """Return κ, the stability limit, the best pairs and what the note's advice costs, as lines of text.

    Parameters
    ----------
    config : Config
        The training part of its data is read, scaled as the study would scale it; nothing is tuned.

    Raises
    ------
    ConfigError
        If the solver has no exact curves, as Adam and RMSprop have none.
    """
    return str(compute_advice(config))


def compute_advice(config: Config, problem: Problem | None = None) -> Advice:
    """Compute the advice from the exact excess curves of the training loss, and from the expected ones.

    Parameters
    ----------
    config : Config
    problem : Problem, optional
        A problem in memory, where the config names none.

    Raises
    ------
    ConfigError
        If the solver is not one of `SOLVERS`.
    """
    solver = config.model.solver
    if solver not in SOLVERS:
        raise ConfigError(f"model.solver = {solver!r}: `study advise` knows {' and '.join(SOLVERS)}")
    problem = catalogue.load(config.data, config.seed) if problem is None else problem
    X, _, y, _ = train_test(problem, config.data, config.seed)
    rows = prepared(preparation(problem, config.data, len(X)).fit(X), X)
    targets = y.to_numpy(dtype=float)
    spectrum = spectrum_of(config, rows, targets)
    mu, L = float(spectrum.eigenvalues[0]), spectrum.L
    # With β* and η* the excess shrinks by about 1 − 4/√κ an epoch; so many epochs are enough for them to reach
    # the smaller target.
    enough = 200 + int(4 * math.sqrt(L / mu) * math.log(1 / min(TARGETS.values())))
    curves = _ExcessCurves(spectrum, solver, min(MOST_EPOCHS, enough))
    long_run = theory.optimal_beta_eta(mu, L, solver)
    note = NOTE["beta"], NOTE["eta"]
    usual = {name: curves.soonest(USUAL_BETA, target, [note]) for name, target in TARGETS.items()}
    best: dict[str, Pair] = {}
    for name, target in TARGETS.items():
        best[name] = curves.soonest("auto", target, [long_run, *usual.values(), note, *best.values()])
    # The pair for one target may be the soonest at the other too.
    best = {name: curves.first([best[name], *best.values()], target) for name, target in TARGETS.items()}
    options = {
        **{f"best for {name}": dict.fromkeys(TARGETS, pair) for name, pair in best.items()},
        "β*, η*": dict.fromkeys(TARGETS, long_run),
        f"β = {USUAL_BETA:g}, its best η": usual,
        f"the note's {NOTE['beta']:g}, {NOTE['eta']:g}": dict.fromkeys(TARGETS, note),
    }
    return Advice(
        problem=problem.name,
        description=problem.description,
        solver=solver,
        smallest_curvature=mu,
        largest_curvature=L,
        condition=spectrum.condition,
        limit_with_momentum=theory.stability_limit(USUAL_BETA, L, solver),
        limit_without=theory.stability_limit(0.0, L, solver),
        long_run=long_run,
        best=best,
        fewest_epochs={name: curves.epochs([best[name]], target)[0] for name, target in TARGETS.items()},
        options=[
            Option(name, pairs, {t: curves.epochs([pairs[t]], TARGETS[t])[0] for t in TARGETS})
            for name, pairs in options.items()
        ],
        most_epochs=curves.most_epochs,
        batches=_batches(config, rows, targets),
        batch_epochs=min(config.model.max_iter, MOST_EPOCHS),
    )


@dataclass(frozen=True)
class _ExcessCurves:
    """The exact excess of a full batch, epoch by epoch, for any β and η."""

    spectrum: Spectrum
    solver: str
    most_epochs: int

    def epochs(self, pairs: Sequence[Pair], target: float, *, only_soonest: bool = False) -> list[int]:
        """Return the epochs until the excess of each pair stays below a target; one more than looked at if it does not.

        With `only_soonest`, a pair that rises above the target later than is worth looking may count as arrived.
        """
        betas, etas = np.array(pairs).T
        # The excess of a pair that diverges leaves the floating-point range: it does not arrive.
        with np.errstate(all="ignore"):
            found = auto.arrivals(
                self.spectrum, betas, etas, self.most_epochs, self.solver, target, only_soonest=only_soonest
            )
        return [int(epochs) for epochs in found]

    def first(self, pairs: Sequence[Pair], target: float) -> Pair:
        """Return the pair that is soonest at a target, the first of several."""
        epochs = self.epochs(pairs, target)
        return pairs[epochs.index(min(epochs))]

    def soonest(self, beta: auto.Setting, target: float, also: Sequence[Pair]) -> Pair:
        """Search the pair that is soonest at a target.

        Parameters
        ----------
        beta : float or "auto"
        target : float
        also : sequence of tuple (beta, eta)
            Pairs that the answer must not be later than.
        """
        eta, searched = auto.search(
            self.spectrum, "auto", beta, solver=self.solver, max_iter=self.most_epochs, target=target
        )
        best = self.first([(searched, eta), *also], target)
        for factor in REFINEMENTS:
            around = [
                (max(1 - (1 - best[0]) * factor**i, 0.0) if beta == "auto" else best[0], best[1] * factor**j)
                for i in ((-1, -0.5, 0, 0.5, 1) if beta == "auto" else (0,))
                for j in np.linspace(-1, 1, 9)
            ]
            epochs = self.epochs(around, target, only_soonest=True)
            best = self.first([best, around[epochs.index(min(epochs))]], target)
        return best


def _batches(config: Config, X: Matrix, y: np.ndarray) -> list[BatchAdvice] | None:
    """Return the advice on each size of mini-batch that is smaller than the data, the config's own among them."""
    model = config.model
    sizes = {*BATCH_SIZES, *([] if model.batch_size is None else [model.batch_size])}
    coordinates = X.shape[1] + model.fit_intercept
    if min(model.max_iter, HORIZON) * y.shape[1] * coordinates**2 > MOST_WORK:
        return None
    moments = row_moments(X, y, fit_intercept=model.fit_intercept, alpha=model.alpha)
    # The compiled recurrence lets other threads run.
    with ThreadPoolExecutor() as pool:
        return list(pool.map(partial(_batch, config, moments, X), sorted(m for m in sizes if m < len(y))))


def _batch(config: Config, moments: RowMoments, X: Matrix, batch_size: int) -> BatchAdvice:
    """Return the advice on one size of mini-batch."""
    solver, epochs = config.model.solver, min(config.model.max_iter, MOST_EPOCHS)
    L = float(moments.eigenvalues[-1])
    with_momentum, without = (
        stable_eta(
            moments,
            X,
            None,
            beta,
            batch_size,
            theory.stability_limit(beta, L, solver),
            solver=solver,
            alpha=config.model.alpha,
        )
        for beta in (USUAL_BETA, 0.0)
    )
    found = search_for_batches(moments, "auto", "auto", solver=solver, batch_size=batch_size, max_iter=epochs)
    if found is None:
        return BatchAdvice(batch_size, with_momentum, without, best=None, excess=None)
    eta, beta = found
    # The excess of the objective itself, as a quadratic in the error.
    k, p = moments.n_targets, len(moments.eigenvalues)
    excess = QuadraticLoss(np.zeros(k), np.zeros((k, p)), np.diag(moments.eigenvalues))
    pair = np.array([beta]), np.array([eta])
    left = expected_loss_curves(moments, *pair, epochs, batch_size, solver=solver, held_out=excess)[1, -1, 0]
    start = float(0.5 * np.sum(moments.eigenvalues[:, None] * moments.minimum**2) / k)
    share = float(left) / start if start > 0 else 0.0
    return BatchAdvice(batch_size, with_momentum, without, (beta, eta), share)


def spectrum_of(config: Config, X: Matrix, y: np.ndarray) -> Spectrum:
    """Return the spectrum of a study's training loss on prepared rows, with the excess of a start at zero."""
    loss = GramLoss(X, y, fit_intercept=config.model.fit_intercept)
    objective = Objective(loss, config.model.alpha, np.float64)
    return spectrum_at(objective, np.zeros((len(objective.penalty), loss.n_targets)))
