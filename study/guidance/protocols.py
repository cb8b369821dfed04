"""How each claim is measured, in English and Chinese: arms, grids, targets, problems. Written before any result.

What all claims share is said once, in `COMMON`.
"""

from study.guidance.verdicts import RELIABLY

COMMON = (
    "A problem's effect is the mean over its seeds, each clipped to ±ln 10; the interval is Student's t over "
    "problems. Arms have their own η off one shared grid. Epochs are counted until the training excess over "
    "least squares stays below its target; a miss costs twice the budget. Targets are 1e-2 (shown) and 1e-6 "
    "(graded) of the starting excess. The problems are bundled real tables under several targets, split anew by "
    "each seed, and synthetic ladders in κ, which start with equal excess in every eigen-direction. Where a claim "
    f"is graded by a share, a cell counts where the thing occurs in at least {100 * RELIABLY:.0f} % of its seeds.",
    "一个问题的效应是各种子的均值,每次截断在 ±ln 10;区间为各问题上的 Student t 区间。各臂在同一网格上各自调优 η。"
    "计数到训练超额(相对最小二乘)持续低于目标的轮数;未达到者按预算的两倍计。目标为初始超额的 1e-2(仅展示)与 1e-6(评定)。"
    "问题包括自带的真实数据表(多个目标,每个种子重新划分)与按 κ 递增的合成问题,后者各特征方向的初始超额相等。"
    f"按比例评定的说法,某单元至少在 {100 * RELIABLY:.0f} % 的种子中出现才算数。",
)

