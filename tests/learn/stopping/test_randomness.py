"""Random states that are kept and put back."""

import random

import numpy as np
import torch

from ich.learn.checkpoint import read_plain, write_plain
from ich.learn.stopping.randomness import random_state, set_random_state


def draw():
    return torch.rand(2).tolist(), np.random.rand(2).tolist(), np.random.randn(), random.random(), random.gauss(0, 1)


def test_what_was_drawn_is_drawn_again_after_a_round_through_a_file(tmp_path):
    draw()  # an odd number of normal draws leaves one in hand
    write_plain(random_state(), tmp_path / "state")
    before = draw()

    set_random_state(read_plain(tmp_path / "state"))

    assert draw() == before
