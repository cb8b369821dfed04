# %% [markdown]
# # Mini-batches
#
# With batches of 16 rows each step follows the gradient of a few rows only. How large may η be then, and how much do trials tell?
# The cells run in a notebook, or the whole file as `python examples/mini_batches.py`.

# %%
from sklearn.datasets import load_diabetes

from study import advise, tune

X, y = load_diabetes(return_X_y=True, as_frame=True)
settings = {"name": "batches-of-16", "batch_size": 16, "max_iter": 30}

# %% [markdown]
# The limit of η depends on the size of a batch. A batch says less than all rows, so the limit is lower.

# %%
advice = advise(X, y, **settings)
print(f"full batch: stable at β = 0.9 for η < {advice.limit_with_momentum:.3g}")
for batch in advice.batches:
    beta, eta = batch.best
    print(
        f"batches of {batch.batch_size}: η < {batch.limit_with_momentum:.3g}, best pair β = {beta:.3g}, η = {eta:.3g}"
    )

# %% [markdown]
# The surface behind the trials is the loss that is expected over the order of the rows. It is computed without a fit.

# %%
result = tune(X, y, n_trials=8, **settings)
result.plot_plane()

# %%
optimum = result.summary.optimum
print(f"best of 8 trials  {result.best_score_:.1f} at {result.best_params_}")
print(
    f"predicted optimum  {optimum.objective:.1f} expected, {optimum.measured:.1f} in a trial, at {optimum.params}"
)
print(f"the note's advice  {result.summary.note.objective:.1f}")

# %% [markdown]
# A study can get more trials. Those that it has are kept.

# %%
result = tune(X, y, n_trials=10, resume=True, **settings)
print(result.trials["state"].value_counts())
