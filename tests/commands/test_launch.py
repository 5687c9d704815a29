"""How run folders are handed to processes, and what comes back."""

import pytest
from omegaconf import OmegaConf

from ich.commands.launch import RankFailedError, launch, torchrun_line
from ich.commands.runs import write_config
from ich.errors import IchError


@pytest.fixture
def run_without_store(tmp_path):
    """A run folder whose store is not there: its process meets what a user can mend."""
    config = {
        "model": {"stage": "slice", "net": {"neighbours": 0}},
        "store": {"path": str(tmp_path / "nowhere")},
        "data": {"name": "made", "fold": 0, "leave_out": [], "batch_size": 4, "workers": 0},
        "trainer": {
            "gpus": 0,
            "processes": 1,
            "precision": "32-true",
            "max_epochs": 1,
            "gradient_clip": None,
            "threads": 1,
            "log_every_n_steps": 1,
        },
        "augment": {"_target_": "ich.data.augment.Unchanged"},
        "sampling": {"_target_": "ich.data.draws.AllSlices"},
        "loss": {"_target_": "ich.learn.losses.WeightedBCE", "weights": [1, 1, 1, 1, 1, 2]},
        "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True},
        "schedule": {"_target_": "ich.learn.schedules.constant", "_partial_": True},
        "seed": 0,
    }
    write_config(OmegaConf.create(config), tmp_path / "run")
    return tmp_path / "run"


def test_what_a_user_can_mend_comes_back_in_the_words_of_the_process(run_without_store):
    with pytest.raises(IchError, match=r"expected store\.json, found no such folder"):
        launch([run_without_store], processes=1)


def test_a_process_that_fails_otherwise_is_named_with_its_code(tmp_path):
    (tmp_path / "config.yaml").write_text("model: {stage: slice}\n")

    with pytest.raises(RankFailedError) as caught:
        launch([tmp_path], processes=1)

    assert caught.value.code == 1


def test_the_line_for_several_machines_names_module_and_run(tmp_path):
    line = torchrun_line(tmp_path, processes=4)

    assert "--nproc-per-node=4" in line
    assert line.endswith(f"-m ich.commands.rank {tmp_path}")
