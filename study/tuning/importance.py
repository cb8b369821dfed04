"""How much each hyper-parameter matters, by PED-ANOVA.

References
----------
Watanabe, Bansal & Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary
subspaces", IJCAI 2023.
"""

import warnings

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution

from study.tuning.quiet import quiet_optuna
from study.tuning.space import ONE_MINUS_BETA


def importance(study: optuna.Study) -> dict[str, float]:
    """Return each hyper-parameter's share of the importance in a study.

    Returns
    -------
    dict of str to float
        By MomentumRegressor's names; sums to 1. Empty if the trials are too few.
    """
    try:
        with quiet_optuna():
            # Optuna warns where the shares that it returns mean nothing.
            warnings.filterwarnings("error", "The number of trials is too small", UserWarning)
            warnings.filterwarnings("error", "Target and region quantiles", UserWarning)
            shares = optuna.importance.get_param_importances(study)
    except (ValueError, RuntimeError, UserWarning):
        return {}
    return {"beta" if name == ONE_MINUS_BETA else name: share for name, share in shares.items()}


def pedanova(points: dict[str, np.ndarray], values: np.ndarray) -> dict[str, float]:
    """Return each parameter's share of the importance over points of a space that is searched on log scales.

    PED-ANOVA takes the best tenth of the points and asks, one parameter at a time, how far its distribution
    is from that of all points.

    Parameters
    ----------
    points : dict of str to ndarray of shape (n,)
        Positive values, by parameter.
    values : ndarray of shape (n,)
        What is minimised, finite.

    Returns
    -------
    dict of str to float
        Sums to 1.
    """
    distributions: dict[str, BaseDistribution] = {
        name: FloatDistribution(float(column.min()), float(column.max()), log=True)
        for name, column in points.items()
    }
    with quiet_optuna():
        # Where many points share the best value, no parameter tells them apart; the shares are then equal.
        warnings.filterwarnings("ignore", "Target and region quantiles", UserWarning)
        study = optuna.create_study(direction="minimize")
        study.add_trials(
            [
                optuna.create_trial(
                    params={name: float(column[i]) for name, column in points.items()},
                    distributions=distributions,
                    value=float(value),
                )
                for i, value in enumerate(values)
            ]
        )
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        return optuna.importance.get_param_importances(study, evaluator=evaluator)
