"""What a training left, for those who write it down."""

import pytest

from ich.learn.fit import FitResult


@pytest.fixture
def result(tmp_path):
    checkpoints = tmp_path / "checkpoints"
    return FitResult(
        best=checkpoints / "best.ckpt",
        last=checkpoints / "last.ckpt",
        metrics={},
        best_log_loss=0.5,
        best_epoch=0,
        seconds=1.0,
        slices_per_second=1.0,
    )
