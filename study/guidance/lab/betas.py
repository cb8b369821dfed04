"""The two values of β that the claims on momentum compare: 0, plain gradient descent, and the note's."""

from study.trial import NOTE

BETA = NOTE["beta"]
"""The note's β."""

PLAIN, MOMENTUM = "gradient descent", f"momentum {BETA:g}"
"""How the arm with β = 0 and the arm with the note's β are called."""

BETAS = {PLAIN: 0.0, MOMENTUM: BETA}
"""β of each arm, by the arm's name."""
