"""A small study that is run as a whole, and what its store holds."""

from study import config

N_TRIALS = 8


def load(model=None, **search):
    return config.Config.model_validate(
        {
            "name": "tiny",
            "data": {"problem": "linnerud", "n_splits": 3},
            "model": {"max_iter": 30, **(model or {})},
            "search": {"n_trials": N_TRIALS, "eta": {"low": 1e-2, "high": 1e2}, **search},
        }
    )


def paths(client, run_id, folder=None):
    found = []
    for item in client.list_artifacts(run_id, folder):
        found += paths(client, run_id, item.path) if item.is_dir else [item.path]
    return found
