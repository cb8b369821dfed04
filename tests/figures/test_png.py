"""The PNG of a figure, read with Pillow."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from study.figures.loss_curve import loss_curve
from study.figures.png import encode, png
from tests.figures.records import make_record


def test_a_png_holds_the_pixels_of_its_canvas():
    canvas = FigureCanvasAgg(loss_curve(make_record()))
    canvas.draw()
    read = np.asarray(Image.open(io.BytesIO(encode(canvas))))
    np.testing.assert_array_equal(read, np.asarray(canvas.buffer_rgba())[:, :, :3])


def test_the_same_figure_gives_the_same_bytes():
    figure = loss_curve(make_record())
    assert png(figure) == png(figure)
