"""What `study advise` finds: the numbers, and how they are written for a terminal and a notebook."""

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass

from study.notation import number
from study.trial import NOTE

TARGETS = {"1 %": 1e-2, "1e-6": 1e-6}
"""Shares of the starting excess over least squares, by the name that they are shown under."""

USUAL_BETA = NOTE["beta"]

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
        return _text(self)

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return f"<pre>{html.escape(str(self))}</pre>"


def _text(advice: Advice) -> str:
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
