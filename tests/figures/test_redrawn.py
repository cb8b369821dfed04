"""A figure that is drawn again for another trial shows that trial alone."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from study.figures.loss_curve import LossCurve, loss_curve
from study.figures.redrawn import redrawn
from study.figures.trial_plots import trial_pngs
from study.figures.weights import weights
from tests.figures.records import diverged, make_record

FIRST, SECOND = make_record(1), make_record(2, epochs=40, params={"beta": 0.5, "eta": 2.0})


def drawn_by_matplotlib(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].astype(int)


@pytest.mark.parametrize("record", [FIRST, diverged(), SECOND], ids=["first", "diverged", "second"])
def test_a_redrawn_figure_shows_what_a_new_one_shows(record):
    for other in (SECOND, diverged(), make_record(features=4), FIRST):
        trial_pngs(other)
    pngs = trial_pngs(record)
    for path, figure in (
        ("plots/loss_curve.png", loss_curve(record)),
        ("plots/weights.png", weights(record)),
    ):
        shown = np.asarray(Image.open(io.BytesIO(pngs[path]))).astype(int)
        # matplotlib draws in another order, which shades a pixel here and there where artists overlap.
        differs = (np.abs(shown - drawn_by_matplotlib(figure)) > 8).any(axis=2)
        assert differs.mean() < 0.002


def test_the_same_trial_gives_the_same_bytes_whatever_was_drawn_before():
    expected = trial_pngs(FIRST)
    for other in (SECOND, diverged(), make_record(features=4)):
        trial_pngs(other)
    assert trial_pngs(FIRST) == expected


def test_a_figure_is_built_anew_only_for_other_settings():
    one = redrawn(LossCurve, "MSE", 2846.0)
    assert redrawn(LossCurve, "MSE", 2846.0) is one
    assert redrawn(LossCurve, "MSE", 1.0) is not one
