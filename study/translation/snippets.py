"""A setting of MomentumRegressor as code for other libraries.

`translate` writes code that makes the same iterates there, from the same start, and says in plain sentences where there
is no exact counterpart. The code of each library is a template in `templates/`. What differs between the libraries
is in docs/theory.md, "Update rules".
"""

import textwrap
from dataclasses import asdict, dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from study.descent.solvers import SOLVERS

LIBRARIES = {
    "pytorch": "PyTorch",
    "keras": "Keras",
    "optax": "optax",
    "sklearn": "scikit-learn's MLPRegressor",
}
"""The name that is shown of each library, by the name that an option takes."""

RATES = {"momentum": "eta * (1 - beta)", "nesterov": "eta * (1 - beta)", "heavy_ball": "eta", "sgd": "eta"}
"""The learning rate of the libraries, whose velocity is a sum of gradients, by the solver. Other solvers are not translated."""

FACTORS = {
    "constant": "",
    "invscaling": "(epoch + 1) ** -0.25",
    "exponential": "0.99**epoch",
    "cosine": "(1 + {module}.cos({module}.pi * epoch / epochs)) / 2",
    "adaptive": "",
}
"""The factor on the learning rate, by the schedule, with the default constants of MomentumRegressor. Empty where it is 1."""

_environment = Environment(
    loader=PackageLoader("study.translation"),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is translated, by the names and with the meanings of MomentumRegressor's parameters.

    Attributes
    ----------
    eta : float
    beta : float
        Without effect for ``"sgd"``.
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}
    schedule : {"constant", "invscaling", "exponential", "cosine", "adaptive"}
    alpha : float
    batch_size : int or None
    fit_intercept : bool
    dropout : float
    max_iter : int
        Epochs.
    """

    eta: float
    beta: float = 0.9
    solver: str = "momentum"
    schedule: str = "constant"
    alpha: float = 0.0
    batch_size: int | None = None
    fit_intercept: bool = True
    dropout: float = 0.0
    max_iter: int = 100


@dataclass(frozen=True)
class Translation:
    """A setting as code for one library.

    Attributes
    ----------
    title : str
        The library.
    code : str
        Python that takes arrays X, of shape (n_samples, n_features), and y, of shape (n_samples,) or
        (n_samples, n_targets).
    caveats : tuple of str
        What the reader must know of the library, and where its iterates are not the same; a sentence or two each.
    """

    title: str
    code: str
    caveats: tuple[str, ...]


def translate(settings: Settings, library: str) -> Translation:
    """Return a setting of MomentumRegressor as code for another library.

    Parameters
    ----------
    settings : Settings
    library : {"pytorch", "keras", "optax", "sklearn"}

    Returns
    -------
    Translation

    Raises
    ------
    KeyError
        If the library or the solver is not one of those that are translated.

    Examples
    --------
    >>> translation = translate(Settings(beta=0.9, eta=0.1), "pytorch")
    >>> [line for line in translation.code.splitlines() if "SGD" in line]
    ['optimizer = torch.optim.SGD(parameters, lr=eta * (1 - beta), momentum=beta)']
    """
    uses_beta = SOLVERS[settings.solver].uses_beta
    numbers = {"beta": settings.beta} if uses_beta else {}
    numbers |= {"eta": settings.eta} | ({"alpha": settings.alpha} if settings.alpha else {})
    code = _environment.get_template(f"{library}.jinja").render(
        **asdict(settings) | {"batch_size": settings.batch_size or "len(X)"},
        numbers=f"{', '.join(numbers)} = {', '.join(repr(float(value)) for value in numbers.values())}",
        rate=RATES[settings.solver],
        factor=FACTORS[settings.schedule].format(module="jnp" if library == "optax" else "math"),
        uses_beta=uses_beta,
    )
    return Translation(LIBRARIES[library], code, tuple(_caveats(settings, library)))


def script(settings: Settings, library: str) -> str:
    """Return the code for a library, under comments that say what it takes and what its reader must know.

    Parameters
    ----------
    settings : Settings
    library : {"pytorch", "keras", "optax", "sklearn"}

    Examples
    --------
    >>> print(script(Settings(solver="sgd", eta=0.1), "optax").splitlines()[0])
    # optax: the iterates of MomentumRegressor(eta=0.1, solver='sgd', max_iter=100, tol=None).
    """
    translation = translate(settings, library)
    sentences = [f"{translation.title}: the iterates of {_fit(settings)}.", _INPUT, *translation.caveats]
    comments = [textwrap.fill(said, 96, initial_indent="# ", subsequent_indent="#   ") for said in sentences]
    return "\n".join(comments) + "\n\n" + translation.code


def _fit(settings: Settings) -> str:
    """Return the estimator whose iterates the code makes."""
    values = asdict(settings)
    beta, solver, max_iter = (values.pop(name) for name in ("beta", "solver", "max_iter"))
    shown = (
        {"eta": values.pop("eta")}
        | ({"beta": beta} if SOLVERS[solver].uses_beta else {})
        | {"solver": solver}
    )
    defaults = Settings(eta=settings.eta)
    shown |= {name: value for name, value in values.items() if value != getattr(defaults, name)}
    shown |= {"max_iter": max_iter, "tol": None}
    return f"MomentumRegressor({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def _caveats(settings: Settings, library: str) -> list[str]:
    """Return what the reader of a library's code must know, as sentences."""
    said = []
    if library == "pytorch" and SOLVERS[settings.solver].uses_beta:
        said.append(
            "Leave PyTorch's dampening at 0: SGD(momentum=beta, dampening=beta) looks like the note's form, but its "
            "velocity starts at the first gradient and not at 0, so the first steps are others."
        )
    if library == "keras":
        said.append(
            "In double precision this code needs Keras's JAX backend and the environment variable JAX_ENABLE_X64=1, with "
            "which it is tested. Keras multiplies matrices in single precision on its PyTorch backend (Keras issue 23704)."
        )
    if library == "sklearn":
        said.append(
            "MLPRegressor halves the squared error, so its learning rate is twice as large; its nesterovs_momentum is on "
            "by default."
        )
    if settings.alpha:
        said.append(_PENALTY[library])
    if FACTORS[settings.schedule] and library in ("keras", "sklearn"):
        said.append(_VARYING_RATE[library])
    if settings.schedule == "adaptive":
        said.append(
            "The schedule 'adaptive' follows the loss and has no exact counterpart: this code keeps the rate of the "
            "first epoch, so its iterates are the same until that schedule first lowers the rate."
        )
    if settings.dropout:
        said.append(
            f"The dropout of inputs (rate {settings.dropout:g}) is left out, so the iterates are not the same: its "
            "masks are random."
        )
    if library == "sklearn" and not settings.fit_intercept:
        said.append("MLPRegressor always has an intercept, so its iterates are not the same.")
    if settings.batch_size is not None:
        said.append(
            "The batches are drawn at random, so the iterates are the same only if both draw the rows in one order."
        )
    return said


_INPUT = (
    "X is a float array of shape (n_samples, n_features), scaled as for MomentumRegressor; y is one of shape (n_samples,) or "
    "(n_samples, n_targets)."
)
"""What the code takes."""

_PENALTY = {
    "pytorch": "PyTorch's weight_decay is added to the gradient, so it is 2 * alpha; the intercept has none.",
    "keras": "The penalty is a kernel_regularizer; Keras's weight_decay shrinks the weights outside the velocity and is "
    "another algorithm.",
    "optax": "add_decayed_weights stands before sgd, so that the penalty is a part of the gradient; the intercept has none.",
    "sklearn": "MLPRegressor divides its penalty by the rows of the batch, so the iterates differ where the last batch of "
    "an epoch is shorter than the others.",
}
"""What a reader must know of the L2 penalty, by library."""

_VARYING_RATE = {
    "keras": "Keras keeps a varying rate inside the velocity, so this code scales the velocity where the rate changes.",
    "sklearn": "MLPRegressor keeps a varying rate inside the velocity and has no such schedule: this code keeps the rate "
    "of the first epoch, so its iterates are the same in that epoch only.",
}
"""What a reader must know of a rate that changes, by library."""