PROTOCOLS = {
    "converges-faster": (
        "Full batch, 18 table targets and 14 ladder steps. Epochs to 1e-6 of β = 0 over those of β = 0.9, each "
        "at its best of 320 ηL from 0.01 to 4000, off the exact recurrence; budget a million epochs. Both β and "
        "η tuned (given the smaller arms' best), the loose target and β = 0.9 at plain descent's η are shown.",
        "全批量,18 个表格目标与 14 个合成问题。β = 0 与 β = 0.9 降到 1e-6 的轮数之比,各取 0.01 到 4000 间 320 个 ηL 中的最优,"
        "由精确递推算出;预算一百万轮。另展示 β、η 都调优(含较小臂的最优点)、宽松目标,以及 β = 0.9 用普通下降的 η。",
    ),
    "smooths-oscillation": (
        "Full batch, 24 cells: 12 values of ηL from 0.05 to 1.9, six on each side of 1, each on a table and on a "
        "ladder step. The share of updates that reverse along the sharpest direction, β = 0 less β = 0.9 at the "
        "same η, counted until that direction's excess stays below 1e-6. Rises of the loss, and ηL above 2, shown.",
        "全批量,24 个单元:0.05 到 1.9 间 12 个 ηL(1 的两侧各六个),各用一个表格与一个合成问题。最陡方向上更新反转的比例,"
        "同一 η 下 β = 0 减 β = 0.9,计到该方向超额持续低于 1e-6。另展示损失上升的次数与 ηL 大于 2 的情形。",
    ),
    "escapes-local-minima": (
        "13 functions with traps (tilted double wells and Himmelblau, Rastrigin, Ackley; dimension, tilt and "
        "scale varied), each with noise σ = 0, 1 and 10, off for the last 20 % of 2,000 steps; 200 starts a seed. "
        "Net escapes: of the starts that descent at η = 0.05/L leaves in a worse minimum, the share that ends "
        "within 0.1 of the global one, less the share of global starts that are lost. β = 0.9 less β = 0, each "
        "with η of ten values tuned on other starts. Heavy ball, Rosenbrock, Beale and a small network shown.",
        "13 个有陷阱的函数(倾斜双阱、倾斜 Himmelblau、Rastrigin、Ackley;维数、倾斜与尺度各异),噪声 σ 为 0、1、10,"
        "2,000 步中最后 20 % 关闭噪声;每个种子 200 个起点。净逃逸:η = 0.05/L 的梯度下降落入较差极小的起点中,"
        "最终距全局极小 0.1 以内的比例,减去全局起点丢失的比例。β = 0.9 减 β = 0,各在另外的起点上从十个 η 中调优。"
        "另展示 heavy ball、Rosenbrock、Beale 与一个小网络。",
    ),
    "beta-near-0.9": (
        "Full batch. Regret: the log ratio of the epochs to 1e-6 of β = 0.9 at its best η to those of the best "
        "pair (β, η) of the exact surface, 1 − β from 1 to 1e-4. All problems with κ in 600 to 3500 and, outside, "
        "those with κ from 10,000 and one of each kind below. Where the best β lies is drawn against β*.",
        "全批量。代价:β = 0.9 取最优 η 时降到 1e-6 的轮数与精确响应面上最优 (β, η) 的轮数之比的对数,1 − β 从 1 到 1e-4。"
        "包括 κ 在 600 到 3500 之内的全部问题;之外取 κ 不小于 10,000 者,及其下每类一个。图中画出最优 β 与 β*。",
    ),
    "large-beta-conservative": (
        "Full batch, 8 problems at ηL = 0.1, 1 and 10. Epochs to 1e-6 of β = 0.999 over those of β = 0.9 at the "
        "same η, off the exact recurrence; budget a million. Heavy ball at the same α shown.",
        "全批量,8 个问题,ηL = 0.1、1、10。同一 η 下 β = 0.999 与 β = 0.9 降到 1e-6 的轮数之比,由精确递推算出;预算一百万轮。"
        "另展示同一 α 的 heavy ball。",
    ),
    "small-eta-slow": (
        "Full batch at β = 0.9. A cell is one of 8 problems with one of ηL = 0.03, 0.3 and 3; it occurs there if "
        "this η takes over 10 % more epochs to 1e-6 than ten times as much, which is stable. Epochs over all η drawn.",
        "全批量,β = 0.9。单元为 8 个问题之一配 ηL = 0.03、0.3、3 之一;若比十倍的 η(仍稳定)多用 10 % 以上的轮数降到 1e-6,即算出现。"
        "图中画出轮数随 η 的变化。",
    ),
    "large-eta-unstable": (
        "Full batch at β = 0.9, every third problem. It occurs on a problem if fits of the estimator, bisected to "
        "0.5 %, begin to diverge at an η within a study's default search range. How many times larger an η β = 0.9 "
        "allows than β = 0 (is it more stable?), in the note's form and as heavy ball, is shown.",
        "全批量,β = 0.9,每三个问题取一个。以二分法(精度 0.5 %)找拟合开始发散的 η;若在研究的默认搜索范围内,即算出现。"
        "另展示 β = 0.9 允许的 η 是 β = 0 的几倍(是否“更加稳定”),分笔记形式与 heavy ball。",
    ),
    "schedules-help": (
        "β = 0.9, 9 problems, each full batch and in mini-batches, 100 epochs. Training excess at the end, floored "
        "at 1e-6 of its start: the log ratio of a constant η to a cosine decay and to an adaptive rate, their mean "
        "graded, every arm at its best of 22 ηL. Each schedule by itself, and test loss, shown.",
        "β = 0.9,9 个问题,各以全批量与小批量训练 100 轮。取末轮训练超额(下限为初始的 1e-6):常数 η 对余弦衰减、对自适应率的"
        "对数比,评定其均值,各臂取 22 个 ηL 中的最优。另展示两种调度各自的结果与测试损失。",
    ),
    "adam-combination-better": (
        "Full batch, 8 problems, as they are and turned onto their axes of curvature. Epochs to 1e-6 of tuned "
        "momentum (18 η × 5 β) over tuned Adam (the same, with 2 β₂ and 2 ε), budget 1,500 epochs. RMSprop shown.",
        "全批量,8 个问题,各取原样与转到曲率主轴两种。调优的动量(18 个 η × 5 个 β)与调优的 Adam(另加 2 个 β₂、2 个 ε)"
        "降到 1e-6 的轮数之比,预算 1,500 轮。另展示 RMSprop。",
    ),
    "not-for-every-problem": (
        "Full batch, 8 problems, as they are and with features scaled from 0.1 to 10. It occurs on a problem if the "
        "better of tuned Adam and RMSprop needs 10 % fewer epochs to 1e-6 than tuned momentum; grids as for Adam.",
        "全批量,8 个问题,各取原样与特征尺度在 0.1 到 10 间不等两种。若 Adam 与 RMSprop(均调优)中较好者比调优的动量"
        "少用 10 % 的轮数降到 1e-6,即算出现;网格同上。",
    ),
    "l2-helps": (
        "Linear models at convergence, in closed form, on 14 problems from n/d 0.8 to 100. Test loss without a "
        "penalty over that with α tuned on validation among 25 values from 1e-4 to 100; rows to train on, tune on "
        "and grade on are disjoint. Stopping at the epoch best on validation is shown.",
        "收敛后的线性模型(闭式解),14 个问题,n/d 从 0.8 到 100。无惩罚的测试损失与在验证集上从 1e-4 到 100 间 25 个 α 中调优者之比;"
        "训练、调优、评定的样本互不相交。另展示按验证集选择停止轮数。",
    ),
    "dropout-helps": (
        "14 linear models and 6 networks with one hidden layer of 8. Test loss without dropout over that with a rate "
        "tuned on validation: of the inputs of the linear model (six rates, by the ridge identity, then fitted), of "
        "the network's hidden units (four rates, η tuned in both arms). The identity's line is drawn.",
        "14 个线性模型与 6 个含 8 个隐藏单元的网络。不用 Dropout 与在验证集上调优丢弃率的测试损失之比:线性模型丢弃输入(六个丢弃率,"
        "由岭回归恒等式选取后拟合),网络丢弃隐藏单元(四个丢弃率,两臂都调优 η)。图中画出恒等式。",
    ),
    "large-data-faster": (
        "6 ladder problems, each full batch and in batches of 16, with 64 and with 2,048 rows, κ and d the same. "
        "The advantage is the log ratio of the epochs to 1e-6, β = 0 over β = 0.9, each at its best η; graded is "
        "the advantage with many rows less that with few.",
        "6 个合成问题,各以全批量与每批 16 行,样本数 64 与 2,048,κ 与 d 不变。优势为 β = 0 与 β = 0.9(各取最优 η)降到 1e-6 的"
        "轮数之比的对数;评定样本多时的优势减样本少时的优势。",
    ),
    "flat-regions": (
        "12 plateaus of constant gradient, 10 to 3,000 steps long, slopes 0.1 to 1e-6, half with noise of three "
        "times the slope. Steps across, β = 0 over β = 0.9 in the note's form at the same nominal rate. Heavy ball, "
        "and the longest step against η·max‖∇J‖, shown.",
        "12 个梯度恒定的平台,长 10 到 3,000 步,斜率 0.1 到 1e-6,半数带三倍斜率的噪声。同一名义学习率下,β = 0 与笔记形式的"
        "β = 0.9 的步数之比。另展示 heavy ball,以及最大步长与 η·max‖∇J‖ 之比。",
    ),
    "sparse-gradients": (
        "10 ladder problems of 100 features and 400 rows in mini-batches. The advantage (epochs to 1e-6, β = 0 over "
        "β = 0.9, each at its best η) at density 0.01 less that at density 1, κ the same.",
        "10 个合成问题,100 个特征、400 行,小批量。优势为 β = 0 与 β = 0.9(各取最优 η)降到 1e-6 的轮数之比的对数;"
        "评定密度 0.01 时的优势减密度 1 时的优势,κ 不变。",
    ),
    "needs-tuning": (
        "Full batch, every other problem, off the exact surface over a study's default search space. It occurs on a "
        "problem if half of the space's β, at the best pair's η, cost over 2 % more held-out loss than the best pair "
        "after the default epochs. "
        "PED-ANOVA's importance of β and η and the spread of the loss over the space are shown.",
        "全批量,每两个问题取一个,用研究默认搜索空间上的精确响应面。若空间中一半的 β(取最优组合的 η)在默认轮数后的留出损失比最优组合多 2 % 以上,即算出现。"
        "另展示 β 与 η 的 PED-ANOVA 重要性,以及空间内损失的离散程度。",
    ),
    "can-oscillate": (
        "The stable cells among β = 0, 0.5, 0.9, 0.99, 0.999 and nine ηL from 0.01 to 30, each on a problem of its "
        "own. It occurs in a cell if any update reverses along the sharpest direction. The theory's boundary, found "
        "again by bisection, is drawn; cells in which the loss rises are shown.",
        "β = 0、0.5、0.9、0.99、0.999 与 0.01 到 30 间九个 ηL 中稳定的单元,各用一个问题。若最陡方向上有更新反转,即算出现。"
        "图中画出理论边界及二分法找到的边界;另展示损失上升的单元。",
    ),
    "depends-on-gradient": (
        "Full batch, every other problem, with independent noise of 0.1 to 10 times the starting gradient. The cosine "
        "of the update to the true gradient, mean over 100 steps and ηL = 0.01, 0.1 and 1: β = 0 less β = 0.9, positive "
        "where momentum points worse. The stationary variance is held against the noise floor.",
        "全批量,每两个问题取一个,独立噪声为初始梯度的 0.1 到 10 倍。更新方向与真实梯度的余弦,取 100 步与 ηL = 0.01、0.1、1 的均值:"
        "β = 0 减 β = 0.9,动量偏得更多则为正。稳态方差与噪声底线对比。",
    ),
}
