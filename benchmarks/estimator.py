"""How long MomentumRegressor takes, beside the libraries that do the same work.

`python -m benchmarks.estimator` prints a table, or the named parts of it; `--plot FILE` draws how time
grows with n, d and epochs instead. Each row has a mark, the ratio or time that it must reach. MomentumRegressor and
a peer take turns, and the least time of each counts, because other processes on the machine can only add time.
PyTorch runs in a process of its own, because thread pools disturb each other. On a busy machine, where BLAS waits
for threads that do not get a core, set OPENBLAS_NUM_THREADS=1.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import scipy.sparse
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from study import MomentumRegressor
from study.descent import auto, curves, quadratic

N, D, EPOCHS, BATCH = 100_000, 50, 100, 32
ETA, BETA = 0.02, 0.9
CORES = len(os.sched_getaffinity(0))
PAUSE = 0.02  # seconds between turns: threads that have nothing left to do spin for a while before they sleep
WIDTHS = (37, 11, 40, 12, 9, 18, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time MomentumRegressor against its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of the table: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=20, help="turns each, fewer where they are slow")
    parser.add_argument("--plot", metavar="FILE", help="draw how time grows instead of the table")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch of MLPRegressor
    if options.plot:
        growth().savefig(options.plot, dpi=120)
        return
    print(f"{CORES} cores, {pool_threads()} threads in BLAS, load {os.getloadavg()[0]:.1f} at the start")
    show("work", "ours", "peer", "peer's", "ratio", "mark", "met")
    for part in options.parts or PARTS:
        PARTS[part](options.rounds)


def show(*cells: str) -> None:
    """Print a line of the table."""
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
    print("  ".join(padded).rstrip(), flush=True)


def row(work: str, ours: str, mark: str, met: bool | None, *peer: str) -> None:
    """Print a row: the work, our time, the peer with its time and the ratio, the mark, and whether it is met."""
    show(work, ours, *(*peer, "", "", "")[:3], mark, "" if met is None else "yes" if met else "NO")


def faster(work: str, ours: float, peer: str, theirs: float, least: float) -> None:
    """Print a row on how many times the peer's time is ours; NaN is a peer that is not there."""
    mark = f"≥ {least:g}×"
    if math.isnan(theirs):
        row(work, ms(ours), mark, None, "PyTorch not installed: pip install torch")
    else:
        row(work, ms(ours), mark, theirs >= least * ours, peer, ms(theirs), f"{theirs / ours:.2f}×")


def ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def once(work: Callable[[], Any]) -> float:
    """Seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def least(rounds: int, **works: Callable[[], float]) -> dict[str, float]:
    """Give each its turn, `rounds` times over, and return the least that each says it took."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            time.sleep(PAUSE)
            took = work()
            if turn:  # the first finds caches cold and kernels not loaded
                times[name].append(took)
    return {name: min(taken) for name, taken in times.items()}


def fitted(estimator: Any, X: Any, y: np.ndarray) -> Callable[[], float]:
    """A work that fits an estimator and returns the seconds that this takes."""
    return partial(once, partial(estimator.fit, X, y))


def momentum(**settings: Any) -> MomentumRegressor:
    """Return a MomentumRegressor with the settings of all rows: a fixed number of epochs, as the peers make."""
    return MomentumRegressor(**{"eta": ETA, "beta": BETA, "tol": None, "random_state": 0} | settings)


@lru_cache(1)  # the process that PyTorch is in makes them once for all its turns
def dense(n: int = N, d: int = D) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, X @ rng.normal(size=d) + 1 + rng.normal(size=n)


def sparse(n: int = N, d: int = 100_000, each: int = 20) -> tuple[scipy.sparse.csr_array, np.ndarray]:
    """A sparse problem with `each` entries a row."""
    rng = np.random.default_rng(0)
    starts = np.arange(0, n * each + 1, each, dtype=np.int32)
    columns = rng.integers(d, size=n * each, dtype=np.int32)  # SGDRegressor takes no longer integers
    X = scipy.sparse.csr_array((rng.normal(size=n * each), columns, starts), (n, d))
    X.sum_duplicates()
    return X, X @ rng.normal(size=d) + rng.normal(size=n)


