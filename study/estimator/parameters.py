"""Which values each parameter of `MomentumRegressor` may have, as scikit-learn checks them before a fit."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from study.descent.solvers import SOLVERS

CONSTRAINTS: dict[str, list] = {
    "eta": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    "beta": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
    "solver": [StrOptions(set(SOLVERS))],
    "schedule": [
        StrOptions({"constant", "invscaling", "exponential", "cosine", "adaptive"}),
        callable,
    ],
    "batch_size": [Interval(Integral, 1, None, closed="left"), None],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "fit_intercept": ["boolean"],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left"), None],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "shuffle": ["boolean"],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "gamma": [Interval(Real, 0, 1, closed="right")],
}
