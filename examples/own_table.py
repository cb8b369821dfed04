# %% [markdown]
# # A table of your own
#
# Which β and η fit these data, and what would the usual advice cost? The cells run in a notebook, or the whole file as
# `python examples/own_table.py`. The records go to `mlruns/` in the current folder.

# %%
import pandas as pd
from sklearn.datasets import load_diabetes

from study import advise, tune

table = load_diabetes(as_frame=True, scaled=False).frame
table["sex"] = table["sex"].map({1.0: "first", 2.0: "second"})  # text is a category
X, y = table.drop(columns="target"), table["target"].rename("progression")

# %% [markdown]
# The eigenvalues of the data alone say from which η on the descent diverges, and which pairs are soonest. Nothing is fitted.

# %%
advice = advise(X, y)
print(advice)

# %% [markdown]
# A study tries settings, the note's advice first, and compares them by cross-validation. 8 trials are few; 100 is the default.

# %%
result = tune(X, y, name="progression", n_trials=8, metric="r2")
print(result)

# %% [markdown]
# In a notebook `result` as the last line of a cell is a table with this picture.

# %%
result.plot_plane()

# %%
print(result.trials.drop(columns="run_id").sort_values("objective").head())

# %% [markdown]
# The best setting is fitted on all rows but those of the test part. It is a pipeline of scikit-learn that reads the table as it is.

# %%
weights = result.summary.weights
print(pd.Series(weights.coef_original, index=weights.feature_names).round(3))
print(result.best_estimator_.predict(X.head()).round(1))
