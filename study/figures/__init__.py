"""Data in, matplotlib Figure out: what a trial and a study look like. The only importer of matplotlib.

No pyplot, so no global state: a figure belongs to who asked for it.
"""

from study.figures.study_plots import history, importance, plane
from study.figures.style import png
from study.figures.trial import loss_curve, trial_pngs, weights

__all__ = ["history", "importance", "loss_curve", "plane", "png", "trial_pngs", "weights"]
