"""`study advise`: what the data's eigenvalues and fourth moments say about β and η, without a fit."""

import html
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from study.config import Config
from study.descent import auto, theory
from study.descent.auto_batches import HORIZON, search_for_batches
from study.descent.expected import (
    QuadraticLoss,
    RowMoments,
    expected_loss_curves,
    largest_stable_eta,
    row_moments,
)
from study.descent.quadratic import GramLoss, Matrix, Objective
from study.descent.spectrum import Spectrum, spectrum_at
from study.errors import ConfigError
from study.notation import number
from study.problems import catalogue
from study.problems.preparation import preparation, prepared
from study.problems.problem import Problem
from study.problems.splits import train_test
from study.trial import NOTE

TARGETS = {"1 %": 1e-2, "1e-6": 1e-6}
"""Shares of the starting excess over least squares, by the name that they are shown under."""

SOLVERS = ("momentum", "nesterov")
"""The solvers whose settings can be advised on."""

USUAL_BETA = NOTE["beta"]

MOST_EPOCHS = 20_000

BATCH_SIZES = (8, 32, 128)
"""Mini-batches that are advised on, where there are more rows."""

MOST_WORK = 1e6
"""Epochs times targets times the coordinates squared, beyond which mini-batches would take too long to predict."""

REFINEMENTS = (1.3, 1.08, 1.02)
"""Factors, on either side of the best pair, that the finer and finer grids about it span."""

Pair = tuple[float, float]
"""β and η."""


@dataclass(frozen=True)
class Option:
    """A way to choose β and η, and what it costs.

    Attributes
    ----------
    name : str
    pairs : dict of str to tuple (beta, eta)
        By the name of the target that it is chosen for.
    epochs : dict of str to int
        Until the excess stays below the target, by the target's name. More than `Advice.most_epochs` where
        it does not get there within so many epochs.
    """

    name: str
    pairs: Mapping[str, Pair]
    epochs: Mapping[str, int]


@dataclass(frozen=True)
class BatchAdvice:
    """The best setting for mini-batches of one size, predicted.

    Attributes
    ----------
    batch_size : int
    limit_with_momentum, limit_without : float
        The largest stable η at β = 0.9 and at β = 0.
    best : tuple (beta, eta) or None
        The pair with the least expected training loss after `max_iter` epochs, looking at most
        `study.descent.auto_batches.HORIZON` epochs ahead. None where no pair was found stable.
    excess : float or None
        What that pair is expected to leave of the starting excess after `Advice.batch_epochs` epochs.
    """

    batch_size: int
    limit_with_momentum: float
    limit_without: float
    best: Pair | None
    excess: float | None


@dataclass(frozen=True)
class Advice:
    """What the eigenvalues of a study's training rows say.

    Attributes
    ----------
    problem, description : str
    solver : str
    smallest_curvature, largest_curvature, condition : float
        μ, L and κ = L/μ of the training loss.
    limit_with_momentum, limit_without : float
        The η at and above which the descent diverges, at β = 0.9 and at β = 0.
    long_run : tuple (beta, eta)
        β* and η* of the solver, the best asymptotic rate (docs/theory.md, "Convergence rate").
    best : dict of str to tuple (beta, eta)
        The pair that is soonest at a target, by the target's name.
    fewest_epochs : dict of str to int
        What that pair needs.
    options : list of Option
    most_epochs : int
        How many epochs were looked at.
    batches : list of BatchAdvice or None
        By their size. None where there are too many coordinates or epochs to predict them quickly.
    batch_epochs : int
        The config's `max_iter`, or `MOST_EPOCHS` where it is more.
    """

    problem: str
    description: str
    solver: str
    smallest_curvature: float
    largest_curvature: float
    condition: float
    limit_with_momentum: float
    limit_without: float
    long_run: Pair
    best: Mapping[str, Pair]
    fewest_epochs: Mapping[str, int]
    options: list[Option]
    most_epochs: int
    batches: list[BatchAdvice] | None
    batch_epochs: int

    def __str__(self) -> str:
        """Return what `study advise` prints."""
        return text(self)

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return f"<pre>{html.escape(text(self))}</pre>"


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


