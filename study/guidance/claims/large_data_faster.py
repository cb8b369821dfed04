"""Momentum's advantage is larger on large data sets.

Synthetic problems are drawn with few rows and with many, the condition number and the features the same. The
effect is the advantage of β = 0.9 over β = 0 with many rows less that with few
(`study.guidance.lab.momentum_advantage`). A full batch depends on its rows only through the Hessian, so there
the two advantages differ only by the eigenvalues that are drawn between the extremes; they are computed
exactly. Mini-batches are simulated.
"""

from study.guidance.claim import BATCH, Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab import momentum_advantage
from study.guidance.lab.arms import TARGET
from study.guidance.lab.betas import BETA
from study.guidance.lab.momentum_advantage import BothArms, exact_full_batch, simulate_mini_batches
from study.guidance.lab.quadratics import ladder, seeds
from study.guidance.lab.side_by_side import generators
from study.guidance.lab.wording import scientific

FEW, MANY = 64, 2048
"""Rows that each problem is drawn with."""

PROBLEMS = ((3, 5, 0.0), (10, 10, 0.01), (30, 10, 0.03), (30, 20, 0.0), (100, 10, 0.01), (300, 10, 0.0))
"""κ, features and the standard deviation of the target's noise."""

BATCH_SIZE = 16

UPDATES, UPDATES_PER_RECORD = 4000, 4
"""Most updates of a descent, and after how many of them its excess is recorded."""

FULL_BATCH, _ = BATCH.groups

CLAIM = Claim(
    id="large-data-faster",
    place=13,
    quote="当处理大规模数据集时",
    claim=Text("Momentum's advantage is larger on large data sets.", "数据量大时动量的优势更大。"),
    short=Text("momentum because the data are large", "因为数据量大而使用动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text(f"β = {BETA:g} against 0 at the largest n", f"最大 n 时 β = {BETA:g} 对 0 的优势"),
        Text("the same at the smallest n", "最小 n 时的同一优势"),
    ),
    separator=BATCH,
    protocol=Text(
        (
            f"{len(PROBLEMS)} ladder problems, each full batch and in batches of {BATCH_SIZE}, with {FEW} and with "
            f"{MANY:,} rows, κ and d the same. The advantage is the log ratio of the epochs to "
            f"{scientific(TARGET)}, β = 0 over β = {BETA:g}, each at its best η; graded is the advantage with many "
            "rows less that with few."
        ),
        (
            f"{len(PROBLEMS)} 个合成问题，各以全批量与每批 {BATCH_SIZE} 行，样本数 {FEW} 与 {MANY:,}，κ 与 d 不变。"
            f"优势为 β = 0 与 β = {BETA:g}(各取最优 η)降到 {scientific(TARGET)} 的轮数之比的对数；"
            "评定样本多时的优势减样本少时的优势。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare β = 0.9 with β = 0 on every problem, with few rows and with many, in full batch and in mini-batches."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for kappa, d, noise in PROBLEMS:
        drawn = {
            n: [ladder(kappa, n, d, noise, 1.0, True, seed) for seed in seeds(budget)] for n in (FEW, MANY)
        }
        for mode in BATCH.groups:
            name = f"κ = {kappa:g}, d {d}, noise {noise:g}, {mode}"
            found: dict[float, BothArms] = {}
            for n, problem in drawn.items():
                if mode == FULL_BATCH:
                    found[n] = exact_full_batch(problem, UPDATES)
                else:
                    draws = generators(budget, CLAIM.id, name, n)
                    found[n] = simulate_mini_batches(problem, BATCH_SIZE, draws, UPDATES, UPDATES_PER_RECORD)
            units += momentum_advantage.units_of_difference(name, found, MANY, FEW, mode)
            curves += momentum_advantage.curves(name, found[MANY])
    return Measurement(
        units,
        curves,
        panels=[momentum_advantage.panel(units, MANY, FEW, "rows")],
        shown={
            f"log ratio, β = {BETA:g} against 0": momentum_advantage.mean_advantages(
                units, (FEW, MANY), BATCH.groups
            )
        },
    )
