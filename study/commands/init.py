"""`study init`: a commented config for a person's table."""

import os
from pathlib import Path

from study.config import SAMPLER_NAMES, Data, Search, name_from
from study.descent.solvers import SOLVERS
from study.errors import UserError
from study.problems import tables
from study.problems.problem import Problem

TEMPLATE = """\
# A study of {description}.
# Check it with `study run {file} --dry-run`, run it with `study run {file}`.
# A key that is left out has the value shown here.
name = {name}
seed = 0

[data]
path = {path}   # relative to this file
target = {target}   # or several, as ["a", "b"]
{columns}
# drop = []       # columns to leave out
# group = ""      # a column whose equal values stay together in one part, such as a patient's
# time = ""       # a column that orders the rows, so that held-out rows come later
test_size = {test_size}
# n_splits = {n_splits}    # folds; fewer where there are few rows
scale = true      # numbers to mean 0 and deviation 1

[model]
solver = "momentum"   # {solvers}
# batch_size = 32     # rows an update; all rows where it is left out
max_iter = 100        # epochs

[search]
n_trials = {n_trials}
objective = "val_loss"   # or "epochs": how soon the training loss is within 1 % of least squares, for good
# metric = "r2"          # a scorer of scikit-learn to record beside the loss
sampler = "tpe"          # {samplers}
beta = {{ low = {beta.low}, high = {beta.high} }}   # searched through 1 - beta, on a log scale
eta = {{ low = {eta.low}, high = {eta.high} }}    # on a log scale
"""


def write_config(table: Path, target: list[str], output: Path | None = None) -> Path:
    """Write a commented config for a table, and return its path.

    Parameters
    ----------
    table : Path
    target : list of str
        Columns to predict.
    output : Path, optional
        Default: the table's name with `.toml`, in the current folder.

    Raises
    ------
    TableError
        If the table cannot be read or used.
    UserError
        If the file exists or cannot be written.
    """
    output = Path(f"{name_from(table)}.toml") if output is None else output
    problem = tables.from_file(Data(path=str(table), target=target))
    if output.exists():
        raise UserError(f"{output}: exists; name another file with -o")
    text = _text(problem, table, target, output)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{output}: cannot be written ({error.strerror})") from None
    return output


def _text(problem: Problem, table: Path, target: list[str], output: Path) -> str:
    columns = [f"# {name}: {', '.join(of_role)}" for name, of_role in problem.roles.by_name.items()]
    columns += [f"# dropped: {name} {reason}" for name, reason in problem.roles.dropped.items()]
    search = Search()
    return TEMPLATE.format(
        description=_one_line(problem.description),
        file=_one_line(str(output)),
        name=_quoted(name_from(output)),
        path=_quoted(Path(os.path.relpath(table, output.parent)).as_posix()),
        target=_quoted(target[0]) if len(target) == 1 else f"[{', '.join(map(_quoted, target))}]",
        columns="\n".join(_one_line(line) for line in columns),
        test_size=Data.model_fields["test_size"].default,
        n_splits=Data.model_fields["n_splits"].default,
        n_trials=search.n_trials,
        solvers=", ".join(name for name in SOLVERS if name != "momentum"),
        samplers=", ".join(name for name in SAMPLER_NAMES if name != "tpe"),
        beta=search.beta,
        eta=search.eta,
    )


def _quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _one_line(text: str) -> str:
    """Return text as it can stand in a comment."""
    return "".join(c if c.isprintable() else " " for c in text)
