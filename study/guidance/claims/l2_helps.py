"""L2 regularisation prevents overfitting.

A linear model is taken at convergence, in closed form: without a penalty, and with the penalty α that is best
on validation. The effect is ln(test loss without a penalty / test loss with that α). The rows that are
trained on, that choose α and that grade are disjoint (`study.guidance.lab.disjoint_parts`).
"""

import numpy as np

from study.descent import curves as descent_curves
from study.descent.quadratic import GramLoss
from study.guidance.claim import ROWS_PER_COLUMN, Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.betas import BETA
from study.guidance.lab.disjoint_parts import (
    LINEAR,
    Parts,
    Rows,
    all_parts,
    mean_squared_error,
    minimum,
    panel_of_test_loss,
)
from study.guidance.lab.two_arms import log_arm_ratio, mean_log_arm_ratio
from study.guidance.lab.wording import scientific

ALPHAS = np.geomspace(1e-4, 1e2, 25)

LEAST_RATIO = min(rows for _, rows in LINEAR if rows is not None)
"""Least n/d of the problems."""

STOPPING_EPOCHS, STOPPING_ETA_L = 500, 1
"""Of the descents that are stopped at the epoch which is best on validation: most epochs, and ηL."""

NO_PENALTY, L2, STOPPED = "no penalty", "L2", "no penalty, epochs tuned"

CLAIM = Claim(
    id="l2-helps",
    place=11,
    quote="为了防止过拟合问题,可以使用L2正则化或Dropout等正则化技巧",
    claim=Text("L2 regularisation prevents overfitting.", "L2 正则化可以防止过拟合。"),
    short=Text("L2 with α chosen on validation, for test loss", "为降低测试损失，用验证集选 α 的 L2"),
    rule="effect",
    kind="test loss",
    role="remedy",
    arms=(Text("α tuned on validation", "α 在验证集上调优"), Text("α = 0", "α = 0")),
    shown=(Text("epochs tuned in both arms", "两臂都调优迭代次数"),),
    separator=ROWS_PER_COLUMN,
    protocol=Text(
        (
            f"Linear models at convergence, in closed form, on {len(LINEAR)} problems of n/d {LEAST_RATIO:g} and more. Test loss "
            f"without a penalty over that with α tuned on validation among {len(ALPHAS)} values from "
            f"{scientific(ALPHAS[0])} to {ALPHAS[-1]:g}; rows to train on, tune on and grade on are disjoint. Stopping "
            "at the epoch best on validation is shown."
        ),
        (
            f"收敛后的线性模型(闭式解)，{len(LINEAR)} 个问题，n/d 不小于 {LEAST_RATIO:g}。无惩罚的测试损失与在验证集上从 "
            f"{scientific(ALPHAS[0])} 到 {ALPHAS[-1]:g} 间 {len(ALPHAS)} 个 α 中调优者之比；"
            "训练、调优、评定的样本互不相交。另展示按验证集选择停止轮数。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare the α that is best on validation with α = 0 on every problem."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for problem in all_parts(LINEAR, budget, CLAIM.id):
        name, test_losses = problem[0].name, []
        for seed, parts in enumerate(problem):
            theta = np.array([minimum(parts.train, alpha) for alpha in (0.0, *ALPHAS)])
            validation = mean_squared_error(theta, *parts.validation)
            test = mean_squared_error(theta, *parts.test)
            best = 1 + np.argmin(validation[1:])
            arms = {
                NO_PENALTY: float(test[0]),
                L2: float(test[best]),
                "α": float(ALPHAS[best - 1]),
                STOPPED: _stopped_test_loss(parts),
            }
            effect = log_arm_ratio(arms, NO_PENALTY, L2)
            units.append(Unit(name, seed, effect, parts.rows_per_column, parts.group, arms))
            test_losses.append(test)
        mean = np.exp(np.log(test_losses).mean(axis=0))
        curves.append(Curve(name, L2, ALPHAS, mean[1:]))
        curves.append(Curve(name, NO_PENALTY, ALPHAS, np.full(len(ALPHAS), mean[0])))
    shown = {
        f"log ratio of test loss, {NO_PENALTY} over {other}, {group}": mean_log_arm_ratio(
            [unit for unit in units if unit.group == group], NO_PENALTY, other
        )
        for other in (L2, STOPPED)
        for group in ROWS_PER_COLUMN.groups
    }
    return Measurement(units, curves, [panel_of_test_loss(units, L2, NO_PENALTY)], shown, exact=True)


def _stopped_test_loss(parts: Parts) -> float:
    """Return the test loss of a descent at the epoch whose validation loss is the least."""
    best_epoch = np.argmin(_losses_by_epoch(parts.train, parts.validation))
    return float(_losses_by_epoch(parts.train, parts.test)[best_epoch])


def _losses_by_epoch(train: Rows, held_out: Rows) -> np.ndarray:
    """Return the loss on held-out rows after each epoch of a descent on others."""
    loss, held_out_loss = (GramLoss(X, y[:, None]) for X, y in (train, held_out))
    L = np.linalg.eigvalsh(loss.hessian())[-1]
    losses = descent_curves.loss_curves(
        loss, np.array([BETA]), np.array([STOPPING_ETA_L / L]), STOPPING_EPOCHS, held_out=held_out_loss
    )
    return np.array([of_held_out[0] for _, of_held_out in losses if of_held_out is not None])