def text(advice: Advice) -> str:
    """Write the advice for a terminal."""
    beta_star, eta_star = advice.long_run
    lines = [
        f"{advice.problem}: {advice.description}",
        f"condition number κ = {advice.condition:.4g}  (curvature from {advice.smallest_curvature:.3g} "
        f"to {advice.largest_curvature:.3g})",
        f"stable at β = {USUAL_BETA:g} for η < {advice.limit_with_momentum:.4g}, without momentum for "
        f"η < {advice.limit_without:.4g}",
        f"best in the long run, for the flattest direction: β* = {_beta(beta_star, 4)}, η* = {eta_star:.4g}",
        "",
        f"{'epochs until the excess over least squares stays below':<61}"
        + "".join(f"{name:>14}" for name in TARGETS),
    ]
    for option in advice.options:
        pairs = " / ".join(dict.fromkeys(_pair(pair) for pair in option.pairs.values()))
        counts = [
            _count(option.epochs[name], advice.fewest_epochs[name], advice.most_epochs) for name in TARGETS
        ]
        lines.append(f"  {option.name:<22}{pairs:<37}" + "".join(f"{count:>14}" for count in counts))
    lines += ["", *_batch_lines(advice)]
    hardest = min(TARGETS, key=TARGETS.__getitem__)
    beta, eta = advice.best[hardest]
    late = "" if advice.fewest_epochs[hardest] <= advice.most_epochs else ", which is not reached,"
    nesterov = ", nesterov=True" if advice.solver == "nesterov" else ""
    lines += [
        "",
        f"the best for {hardest}{late} in PyTorch: SGD(momentum={_beta(beta, 4)}, lr={eta * (1 - beta):.4g}{nesterov}) on MSELoss",
    ]
    return "\n".join(lines)


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
        return list(pool.map(partial(_batch, config, moments), sorted(m for m in sizes if m < len(y))))


def _batch(config: Config, moments: RowMoments, batch_size: int) -> BatchAdvice:
    """Return the advice on one size of mini-batch."""
    solver, epochs = config.model.solver, min(config.model.max_iter, MOST_EPOCHS)
    L = float(moments.eigenvalues[-1])
    with_momentum, without = (
        largest_stable_eta(moments, beta, batch_size, theory.stability_limit(beta, L, solver), solver=solver)
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


def _count(epochs: int, fewest: int, most: int) -> str:
    """Write a number of epochs, and how many times the fewest it is."""
    if epochs > most:
        return f"> {most}"
    ratio = epochs / max(fewest, 1)
    return (
        f"{epochs}"
        if epochs <= fewest
        else f"{epochs} ({f'{ratio:.2g}' if ratio < 99.5 else f'{ratio:.0f}'}×)"
    )


def _batch_lines(advice: Advice) -> list[str]:
    """Write the limits and the best pair of the full batch and of every size of mini-batch."""
    easiest = max(TARGETS, key=TARGETS.__getitem__)
    head = f"{'by the size of a batch':<24}{f'stable, β = {USUAL_BETA:g}':<18}{'stable, β = 0':<18}{'best pair':<24}"
    result = [head + f"excess after {advice.batch_epochs} epochs"]

    def line(name: str, limits: Pair, pair: str, then: str) -> str:
        shown = "".join(f"{f'η < {limit:.3g}':<18}" for limit in limits)
        return f"  {name:<22}{shown}{pair:<24}{then}"

    limits = advice.limit_with_momentum, advice.limit_without
    soonest = f"{easiest} at epoch {advice.fewest_epochs[easiest]}"
    if advice.fewest_epochs[easiest] > advice.most_epochs:
        soonest = f"{easiest} after more than {advice.most_epochs}"
    result.append(line("full batch", limits, _pair(advice.best[easiest]), soonest))
    if advice.batches is None:
        result.append("  mini-batches: too many coordinates and epochs to predict them in a moment")
    for batch in advice.batches or []:
        pair, then = "none found", "-"
        if batch.best is not None and batch.excess is not None:
            pair, then = _pair(batch.best), f"{number(100 * batch.excess)} % expected"
        limits = batch.limit_with_momentum, batch.limit_without
        result.append(line(f"batches of {batch.batch_size}", limits, pair, then))
    return result


def _pair(pair: Pair) -> str:
    return f"β {_beta(pair[0], 3)} η {pair[1]:.3g}"


def _beta(beta: float, digits: int) -> str:
    """Write a β; near 1, where its distance to 1 is what matters, with two digits of that."""
    gap = 1 - beta
    if 0 < gap < 10.0 ** (1 - digits):
        return f"{beta:.{1 - math.floor(math.log10(gap))}f}"
    return f"{beta:.{digits}g}"