def note(X: np.ndarray, y: np.ndarray) -> list[float]:
    """The note's loop; X has its column of ones already."""
    theta, v = np.zeros((X.shape[1], 1)), np.zeros((X.shape[1], 1))
    losses = []
    for _ in range(EPOCHS):
        gradient = -2 / len(y) * X.T @ (y - X @ theta)
        v = BETA * v + (1 - BETA) * gradient
        theta = theta - ETA * v
        losses.append(float(np.mean((y - X @ theta) ** 2)))
    return losses


def floor(X: np.ndarray) -> np.ndarray:
    """Do the least that a full batch on moments must do: form the moments, and multiply by them once an epoch."""
    gram, theta = X.T @ X, np.ones(X.shape[1])
    for _ in range(EPOCHS):
        theta = gram @ theta / len(X)
    return theta


def torch_fit(epochs: int, batch_size: int | None) -> float:
    """Seconds of a fit, or NaN without PyTorch. To shuffle and split is quicker than a DataLoader."""
    try:
        import torch
    except ImportError:
        return math.nan
    X, y = (torch.from_numpy(part) for part in dense())
    model = torch.nn.Linear(D, 1, dtype=torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), lr=ETA * (1 - BETA), momentum=BETA)
    began = time.perf_counter()
    for _ in range(epochs):
        order = slice(None) if batch_size is None else torch.randperm(N)
        size = batch_size or N
        for rows, targets in zip(X[order].split(size), y[order].split(size), strict=True):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(rows)[:, 0], targets)
            loss.backward()
            optimizer.step()
        loss.item()
    return time.perf_counter() - began


def full_batch(rounds: int) -> None:
    X, y = dense()
    with_ones, column = np.column_stack([np.ones(N), X]), y[:, None]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        slow = least(
            rounds // 4 + 1,
            note=partial(once, partial(note, with_ones, column)),
            torch=lambda: pool.submit(torch_fit, EPOCHS, None).result(),
        )
    # On its own, so that nothing else sweeps the caches between the two.
    fit = fitted(momentum(max_iter=EPOCHS), X, y)
    quick = least(3 * rounds, ours=fit, floor=partial(once, partial(floor, X)))
    ours, ratio = quick["ours"], quick["ours"] / quick["floor"]
    work = f"full batch, {EPOCHS} epochs"
    faster(work, ours, "the note's NumPy loop", slow["note"], 15)
    faster(work, ours, "PyTorch SGD", slow["torch"], 8)
    peer = f"floor: X.T @ X, {EPOCHS} d×d products"
    row(work, ms(ours), "≤ 2.2×", ratio <= 2.2, peer, ms(quick["floor"]), f"{ratio:.2f}×")


WIDE = ((100_000, 300), (20_000, 500), (5_000, 500), (20_000, 2_000), (500, 5_000))
"""Shapes, n by d, on which the two forms of a full batch are compared."""


