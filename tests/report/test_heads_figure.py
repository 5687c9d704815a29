"""The picture of made and real heads."""

import numpy as np
from matplotlib.image import imread

from ich.report.heads_figure import draw_heads


def test_made_heads_stand_over_real_ones(tmp_path):
    bright, dark = np.full((8, 8), 80), np.zeros((8, 8))

    draw_heads(tmp_path / "heads.png", [bright] * 3, real=[dark] * 3)

    picture = imread(tmp_path / "heads.png")[..., :3].mean(axis=2)
    half = picture.shape[0] // 2
    assert picture[:half].mean() > 0.9
    assert picture[half:].mean() < 0.1


def test_made_heads_can_stand_alone(tmp_path):
    draw_heads(tmp_path / "heads.png", [np.zeros((8, 8))] * 12)

    assert (tmp_path / "heads.png").stat().st_size > 0
