import dataclasses
import functools
import json
import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from ich.data.rows import labels_of
from ich.data.slices import SliceDataModule
from ich.errors import Diverged
from ich.learn.checkpoint import load_net, read_checkpoint
from ich.learn.fit import fit_slices, predict_studies
from ich.learn.loop.metrics import slice_scores
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant


def test_a_training_leaves_two_checkpoints_and_a_table(cnn_run):
    run, result = cnn_run

    files = sorted(str(file.relative_to(run)) for file in run.rglob("*") if file.is_file())

    assert files == ["checkpoints/best.ckpt", "checkpoints/last.ckpt", "metrics.csv"]
    assert (result.best, result.last) == (run / files[0], run / files[1])


@pytest.mark.parametrize("stage", ["cnn_run", "sequence_run"])
@pytest.mark.parametrize("name", ["best", "last"])
def test_checkpoints_load_without_unpickling_and_hold_no_path(stage, name, request):
    run, _ = request.getfixturevalue(stage)

    content = torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True)

    without_tensors = {key: content[key] for key in content if key not in ("state_dict", "optimizer_states")}
    without_tensors.get("callbacks", {}).pop("RandomStates", None)  # tensors too
    assert "/" not in json.dumps(without_tensors)  # also: plain JSON values only


def test_only_the_last_checkpoint_carries_the_optimizer(cnn_run):
    contents = {name: torch.load(getattr(cnn_run[1], name), weights_only=True) for name in ("best", "last")}

    assert "optimizer_states" not in contents["best"]
    assert contents["last"]["optimizer_states"]
    assert contents["best"]["state_dict"].keys() == contents["last"]["state_dict"].keys()


def test_a_slice_checkpoint_says_what_it_is(cnn_run, store):
    facts = read_checkpoint(cnn_run[0]).facts

    assert (facts["kind"], facts["size"], facts["source"], facts["fold"], facts["leave_out"]) == (
        "slice", 32, store.source, 0, [2]
    )  # fmt: skip
    assert facts["train_patients"] == ["p4", "p5"]
    assert facts["windows"] == facts["net"]["windows"]
    assert 0 < facts["windows"]["brain"]["mean"] < 1  # measured: the configuration had null
    assert facts["net"]["weights"] is None


def test_a_slice_checkpoint_says_whom_its_starting_weights_have_seen(
    cnn_run, store, recipe, settings, unwatched, net, tmp_path
):
    data = SliceDataModule(store.path, fold=0, leave_out=[1], batch_size=6, workers=0)
    from_run = {**net, "weights": str(cnn_run[0])}

    result = fit_slices(tmp_path, data, net=from_run, recipe=recipe, settings=settings, watching=unwatched)

    facts = read_checkpoint(result.best).facts
    assert (facts["train_patients"], facts["pretrained"]["train_patients"]) == (["p6", "p7"], ["p4", "p5"])
    assert read_checkpoint(cnn_run[0]).facts["pretrained"] is None


def test_a_sequence_checkpoint_names_its_slice_net(cnn_run, sequence_run):
    facts, cnn = read_checkpoint(sequence_run[0]).facts, read_checkpoint(cnn_run[0])

    assert (facts["kind"], facts["cnn_hash"], facts["windows"]) == ("sequence", cnn.hash, cnn.facts["windows"])
    assert not set(facts["train_patients"]) & set(cnn.facts["train_patients"])


def test_the_reported_log_loss_is_that_of_the_best_checkpoint(cnn_run, store):
    run, result = cnn_run
    net = load_net(read_checkpoint(run))
    hu = np.concatenate([store.read_study(study) for study in ("s2", "s3")])
    with torch.inference_mode():
        logits = net(torch.from_numpy(hu)[:, None]).numpy()

    assert result.best_log_loss == pytest.approx(
        slice_scores(labels_of(store, ["s2", "s3"]), logits)["log_loss"], rel=1e-5
    )


