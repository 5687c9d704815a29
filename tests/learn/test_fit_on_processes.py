"""Trains with two processes under torch's elastic agent, as `ich.commands.training.launch` does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BEGIN = """
import functools, json, os, sys
import ich, torch
import torch.distributed as dist
from pathlib import Path
from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.dicom.geometry.neighbours import Neighbours
from ich.learn.checkpoint import read_checkpoint
from ich.learn.hardware.devices import resolve_devices
from ich.learn.features import FeatureCache
from ich.learn.fit import Watching, fit_sequence, fit_slices
from ich.learn.loop.module import Recipe
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant
from ich.learn.loop.trainer import TrainingSettings
from ich.store.store import Store

store, cnn, out = map(Path, sys.argv[1:4])
processes = int(sys.argv[4])
store = Store.open(store)
devices = resolve_devices(0, available=0, processes=processes)
rank = int(os.environ.get("RANK", "0"))
recipe = Recipe(WeightedBCE([1, 1, 1, 1, 1, 2]), functools.partial(torch.optim.SGD, lr=0.0), constant)
settings = TrainingSettings(devices, "32-true", max_epochs=2, threads=1)
watching = Watching(show_bar=False)
"""

SEQUENCE = """
studies = [f"s{number}" for number in range(2, 8)]
features = FeatureCache.extract(cnn, store, studies=studies, folder=out / "features", share=(rank, processes))
data = StudyDataModule(features, store, fold=0, leave_out=[], batch_size=4, processes=processes)
result = fit_sequence(
    out, data, net={"net": "SliceLSTM", "hidden": 8, "layers": 1, "dropout": 0.0}, cnn=read_checkpoint(cnn),
    recipe=recipe, settings=settings, watching=watching,
)
"""

# 13 validation slices, 7 on one process and 6 on the other, each with its neighbours. The statistics of batch norm are
# each process' own and would differ with what it trained on: they are left as they were made.
SLICES = """
from pytorch_lightning.callbacks import Callback

class StatisticsStay(Callback):
    def on_train_start(self, trainer, module):
        for part in module.modules():
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
                part.momentum = 0.0

data = SliceDataModule(
    store, fold=0, leave_out=[], batch_size=4, workers=0, neighbours=Neighbours(1), processes=processes
)
windows = {"brain": {"centre": 40, "width": 80, "mean": 0.2, "std": 0.3}}
net = {"net": "SliceNet", "backbone": "tiny", "windows": windows, "neighbours": 1}
result = fit_slices(
    out, data, net=net, recipe=recipe, settings=settings,
    watching=Watching(callbacks=[StatisticsStay()], show_bar=False),
)
"""

END = """
(out / f"rank{rank}.json").write_text(json.dumps(result.metrics))
if processes > 1:
    dist.barrier()
    dist.destroy_process_group()
"""


@pytest.fixture
def train(store, cnn_run, tmp_path):
    """Trains a stage in its own processes and gives the folder of the run."""

    def run(stage: str, processes: int) -> Path:
        out = tmp_path / str(processes)
        out.mkdir()
        (out / "rank.py").write_text(BEGIN + stage + END)
        agent = (
            ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
        )
        command = [sys.executable, *(agent if processes > 1 else []), "rank.py", store.path, cnn_run[0], out, processes]
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(list(map(str, command)), cwd=out, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return out

    return run


@pytest.mark.parametrize("stage", [SEQUENCE, SLICES], ids=["sequence", "slice"])
def test_scores_do_not_depend_on_the_number_of_processes(stage, train):
    one, two = train(stage, 1), train(stage, 2)  # at a rate of 0: weights stay as they were made

    scores = [json.loads((run / f"rank{rank}.json").read_text()) for run, rank in ((one, 0), (two, 0), (two, 1))]

    assert {"log_loss", "auc_any"} <= scores[0].keys()
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)
    assert scores[1] == scores[2]
