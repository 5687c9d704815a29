"""What a net's starting weights have seen is not forgotten on the road from one training to the next."""

import pytest
from safetensors.torch import save_file

from ich.errors import EXIT_USER
from ich.learn.checkpoint import read_checkpoint

pytestmark = pytest.mark.slow


def train_from(weights, road, command, *overrides):
    return command(
        "train",
        "data=phantom",
        f"store.path={road.store}",
        "model=tiny",
        "run=heir",
        "trainer.max_epochs=1",
        "trainer.threads=1",
        f"model.net.weights={weights}",
        *overrides,
    )


def test_a_fold_that_the_starting_weights_have_seen_is_not_validated_on(road, command, tmp_path):
    done = train_from(road.folder / "a", road, command, "data.fold=1")  # a: trained on folds 1 and 2

    assert done.returncode == EXIT_USER, done.stdout + done.stderr
    assert "error: data.fold=1: expected validation patients whom the starting weights have not seen" in done.stderr
    assert not (tmp_path / "heir").exists()


def test_patients_whom_the_starting_weights_have_seen_are_not_scored(road, command):
    trained = train_from(road.folder / "a", road, command, "data.fold=3", "data.leave_out=[1,2]")
    assert trained.returncode == 0, trained.stderr
    assert "nobody can know" not in trained.stdout
    data = ("data=phantom", f"store.path={road.store}", "checkpoint=heir", "subset=validation", "n_resamples=20")

    seen, unseen = command("evaluate", *data, "fold=1"), command("evaluate", *data, "fold=3")

    assert seen.returncode == EXIT_USER, seen.stdout + seen.stderr
    assert "whom neither a net nor what it started from was trained on" in seen.stderr
    assert unseen.returncode == 0, unseen.stderr


def test_weights_of_a_file_that_says_nothing_are_said_to_be_unknown(road, command, tmp_path):
    state = read_checkpoint(road.folder / "a").state_dict
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "weights.safetensors")

    trained = train_from("weights.safetensors", road, command)

    assert trained.returncode == 0, trained.stderr
    assert "nobody can know whether patients of this store are" in trained.stdout
    data = ("data=phantom", f"store.path={road.store}", "checkpoint=heir", "subset=test", "n_resamples=20")
    scored = command("evaluate", *data)
    assert scored.returncode == 0, scored.stderr
    assert "nobody can know" in scored.stdout
    (page,) = (tmp_path / "heir").rglob("metrics.md")
    assert "nobody can know" in page.read_text(encoding="utf-8")
