"""The memory of a GPU as the log has it; a reader that counts takes the GPU's place."""

import dataclasses

import pandas as pd
import pytest
import torch

from ich.data.slices import SliceDataModule
from ich.learn.fit import Watching, fit_slices
from ich.learn.watching.gpu_memory import GIBIBYTE, CudaMemory, GpuMemory


class Counting:
    """Has seen a GiB more at each look."""

    def __init__(self) -> None:
        self.resets, self.looks = 0, 0

    def reset(self, device):
        self.resets += 1

    def peak(self, device):
        self.looks += 1
        return self.looks * GIBIBYTE


def test_each_epoch_has_a_row_with_what_it_took(store, net, recipe, settings, tmp_path):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    two_epochs, memory = dataclasses.replace(settings, max_epochs=2, limit_batches=1), Counting()
    watching = Watching(callbacks=[GpuMemory(memory)], show_bar=False)

    fit_slices(tmp_path, data, net=net, recipe=recipe, settings=two_epochs, watching=watching)

    taken = pd.read_csv(tmp_path / "metrics.csv")["train/gpu_memory_gib"].dropna()
    assert taken.tolist() == pytest.approx([1, 2])
    assert memory.resets == 2


def test_nobody_counts_the_memory_of_a_cpu():
    assert CudaMemory().peak(torch.device("cpu")) is None
