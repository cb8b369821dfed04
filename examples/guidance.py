# %% [markdown]
# # The guidance
#
# The note gives advice in sentences. Each of them is a claim with two arms that are compared, problems, and the smallest effect that
# matters. The cells run in a notebook, or the whole file as `python examples/guidance.py`.
# `study guidance` measures all claims and records them; here one of them is measured, and nothing is recorded.

# %%
import pandas as pd

from study.guidance import claims
from study.guidance.grading import grade_claim
from study.guidance.ledger import make_budget

known = claims.find()
for claim in known.values():
    print(f"{claim.id:<28}{claim.claim.en}")

# %% [markdown]
# Does momentum smooth oscillation? The quick budget has three seeds for each random problem.

# %%
claim, budget = known["smooths-oscillation"], make_budget("quick", seed=0)
print(claim.quote)
print(claim.protocol.en)

# %%
graded, units = grade_claim(claim, budget, claims.measure(claim.id, budget))
print(f"{graded.verdict}: {graded.effect:+.2f}, from {graded.ci_low:+.2f} to {graded.ci_high:+.2f}")
for group in graded.groups:
    print(f"  {group.name.en}: {group.verdict}, {group.effect:+.2f}")

# %% [markdown]
# Each unit is one problem with one seed. A positive effect is in favour of the claim.

# %%
effects = pd.DataFrame(
    {"problem": unit.problem, "group": unit.group, "effect": unit.effect} for unit in units
)
print(effects.groupby("group")["effect"].describe().round(2))