def test_the_table_has_loss_rate_speed_and_scores(cnn_run):
    table = pd.read_csv(cnn_run[0] / "metrics.csv")

    assert table["train/loss"].notna().sum() == 3  # 17 slices in batches of 6, a row a step
    assert table["train/lr"].dropna().tolist() == pytest.approx([3e-3] * 3)
    assert table["val/log_loss"].dropna().tolist() == pytest.approx([cnn_run[1].metrics["log_loss"]])
    assert table["train/slices_per_second"].dropna().gt(0).all()
    assert "val/auc_any" in table
    assert "val/auc_epidural" not in table  # known nowhere


def test_the_schedule_counts_steps_not_batches(store, recipe, settings, unwatched, net, tmp_path):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)  # three batches an epoch
    seen = []
    recipe = dataclasses.replace(
        recipe, schedule=lambda optimizer, **length: seen.append(length) or constant(optimizer, **length)
    )
    two_epochs = dataclasses.replace(settings, accumulate=2, max_epochs=2)

    fit_slices(tmp_path, data, net=net, recipe=recipe, settings=two_epochs, watching=unwatched)

    assert seen == [{"total_steps": 4, "steps_per_epoch": 2}]  # the third batch makes a step of its own
    assert torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 4


def test_a_compiled_net_is_asked_for_by_compile(store, recipe, settings, unwatched, net, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module, **_: asked.append(type(module).__name__))
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)

    compiled = dataclasses.replace(settings, compile=True)
    fit_slices(tmp_path, data, net=net, recipe=recipe, settings=compiled, watching=unwatched)

    assert asked == ["SliceNet"]


def test_a_training_that_has_diverged_ends_and_is_never_the_best(store, recipe, settings, unwatched, net, tmp_path):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    loss = WeightedBCE([1] * 6)  # its own: the end in the middle of a validation leaves it in evaluation mode
    too_fast = dataclasses.replace(recipe, loss=loss, optimizer=functools.partial(torch.optim.SGD, lr=1e38))

    with pytest.raises(Diverged, match=r"found nan or infinity in 26 of 26 tensors; .* optimizer\.lr"):
        fit_slices(tmp_path, data, net=net, recipe=too_fast, settings=settings, watching=unwatched)

    assert list(tmp_path.glob("checkpoints/*.ckpt")) == []


@pytest.mark.parametrize("choose", ["best", "last"])
def test_a_checkpoint_says_whether_it_was_chosen(choose, store, recipe, settings, unwatched, net, tmp_path):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    chosen = dataclasses.replace(settings, choose=choose)

    result = fit_slices(tmp_path, data, net=net, recipe=recipe, settings=chosen, watching=unwatched)

    assert read_checkpoint(result.best).facts["chosen"] == choose


def test_the_same_seed_gives_the_same_weights(cnn_run, store, recipe, settings, unwatched, net, tmp_path):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)

    again = fit_slices(tmp_path, data, net=net, recipe=recipe, settings=settings, watching=unwatched)

    assert read_checkpoint(again.last).hash == read_checkpoint(cnn_run[1].last).hash


def test_studies_are_predicted_one_by_one(sequence_run, features):
    net = load_net(read_checkpoint(sequence_run[0]))

    answers = predict_studies(net, features, studies=["s2", "s7"])

    assert list(answers) == ["s2", "s7"]
    slices, study = answers["s7"]
    assert slices.shape == (11, 6)
    np.testing.assert_array_equal(study, slices.max(axis=0))


def test_the_sequence_net_is_standardised_by_its_training_features(sequence_run, features):
    trained_on = np.concatenate([features.read(study) for study in ("s6", "s7")])

    state = read_checkpoint(sequence_run[0]).state_dict

    np.testing.assert_allclose(state["feature_mean"], trained_on.mean(0), rtol=1e-4, atol=1e-5)


def test_a_training_is_quiet(store, recipe, settings, unwatched, net, tmp_path, capfd):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        fit_slices(tmp_path, data, net=net, recipe=recipe, settings=settings, watching=unwatched)

    assert [str(warning.message) for warning in heard] == []
    assert capfd.readouterr() == ("", "")
