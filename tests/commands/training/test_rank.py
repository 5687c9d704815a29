"""What a process of a training leaves, also where something fails at its end."""

import pytest
from omegaconf import OmegaConf

from ich.commands.training import rank, stages
from ich.commands.training.failure import failure_of
from ich.commands.training.launch import trust_of


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run folder, and a process that is as it was afterwards."""
    OmegaConf.save({"model": {"stage": "slice"}}, tmp_path / "config.yaml")
    monkeypatch.setattr(rank, "end_with_parent", lambda _: None)
    monkeypatch.setattr(rank, "end_after_parent", lambda *_: None)
    monkeypatch.setattr(rank.StopRequest, "listen", classmethod(lambda cls: cls()))
    kept = list(rank.logger.handlers), rank.logger.level, rank.logger.propagate
    yield tmp_path
    rank.logger.handlers, rank.logger.propagate = kept[0], kept[2]
    rank.logger.setLevel(kept[1])


def broken(*_):
    raise ConnectionError("W&B can't\nbe reached")


def test_a_training_that_is_complete_when_its_watching_fails_is_no_failure(run, result, monkeypatch, capsys):
    def train(config, folder, *, stop):
        stages.write_result(folder, result)
        broken()

    monkeypatch.setattr(stages, "train_slices", train)

    assert rank.main(run, [trust_of(run)]) == 0
    assert failure_of(run) is None
    assert "complete, but not its report" in capsys.readouterr().out


def test_a_training_that_fails_before_its_result_is_a_failure(run, monkeypatch):
    monkeypatch.setattr(stages, "train_slices", lambda *_, **__: broken())

    assert rank.main(run, [trust_of(run)]) == 1
    assert failure_of(run) == "rank 0 met ConnectionError: W&B can't be reached"
