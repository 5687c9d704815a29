"""What `train.py` refuses before it has looked at a store or made anything."""

import pytest
import torch

from ich.commands.entry import run
from ich.commands.run_folders.files import CONFIG_FILE, RESULT_FILE
from ich.commands.run_folders.lock import COMMAND_LOCK, held
from ich.errors import EXIT_USER

TINY = ("model=tiny", "data=phantom", "trainer.gpus=0", "logger=none", "store.path=nowhere", "name=new")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_folder_of_a_stopped_run_is_refused_at_once_and_says_how_it_goes_on(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / CONFIG_FILE).touch()

    assert run("train", [*TINY, "run=mine"]) == EXIT_USER
    told = capsys.readouterr()
    assert told.out == ""
    assert "found a run in it that was stopped; go on with it by resume=mine, or name another folder" in told.err

    with held(tmp_path / "mine", COMMAND_LOCK):
        assert run("train", [*TINY, "run=mine"]) == EXIT_USER
    assert "found a training at work in it; wait for its end" in capsys.readouterr().err

    (tmp_path / "mine" / RESULT_FILE).touch()
    assert run("train", [*TINY, "run=mine"]) == EXIT_USER
    assert "found a finished run in it; name another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("weights", "said"),
    [("nope.ckpt", "expected a file of weights, found none"), ("words.ckpt", "expected safetensors or a torch state")],
)
def test_starting_weights_are_looked_at_before_anything_is_made(weights, said, tmp_path, capsys):
    (tmp_path / "words.ckpt").write_text("no tensors")

    assert run("train", [*TINY, f"model.net.weights={weights}"]) == EXIT_USER

    told = capsys.readouterr()
    assert told.out == ""
    assert f"error: model.net.weights={weights}: {said}" in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["words.ckpt"]


def test_weights_that_can_be_read_are_taken(tmp_path, capsys):
    torch.save({"head.weight": torch.zeros(1)}, tmp_path / "some.ckpt")

    assert run("train", [*TINY, "model.net.weights=some.ckpt"]) == EXIT_USER
    assert "store.path=nowhere: expected store.json" in capsys.readouterr().err
