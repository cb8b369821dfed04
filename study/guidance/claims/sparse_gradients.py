"""Momentum is not harmed by sparse gradients.

Synthetic problems are drawn dense and sparse, the condition number the same, and descended in mini-batches.
The effect is the advantage of β = 0.9 over β = 0 on the sparse data less that on the dense data
(`study.guidance.lab.momentum_advantage`).
"""

from study.guidance.claim import Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab import momentum_advantage
from study.guidance.lab.arms import TARGET
from study.guidance.lab.betas import BETA
from study.guidance.lab.momentum_advantage import BothArms, simulate_mini_batches
from study.guidance.lab.quadratics import ladder, seeds
from study.guidance.lab.side_by_side import generators
from study.guidance.lab.wording import scientific

DENSE, SPARSE = 1.0, 0.01
"""Share of the values of X that are not zero."""

FEATURES, ROWS = 100, 400

PROBLEMS = (
    (1, 0.0, 4), (3, 0.0, 4), (3, 0.003, 16), (10, 0.0, 8), (10, 0.003, 16),
    (10, 0.0, 32), (30, 0.0, 16), (30, 0.003, 32), (30, 0.0, 32), (60, 0.0, 32),
)  # fmt: skip
"""κ, the standard deviation of the target's noise, and the batch size."""

UPDATES, UPDATES_PER_RECORD = 1500, 5
"""Most updates of a descent, and after how many of them its excess is recorded."""

CLAIM = Claim(
    id="sparse-gradients",
    place=15,
    quote="避免受到梯度稀疏性的影响",
    claim=Text("Momentum is not harmed by sparse gradients.", "动量可避免受梯度稀疏性的影响。"),
    short=Text("momentum because the gradients are sparse", "因为梯度稀疏而使用动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text(f"β = {BETA:g} against 0 at density {SPARSE:g}", f"密度 {SPARSE:g} 时 β = {BETA:g} 对 0 的优势"),
        Text(f"the same at density {DENSE:g}", f"密度 {DENSE:g} 时的同一优势"),
    ),
    protocol=Text(
        (
            f"{len(PROBLEMS)} ladder problems of {FEATURES} features and {ROWS} rows in mini-batches. The advantage "
            f"(epochs to {scientific(TARGET)}, β = 0 over β = {BETA:g}, each at its best η) at density {SPARSE:g} "
            f"less that at density {DENSE:g}, κ the same."
        ),
        (
            f"{len(PROBLEMS)} 个合成问题，{FEATURES} 个特征、{ROWS} 行，小批量。优势为 β = 0 与 β = {BETA:g}(各取最优 η)"
            f"降到 {scientific(TARGET)} 的轮数之比的对数；"
            f"评定密度 {SPARSE:g} 时的优势减密度 {DENSE:g} 时的优势，κ 不变。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare β = 0.9 with β = 0 on every problem, dense and sparse."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for kappa, noise, batch_size in PROBLEMS:
        name = f"κ = {kappa:g}, noise {noise:g}, batches of {batch_size}"
        found: dict[float, BothArms] = {}
        for density in (DENSE, SPARSE):
            problem = [ladder(kappa, ROWS, FEATURES, noise, density, False, seed) for seed in seeds(budget)]
            draws = generators(budget, CLAIM.id, name, density)
            found[density] = simulate_mini_batches(problem, batch_size, draws, UPDATES, UPDATES_PER_RECORD)
        units += momentum_advantage.units_of_difference(name, found, SPARSE, DENSE, None)
        curves += momentum_advantage.curves(name, found[SPARSE])
    return Measurement(
        units,
        curves,
        panels=[momentum_advantage.panel(units, SPARSE, DENSE, "density")],
        shown={
            f"log ratio, β = {BETA:g} against 0": momentum_advantage.mean_advantages(
                units, (DENSE, SPARSE), (None,)
            )
        },
    )
