"""The PNGs that every trial leaves."""

import io
import threading

import numpy as np
from PIL import Image

from study.figures.trial_plots import trial_pngs
from tests.figures.records import make_record
from tests.figures.seen import size


def test_a_trial_that_left_nothing_still_has_its_plots():
    record = make_record(
        state="failed",
        train_loss=np.empty(0),
        val_loss=np.empty(0),
        coef=np.empty((0, 0, 0)),
        feature_names=[],
    )
    assert set(trial_pngs(record)) == {"plots/loss_curve.png", "plots/weights.png"}


def test_threads_do_not_spoil_each_others_figures():
    records = [make_record(number) for number in range(8)]
    expected = [trial_pngs(record) for record in records]
    got = {}

    def draw(record):
        got[record.number] = [trial_pngs(record) for _ in range(3)]

    threads = [threading.Thread(target=draw, args=(record,)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert all(pngs == expected[number] for number, three in got.items() for pngs in three)


def test_pngs_are_pngs_of_the_width_that_the_ui_shows():
    pngs = trial_pngs(make_record())
    assert size(pngs["plots/loss_curve.png"]) == (700, 420)
    assert size(pngs["plots/weights.png"])[0] == 700
    image = np.asarray(Image.open(io.BytesIO(pngs["plots/loss_curve.png"])))
    assert image.shape == (420, 700, 3)
    assert image[0, 0].tolist() == [255, 255, 255]
    # Text, both curves and the floor.
    assert 0.01 < (image.min(axis=2) < 200).mean() < 0.1
    assert len(pngs["plots/loss_curve.png"]) < 60_000
