"""Tests of the head that starts at the prevalence."""

import torch
from torch import nn

from ich.nets.prevalence import set_bias_to_prevalence


def test_the_bias_is_the_logit_of_the_prevalence():
    head = nn.Linear(4, 2)

    set_bias_to_prevalence(head, torch.tensor([0.5, 0.2]))

    torch.testing.assert_close(head.bias, torch.tensor([0.0, -1.3862944]))  # log(.2 / .8) by hand
