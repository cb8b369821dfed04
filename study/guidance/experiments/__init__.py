"""How each claim is measured: one function a claim, budget in, measurement out."""

from importlib import import_module

from study.guidance.measurement import Budget, Measurement

EXPERIMENTS: dict[str, str] = {
    "converges-faster": "speed:converges_faster",
    "smooths-oscillation": "oscillation:smooths_oscillation",
    "escapes-local-minima": "landscapes:escapes_local_minima",
    "beta-near-0.9": "speed:beta_near",
    "large-beta-conservative": "speed:large_beta_conservative",
    "small-eta-slow": "tuning:small_eta_slow",
    "large-eta-unstable": "stability:large_eta_unstable",
    "schedules-help": "batched:schedules_help",
    "adam-combination-better": "batched:adam_combination_better",
    "not-for-every-problem": "batched:not_for_every_problem",
    "l2-helps": "networks:l2_helps",
    "dropout-helps": "networks:dropout_helps",
    "large-data-faster": "batched:large_data_faster",
    "flat-regions": "plateaus:flat_regions",
    "sparse-gradients": "batched:sparse_gradients",
    "needs-tuning": "tuning:needs_tuning",
    "can-oscillate": "oscillation:can_oscillate",
    "depends-on-gradient": "plateaus:depends_on_gradient",
}
"""Where each claim's experiment lives, in the order of the ledger: module and function of this package."""


def run(claim_id: str, budget: Budget) -> Measurement:
    """Measure a claim.

    Parameters
    ----------
    claim_id : str
        A key of `EXPERIMENTS`.
    budget : Budget

    Returns
    -------
    Measurement
    """
    module, function = EXPERIMENTS[claim_id].split(":")
    return getattr(import_module(f"{__name__}.{module}"), function)(budget)
