"""The numbers that protocols name are those of the experiments."""

import numpy as np
import pytest

from study.guidance import verdicts
from study.guidance.claims import BY_ID
from study.guidance.experiments import (
    arms,
    batched,
    exact,
    landscapes,
    networks,
    oscillation,
    plateaus,
    problems,
    rivals,
    speed,
    tuning,
)
from study.guidance.protocols import COMMON, PROTOCOLS

REAL = sum(len(targets) for targets in problems.TARGETS.values())
LADDER = len(problems.LADDER)
SHOWN = len(problems.CELLS_ON)
NAMED = {
    "converges-faster": [(f"{REAL} table targets", f"{REAL} 个表格目标"), (f"{LADDER} ladder", f"{LADDER} 个合成"),
                         (f"{len(arms.GRID)} ηL", f"{len(arms.GRID)} 个 ηL")],
    "smooths-oscillation": [(f"{2 * len(oscillation.CELLS)} cells", f"{2 * len(oscillation.CELLS)} 个单元")],
    "escapes-local-minima": [
        (f"{len(landscapes.TRAPS)} functions", f"{len(landscapes.TRAPS)} 个有陷阱"),
        (f"{landscapes.STEPS:,} steps", f"{landscapes.STEPS:,} 步"),
        (f"last {100 * landscapes.QUIET:.0f} %", f"最后 {100 * landscapes.QUIET:.0f} %"),
        (f"{landscapes.STARTS} starts", f"{landscapes.STARTS} 个起点"),
        (f"η = {landscapes.CAUTIOUS:g}/L", f"η = {landscapes.CAUTIOUS:g}/L"),
        (f"within {landscapes.NEAR:g}", f"{landscapes.NEAR:g} 以内"),
    ],
    "beta-near-0.9": [(f"from {speed.FAR:,}", f"{speed.FAR:,}")],
    "large-beta-conservative": [(f"{SHOWN} problems", f"{SHOWN} 个问题")],
    "small-eta-slow": [(f"{SHOWN} problems", f"{SHOWN} 个问题")],
    "schedules-help": [
        (f"{batched.EPOCHS} epochs", f"{batched.EPOCHS} 轮"),
        (f"{len(batched.SCHEDULED)} problems", f"{len(batched.SCHEDULED)} 个问题"),
        (f"{len(batched.RATES)} ηL", f"{len(batched.RATES)} 个 ηL"),
    ],
    "adam-combination-better": [
        (f"{len(rivals.PROBLEMS)} problems", f"{len(rivals.PROBLEMS)} 个问题"),
        (f"{len(rivals.ETAS)} η × {len(rivals.BETAS)} β", f"{len(rivals.ETAS)} 个 η × {len(rivals.BETAS)} 个 β"),
        (f"{len(rivals.BETAS_2)} β₂ and {len(rivals.EPSILONS)} ε", f"{len(rivals.BETAS_2)} 个 β₂、{len(rivals.EPSILONS)} 个 ε"),
        (f"{rivals.EPOCHS:,} epochs", f"{rivals.EPOCHS:,} 轮"),
    ],
    "not-for-every-problem": [(f"{len(rivals.PROBLEMS)} problems", f"{len(rivals.PROBLEMS)} 个问题")],
    "l2-helps": [(f"{len(networks.LINEAR)} problems", f"{len(networks.LINEAR)} 个问题"),
                 (f"{len(networks.ALPHAS)} values", f"{len(networks.ALPHAS)} 个 α")],
    "dropout-helps": [
        (f"{len(networks.LINEAR)} linear", f"{len(networks.LINEAR)} 个线性"),
        (f"{len(networks.NETWORKS)} networks", f"{len(networks.NETWORKS)} 个含"),
        (f"layer of {networks.HIDDEN}", f"{networks.HIDDEN} 个隐藏"),
    ],
    "large-data-faster": [
        (f"{len(batched.GROWING)} ladder", f"{len(batched.GROWING)} 个合成"),
        (f"batches of {batched.ROWS_A_BATCH}", f"每批 {batched.ROWS_A_BATCH} 行"),
        (f"{batched.FEW} and with {batched.MANY:,} rows", f"{batched.FEW} 与 {batched.MANY:,}"),
    ],
    "flat-regions": [(f"{len(plateaus.PLATEAUS)} plateaus", f"{len(plateaus.PLATEAUS)} 个梯度")],
    "sparse-gradients": [
        (f"{len(batched.SPARSENED)} ladder", f"{len(batched.SPARSENED)} 个合成"),
        (f"{batched.FEATURES} features and {batched.ROWS} rows", f"{batched.FEATURES} 个特征、{batched.ROWS} 行"),
        (f"density {batched.SPARSE:g}", f"密度 {batched.SPARSE:g}"),
    ],
    "depends-on-gradient": [(f"over {plateaus.DESCENT} steps", f"{plateaus.DESCENT} 步")],
}  # fmt: skip


@pytest.mark.parametrize("claim", NAMED)
def test_a_protocol_names_the_numbers_of_its_experiment(claim):
    for texts in NAMED[claim]:
        for text, protocol in zip(texts, PROTOCOLS[claim], strict=True):
            assert text in protocol


def test_words_that_stand_for_numbers():
    assert exact.EPOCHS == 1_000_000
    assert (arms.GRID[0], arms.GRID[-1]) == pytest.approx((0.01, 4000))
    assert (arms.TARGET, arms.LOOSE) == (1e-6, 1e-2)
    assert (batched.TIGHT, batched.LOOSE, batched.FLOOR) == (1e-6, 1e-2, 1e-6)
    assert rivals.TIGHT == 1e-6
    assert np.exp(rivals.AHEAD) == pytest.approx(1.1)
    assert len(landscapes.ETAS) == 10
    assert list(landscapes.SIGMAS) == [0, 1, 10]
    assert 1 - speed.BETAS[-1] == pytest.approx(1e-4)
    assert speed.SHARP == (0.1, 1.0, 10.0)
    assert tuning.SMALL == (0.03, 0.3, 3.0)
    assert (networks.ALPHAS[0], networks.ALPHAS[-1]) == pytest.approx((1e-4, 100))
    assert (len(networks.CHANCES), len(networks.NETWORK_CHANCES) - 1) == (6, 4)
    assert oscillation.PLANE_BETAS == (0, 0.5, 0.9, 0.99, 0.999)
    assert (len(oscillation.PLANE_SHARP), oscillation.PLANE_SHARP[0], oscillation.PLANE_SHARP[-1]) == (
        9,
        0.01,
        30,
    )
    assert list(plateaus.RATES) == [0.01, 0.1, 1.0]
    assert (plateaus.NOISES[1], plateaus.NOISES[-1]) == (0.1, 10)
    assert BY_ID["needs-tuning"].arms[1].en == "the best pair"
    assert verdicts.DELTAS["test loss"] == pytest.approx(np.log(1.02), rel=0.02)


def test_what_counts_in_a_cell_is_said():
    for text in COMMON:
        assert f"{100 * verdicts.RELIABLY:.0f} %" in text