def forms(rounds: int) -> None:
    for n, d in WIDE:
        X, y = dense(n, d)
        start = np.zeros((d + 1, 1))

        def gradients(
            make: Callable[..., Any], data: Any = (X, y[:, None]), theta: np.ndarray = start
        ) -> None:
            loss = make(*data)
            for _ in range(EPOCHS):
                loss(theta)

        both = {"passes": quadratic.ResidualLoss}
        if n >= d:  # else the moments are of no full rank, and to factor them takes minutes
            both["moments"] = quadratic.GramLoss
        took = least(
            rounds // 5 + 1, **{name: partial(once, partial(gradients, form)) for name, form in both.items()}
        )
        cheaper = min(took, key=took.__getitem__)
        chosen = next(
            name
            for name, form in both.items()
            if isinstance(quadratic.mse(X, y[:, None], max_iter=EPOCHS), form)
        )
        ratio = took[chosen] / took[cheaper]
        work = f"{EPOCHS} epochs, {n}×{d}: {chosen}"
        row(
            work,
            ms(took[chosen]),
            "≤ 1.2×",
            ratio <= 1.2,
            f"the cheaper: {cheaper}",
            ms(took[cheaper]),
            f"{ratio:.2f}×",
        )
        given = fitted(momentum(eta=1e-4, max_iter=EPOCHS), X, y)
        auto_fit = fitted(momentum(eta="auto", max_iter=EPOCHS), X, y)
        took = least(rounds // 5 + 1, given=given, auto=auto_fit)
        ratio = took["auto"] / took["given"]
        row(
            'the same, eta="auto"',
            ms(took["auto"]),
            "≤ 1.5×",
            ratio <= 1.5,
            "eta given",
            ms(took["given"]),
            f"{ratio:.2f}×",
        )


def small(rounds: int) -> None:
    """What a person meets first: the default fit and a grid search on the diabetes table."""
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    peers = {"SGDRegressor()": SGDRegressor(random_state=0), "Ridge()": Ridge()}
    took = least(
        10 * rounds, ours=fitted(MomentumRegressor(), X, y), **{k: fitted(v, X, y) for k, v in peers.items()}
    )
    for peer in peers:
        ratio = took["ours"] / took[peer]
        mark, met = ("≤ 3×", ratio <= 3) if peer == "SGDRegressor()" else ("", None)
        row("the default fit, 442×10", ms(took["ours"]), mark, met, peer, ms(took[peer]), f"{ratio:.2f}×")
    ours = GridSearchCV(
        MomentumRegressor(max_iter=EPOCHS, tol=None),
        {"beta": [0.0, 0.5, 0.8, 0.9, 0.95], "eta": list(np.geomspace(0.003, 0.2, 10))},
        cv=5,
    )
    theirs = GridSearchCV(
        SGDRegressor(max_iter=EPOCHS, tol=None, random_state=0),
        {"alpha": list(np.geomspace(1e-6, 1e-2, 5)), "eta0": list(np.geomspace(1e-4, 1e-2, 10))},
        cv=5,
    )
    took = least(rounds // 4 + 1, ours=fitted(ours, X, y), sgd=fitted(theirs, X, y))
    faster("grid search, 50 × 5 folds", took["ours"], "the same of SGDRegressor", took["sgd"], 1.5)


def mini_batch(rounds: int) -> None:
    X, y = dense()
    mlp = MLPRegressor(hidden_layer_sizes=(), batch_size=BATCH, max_iter=1, solver="sgd")
    ours = fitted(momentum(batch_size=BATCH, max_iter=1), X, y)
    quick = least(rounds, ours=ours, sgd=fitted(SGDRegressor(max_iter=1, tol=None), X, y))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        slow = least(
            rounds // 4 + 1, mlp=fitted(mlp, X, y), torch=lambda: pool.submit(torch_fit, 1, BATCH).result()
        )
    work = f"mini-batch {BATCH}, one epoch"
    faster(work, quick["ours"], "PyTorch loop", slow["torch"], 40)
    faster(work, quick["ours"], "MLPRegressor(hidden_layer_sizes=())", slow["mlp"], 20)
    faster(work, quick["ours"], "SGDRegressor", quick["sgd"], 2.5)


def sparse_batch(rounds: int) -> None:
    X, y = sparse()
    for name, penalty, alpha, mark in (("α = 0", None, 0.0, 0.8), ("L2", "l2", 1e-4, 0.4)):
        peer = SGDRegressor(max_iter=1, tol=None, penalty=penalty)
        ours = momentum(batch_size=BATCH, max_iter=1, alpha=alpha)
        took = least(rounds, ours=fitted(ours, X, y), sgd=fitted(peer, X, y))
        faster(f"sparse mini-batch {BATCH}, {name}", took["ours"], f"SGDRegressor, {name}", took["sgd"], mark)


def surface(rounds: int) -> None:
    X, y = dense()
    grid = np.meshgrid(1 - np.geomspace(1e-3, 1, 100), np.geomspace(1e-3, 0.9, 100))
    betas, etas = (part.ravel() for part in grid)

    def whole() -> None:
        curves.losses_after(quadratic.GramLoss(X, y[:, None]), betas, etas, EPOCHS)

    # A fit takes as long whatever the pair; a least of a few tries favours neither side.
    fit = fitted(momentum(beta=betas[0], eta=etas[0], max_iter=EPOCHS), X, y)
    took = least(rounds // 2 + 1, ours=partial(once, whole), fit=fit)
    work = f"β×η surface, {len(betas):,} pairs"
    row(work, ms(took["ours"]), "≤ 100 ms", took["ours"] <= 0.1)
    faster(work, took["ours"], f"a fit a pair ({ms(took['fit'])} each)", len(betas) * took["fit"], 1000)


def search(rounds: int) -> None:
    X, y = dense(10_000)
    for beta in (BETA, "auto"):
        for condition in (1, 1e3, 1e6):
            data = quadratic.mse(X * np.geomspace(1, condition**-0.5, D), y[:, None])
            objective, start = quadratic.Objective(data, 0.0, np.float64), np.zeros((D + 1, 1))
            given: dict[str, Any] = {
                "solver": "momentum",
                "objective": objective,
                "theta": start,
                "max_iter": 1000,
            }
            resolve = partial(auto.resolve, "auto", beta, **given)
            took = least(rounds, ours=partial(once, resolve))["ours"]
            work = f'eta="auto", beta={json.dumps(beta)}, κ = {condition:.0g}'
            row(work, ms(took), "≤ 20 ms", took <= 0.02)


FRESH = {
    "import": """
import sys, time
began = time.perf_counter()
import sklearn.linear_model
between = time.perf_counter()
from study import MomentumRegressor
print([between - began, time.perf_counter() - between, int("numba" in sys.modules)])
""",
    "fit": """
import time
import numpy as np
from study import MomentumRegressor
X = np.random.default_rng(0).normal(size=(1000, 50))
def fit():
    began = time.perf_counter()
    MomentumRegressor(eta=0.01, batch_size=32, max_iter=1, tol=None).fit(X, X[:, 0])
    return time.perf_counter() - began
first = fit()
print([first, min(fit() for _ in range(5))])
""",
}


def start_up(rounds: int) -> None:
    def fresh(name: str) -> np.ndarray:
        command = [sys.executable, "-c", FRESH[name]]
        runs = [json.loads(subprocess.check_output(command, text=True)) for _ in range(rounds // 4 + 2)]
        return np.min(runs[1:], axis=0)  # the first fills the caches on disk

    theirs, ours, with_numba = fresh("import")
    row(
        "import MomentumRegressor",
        ms(ours),
        "≤ 0.3 s",
        ours <= 0.3,
        "import sklearn.linear_model",
        ms(theirs),
    )
    row("import loads numba", "yes" if with_numba else "no", "no", not with_numba)
    first, warm = fresh("fit")
    more = first - warm
    row("first mini-batch fit less a warm", ms(more), "≤ 1.5 s", more <= 1.5, "a warm one", ms(warm))


def peak(work: Callable[[], Any]) -> int:
    """Bytes that some work holds at most, when it is done for the second time."""
    work()  # what the first one imports and compiles is not the data's
    tracemalloc.start()
    work()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def memory(rounds: int) -> None:
    X, y = dense()

    def beside_X(work: str, estimator: MomentumRegressor, mark: str, room: float) -> None:
        size = peak(lambda: estimator.fit(X, y))
        ratio = f"{size / X.nbytes:.2f}×"
        row(work, mb(size), mark, size < room, "X", mb(X.nbytes), ratio)

    beside_X("peak of full batch", momentum(max_iter=EPOCHS), "no copy of X", X.nbytes / 4)
    # The epoch's loss keeps a number or two a row beside the index.
    beside_X("peak of mini-batch", momentum(batch_size=BATCH, max_iter=1), "the index, a batch", 4 * 8 * N)

    def stream(chunks: int) -> None:
        ours = momentum(batch_size=BATCH)
        for k in range(chunks):
            rows = np.random.default_rng(k).normal(size=(100 * BATCH, D))
            ours.partial_fit(rows, rows[:, 0])

    few, many = peak(lambda: stream(8)), peak(lambda: stream(80))
    ratio = many / few
    work = "peak of partial_fit, 80 chunks"
    row(work, mb(many), "constant in n", ratio < 1.1, "8 chunks", mb(few), f"{ratio:.2f}×")


def pool_threads(*_: object) -> int:
    """Threads that the libraries of this process would use at most, as a scorer."""
    return max(pool["num_threads"] for pool in threadpool_info())


def threads(rounds: int) -> None:
    used: list[int] = []
    # Wide data take residual passes: BLAS wants all cores throughout, which is where processes would collide.
    full = momentum(eta=1e-4, max_iter=EPOCHS), *dense(1000, 5000)
    mini = momentum(batch_size=BATCH, max_iter=5), *dense()
    for name, (estimator, X, y) in {"full batch, d = 5000": full, "mini-batch": mini}.items():

        def run(jobs: int, fit: tuple[Any, ...] = (estimator, X, y)) -> float:
            began = time.perf_counter()
            scores = cross_validate(*fit, cv=4, n_jobs=jobs, scoring={"threads": pool_threads})
            if jobs > 1:
                used.extend(scores["test_threads"])
            return time.perf_counter() - began

        took = least(rounds // 4 + 1, two=lambda run=run: run(2), one=lambda run=run: run(1))
        ratio = took["one"] / took["two"]
        row(f"4 folds, {name}, 2 jobs", ms(took["two"]), "", None, "1 job", ms(took["one"]), f"{ratio:.2f}×")
    most, room = 2 * int(max(used)), max(CORES, 2)
    row("threads in BLAS, 2 jobs", str(most), "no more than cores", most <= room, "cores", str(CORES))


ALL = full_batch, forms, small, mini_batch, sparse_batch, surface, search, start_up, memory, threads
PARTS = {part.__name__: part for part in ALL}


def growth(rounds: int = 5) -> Figure:
    """Seconds of a fit against n, d and epochs, on log scales."""
    grids = {
        "samples n (d = 50, 10 epochs)": [(n, D, 10) for n in (1000, 3000, 10_000, 30_000, 100_000, 300_000)],
        "features d (n = 10⁴, 10 epochs)": [(10_000, d, 10) for d in (3, 10, 30, 100, 300, 1000)],
        "epochs (n = 10⁴, d = 50)": [(10_000, D, epochs) for epochs in (1, 3, 10, 30, 100, 300)],
    }
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    with threadpool_limits(1):  # SGDRegressor has one thread too
        for varied, (axes, (label, shapes)) in enumerate(zip(panels, grids.items(), strict=True)):
            took = [timed(*shape, rounds) for shape in shapes]
            for name, marker in zip(took[0], "os^", strict=True):
                times = [each[name] for each in took]
                axes.loglog([shape[varied] for shape in shapes], times, marker=marker, label=name)
            axes.set(xlabel=label)
            axes.grid(alpha=0.3)
    panels[0].set(ylabel="seconds a fit, on one thread")
    panels[0].legend(frameon=False)
    return figure


def timed(n: int, d: int, epochs: int, rounds: int) -> dict[str, float]:
    X, y = dense(n, d)
    eta = 0.2 / d  # a batch is far more curved than all rows where d is large
    works = {
        "full batch": momentum(eta=eta, max_iter=epochs),
        f"mini-batch {BATCH}": momentum(eta=eta, batch_size=BATCH, max_iter=epochs),
        "SGDRegressor": SGDRegressor(max_iter=epochs, tol=None, eta0=eta),
    }
    return least(rounds, **{name: fitted(work, X, y) for name, work in works.items()})


if __name__ == "__main__":
    main()
