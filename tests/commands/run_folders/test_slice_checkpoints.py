"""The slice nets that a sequence stage is given."""

import pytest

from ich.commands.run_folders.files import BEST
from ich.commands.run_folders.slice_checkpoints import slice_checkpoints
from ich.errors import CheckpointError, ConfigError


def checkpoint_in(folder):
    (folder / BEST).parent.mkdir(parents=True)
    (folder / BEST).touch()
    return folder / BEST


def test_a_run_a_file_and_a_sweep_name_their_slice_checkpoints(tmp_path):
    run = checkpoint_in(tmp_path / "run")
    swept = [checkpoint_in(tmp_path / "sweep" / number) for number in "01"]

    found = slice_checkpoints([str(tmp_path / "run"), str(run), str(tmp_path / "sweep")])

    assert found == [run, run, *swept]


def test_a_sequence_stage_without_a_slice_net_says_what_to_train_first():
    with pytest.raises(ConfigError, match=r"cnn=null: expected the run of a slice net.*train\.py model=seresnext"):
        slice_checkpoints(None)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="none in it"):
        slice_checkpoints([str(tmp_path)])
