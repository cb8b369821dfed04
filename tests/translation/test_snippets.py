"""What the code for other libraries says; test_snippets_libraries.py runs it with the libraries."""

import ast
import re
from itertools import product
from pathlib import Path

import pytest

from study.config import Model
from study.descent.solvers import SOLVERS
from study.translation.snippets import FACTORS, LIBRARIES, RATES, Settings, translate
from tests.translation.running import assert_follows

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_combination_is_code_that_takes_x_and_y(library):
    for solver, schedule, alpha, batch_size, fit_intercept in product(
        RATES, FACTORS, (0.0, 0.1), (None, 32), (True, False)
    ):
        code = translate(
            Settings(
                eta=0.1,
                solver=solver,
                schedule=schedule,
                alpha=alpha,
                batch_size=batch_size,
                fit_intercept=fit_intercept,
            ),
            library,
        ).code
        compile(code, library, "exec")
        assert "\n\n\n\n" not in code
        assert code == code.strip() + "\n"
        assert ("momentum=beta" in code) == (solver != "sgd")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", RATES)
def test_mlp_regressor_makes_1000_updates_that_are_ours(solver):
    # The least curvature is 0.018: at this rate most of the error in its direction is left after 1,000 updates.
    eta = 0.002 if solver == "heavy_ball" else 0.02
    assert_follows("sklearn", solver=solver, beta=0.9, eta=eta, alpha=0.01)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning")
def test_mlp_regressor_follows_with_several_targets_and_with_mini_batches():
    assert_follows("sklearn", beta=0.9, eta=0.02, targets=3, epochs=(30,))
    # 442 rows are 26 batches of 17: the penalty needs batches of one length.
    assert_follows("sklearn", beta=0.8, eta=0.01, alpha=0.01, batch_size=17, epochs=(5,))


def said(library, **values):
    return " ".join(translate(Settings(eta=0.1, **values), library).caveats)


def test_what_has_no_exact_counterpart_is_said():
    assert "masks are random" in said("pytorch", dropout=0.5)
    assert "'adaptive' follows the loss" in said("keras", schedule="adaptive")
    assert "first epoch" in said("sklearn", schedule="cosine")
    assert "the same in that epoch only" not in said("sklearn")
    assert "always has an intercept" in said("sklearn", fit_intercept=False)
    assert "last batch of an epoch is shorter" in said("sklearn", alpha=0.1)
    assert "dampening" in said("pytorch")
    assert "dampening" not in said("pytorch", solver="sgd")
    assert "rows in one order" in said("optax", batch_size=32)
    assert said("optax", schedule="cosine") == ""


def test_the_solvers_and_schedules_are_those_of_a_study():
    assert [name for name, solver in SOLVERS.items() if solver.is_linear] == list(RATES)
    assert Model.model_fields["schedule"].annotation.__args__ == tuple(FACTORS)
    assert set(Model.model_fields) | {"eta", "beta"} == set(Settings.__dataclass_fields__)


POSITIONAL = {
    "SGD": "learning_rate",
    "sgd": "learning_rate",
    "L2": "l2",
    "add_decayed_weights": "weight_decay",
}
"""The name of the first argument, where the code gives it without its name."""

ROWS = {
    "pytorch": "torch.optim.SGD",
    "keras": "keras.optimizers.SGD",
    "optax": "optax.sgd",
    "sklearn": "MLPRegressor(",
}
"""How README.md's row of a library begins."""


def settings_in(code, values):
    """Every argument that the code gives to a call, or in a dict, whose value follows from β, η, α and the batch size."""
    found = {}
    for node in ast.walk(ast.parse(code)):
        pairs = []
        if isinstance(node, ast.Call):
            pairs = [(word.arg, word.value) for word in node.keywords]
            function = ast.unparse(node.func).split(".")[-1]
            if function in POSITIONAL and node.args:
                pairs.append((POSITIONAL[function], node.args[0]))
        elif isinstance(node, ast.Dict):
            pairs = [(key.value, value) for key, value in zip(node.keys, node.values, strict=True)]
        for name, value in pairs:
            if {part.id for part in ast.walk(value) if isinstance(part, ast.Name)} <= set(values):
                found[name] = eval(ast.unparse(value), dict(values))
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_readme_gives_back_the_setting_that_was_translated(library):
    """The code goes from ours to theirs, and README.md's row from theirs to ours."""
    ours = {"eta": 0.12, "beta": 0.7, "alpha": 0.03}
    code = translate(Settings(**ours, batch_size=32), library).code
    theirs = settings_in(code, ours | {"batch_size": 32})
    rows = [
        line
        for line in README.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{ROWS[library]}")
    ]
    assert len(rows) == 1
    back = re.match(r" `(.*?)`", rows[0].split("|")[3])[1]
    assert eval(f"dict({back})", theirs | {"batch_size": 32}) == pytest.approx(ours)
    # Every setting that the row names is in the code.
    named = re.findall(
        r"\b(learning_rate_init|learning_rate|lr|momentum|weight_decay|alpha|l2)\b", rows[0].split("|")[2]
    )
    assert set(named) - {"nesterovs_momentum"} <= set(theirs)
