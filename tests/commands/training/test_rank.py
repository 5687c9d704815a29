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


@pytest.mark.parametrize(("waits", "parents"), [(None, 0), ("7", 2)], ids=["shell", "command"])
def test_a_rank_that_was_typed_alone_does_not_end_with_its_shell(waits, parents, run, monkeypatch):
    watched = []
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.delenv("ICH_PARENT", raising=False)
    if waits:
        monkeypatch.setenv("ICH_PARENT", waits)
    monkeypatch.setattr(rank, "end_with_parent", watched.append)
    monkeypatch.setattr(rank, "end_after_parent", lambda *ancestors: watched.extend(ancestors))
    monkeypatch.setattr(stages, "train_slices", lambda *_, **__: None)

    assert rank.main(run, [trust_of(run)]) == 0
    assert len(watched) == parents


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
