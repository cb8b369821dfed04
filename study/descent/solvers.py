"""The solvers: one row each, with every fact that the code needs to know about a solver.

The estimator, the kernels, the theory, the config and the tests read this table. A new solver is a
rule in `study.descent.rules` and a row here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from study.descent import rules
from study.descent.rules import Rule, Value


@dataclass(frozen=True)
class Solver:
    """What is known of a solver.

    Attributes
    ----------
    name : str
        As `MomentumRegressor(solver=...)` takes it.
    code : int
        The number by which the compiled kernels know it: its place in the table.
    rule : Rule
        Its update.
    states : tuple of "v" and "s"
        The states that the rule uses: the velocity v, the mean of squared gradients s.
    uses_beta : bool
        Whether β has any effect.
    is_linear : bool
        Whether the update is linear in the gradient. Then a descent on a quadratic is known exactly.
    is_scale_normalised : bool
        Whether the gradient is divided by its own root mean square, so that a coordinate moves by about
        η an update, however large the gradient is.
    velocity_is_sum : bool
        Whether v is a sum of gradients and not their mean, so that under a constant gradient a step is
        1/(1 − β) times as long. An η of the note's form is then η(1 − β) here.
    lazy : {"always", "without a penalty", "never"}
        When an update without data (a batch whose rows have no entry in the coordinate's column) multiplies
        the pair (w, state) of the coordinate by a constant 2×2 matrix; the state is `lazy_state`. Then the
        sparse kernel makes many such updates at once, by a power of the matrix.
    stability_limit : callable or None
        (β, L) → the η at and above which the descent diverges on a quadratic whose largest curvature is L
        (docs/theory.md, "Stability"). None where no such limit is known.
    """

    name: str
    code: int
    rule: Rule
    states: tuple[Literal["v", "s"], ...]
    uses_beta: bool
    is_linear: bool
    is_scale_normalised: bool
    velocity_is_sum: bool
    lazy: Literal["always", "without a penalty", "never"]
    stability_limit: Callable[[Value, Value], Value] | None

    @property
    def lazy_state(self) -> Literal["v", "s"]:
        """The state that stands beside w in the 2×2 matrix of an update without data."""
        return "s" if self.states == ("s",) else "v"

    def is_lazy(self, alpha: float) -> bool:
        """Whether updates without data can be made many at once, at this L2 penalty."""
        return self.lazy == "always" or (self.lazy == "without a penalty" and alpha == 0)


SOLVERS: dict[str, Solver] = {
    "momentum": Solver(
        name="momentum",
        code=0,
        rule=rules.momentum,
        states=("v",),
        uses_beta=True,
        is_linear=True,
        is_scale_normalised=False,
        velocity_is_sum=False,
        lazy="always",
        stability_limit=lambda beta, L: 2 * (1 + beta) / L / (1 - beta),
    ),
    "nesterov": Solver(
        name="nesterov",
        code=1,
        rule=rules.nesterov,
        states=("v",),
        uses_beta=True,
        is_linear=True,
        is_scale_normalised=False,
        velocity_is_sum=False,
        lazy="always",
        stability_limit=lambda beta, L: 2 * (1 + beta) / L / ((1 - beta) * (1 + 2 * beta)),
    ),
    "heavy_ball": Solver(
        name="heavy_ball",
        code=2,
        rule=rules.heavy_ball,
        states=("v",),
        uses_beta=True,
        is_linear=True,
        is_scale_normalised=False,
        velocity_is_sum=True,
        lazy="always",
        stability_limit=lambda beta, L: 2 * (1 + beta) / L,
    ),
    "sgd": Solver(
        name="sgd",
        code=3,
        rule=rules.sgd,
        states=(),
        uses_beta=False,
        is_linear=True,
        is_scale_normalised=False,
        velocity_is_sum=False,
        lazy="always",
        stability_limit=lambda beta, L: 2 / L,
    ),
    # Without data and penalty g = 0, so that w stays and s becomes ρs: linear. With a penalty w moves by
    # η·2αw/√s, which is not linear in (w, s).
    "rmsprop": Solver(
        name="rmsprop",
        code=4,
        rule=rules.rmsprop,
        states=("s",),
        uses_beta=False,
        is_linear=False,
        is_scale_normalised=True,
        velocity_is_sum=False,
        lazy="without a penalty",
        stability_limit=None,
    ),
    # Even with g = 0, w moves by η v̂/√ŝ, which is not linear in the states.
    "adam": Solver(
        name="adam",
        code=5,
        rule=rules.adam,
        states=("v", "s"),
        uses_beta=True,
        is_linear=False,
        is_scale_normalised=True,
        velocity_is_sum=False,
        lazy="never",
        stability_limit=None,
    ),
}
"""Every solver by its name."""

LINEAR = tuple(name for name, traits in SOLVERS.items() if traits.is_linear)
"""The solvers of which a descent on a quadratic is known exactly."""


def check_solver(solver: str, known: Sequence[str], what: str) -> None:
    """Raise ValueError if something is not known of a solver; the message names those of which it is known."""
    if solver not in known:
        raise ValueError(f"solver = {solver!r}: {what} is known of {', '.join(known)} only")
