"""The plots that every trial leaves in its run."""

from study.figures.loss_curve import LossCurve, has_curve, loss_curve
from study.figures.png import drawing, png
from study.figures.redrawn import redrawn
from study.figures.weights import WeightBars, fits_bars, shown_names, weights
from study.trial import TrialRecord


def trial_pngs(
    record: TrialRecord, loss_label: str = "MSE", weight_label: str = "Weight"
) -> dict[str, bytes]:
    """Draw a trial's plots.

    Parameters
    ----------
    record : TrialRecord
    loss_label, weight_label : str
        What the axes say, with units.

    Returns
    -------
    dict of str to bytes
        `plots/loss_curve.png` and `plots/weights.png`, by artifact path.
    """
    with drawing:
        if has_curve(record):
            curve = redrawn(LossCurve, loss_label, record.floor).png(record)
        else:
            curve = png(loss_curve(record, loss_label))
        if fits_bars(record):
            bars = redrawn(WeightBars, weight_label, *shown_names(record)).png(record)
        else:
            bars = png(weights(record, weight_label))
        return {"plots/loss_curve.png": curve, "plots/weights.png": bars}
