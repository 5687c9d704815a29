"""The ensemble file: what it holds, what it refuses."""

import copy
import os

import pytest
import torch

from ich.ensemble.file import bundle, read_bundle, write_bundle
from ich.ensemble.operating import NOT_FITTED
from ich.errors import CheckpointError
from ich.labels import LABELS
from ich.learn.checkpoint import assert_plain
from tests.ensemble.tiny import cnn_checkpoint, pairs, sequence_checkpoint, write_checkpoint


def test_facts_are_plain_values(tiny_content):
    assert_plain(tiny_content["ich"])


def test_patients_of_all_members_are_kept_once(tiny_content):
    assert tiny_content["ich"]["train_patients"] == ["p1", "p2", "p4", "p5"]


def test_prevalence_is_the_mean_of_the_last_stages():
    cnns = [cnn_checkpoint(seed) for seed in (0, 1)]
    sequences = [sequence_checkpoint(cnn, prevalence=[share] * 6) for cnn, share in zip(cnns, (0.1, 0.3), strict=True)]

    content = bundle(list(zip(cnns, sequences, strict=True)))

    assert content["ich"]["prevalence"] == pytest.approx([0.2] * 6)


def test_without_validation_patients_no_point_is_frozen_and_the_reason_stands(tiny_content):
    points = tiny_content["ich"]["operating_points"]["sensitivity_95"]["study"]

    assert points == {label: {"threshold": None, "reason": NOT_FITTED} for label in LABELS}


def test_a_written_bundle_reads_back_without_pickle(tiny_content, tmp_path):
    write_bundle(tiny_content, tmp_path / "ensemble.ckpt")

    read = read_bundle(tmp_path / "ensemble.ckpt")

    assert read["ich"] == tiny_content["ich"]
    assert all(torch.equal(read["tensors"][name], tensor) for name, tensor in tiny_content["tensors"].items())


def test_a_sequence_net_is_not_joined_to_another_cnn():
    with pytest.raises(CheckpointError, match="features of two nets are never mixed"):
        bundle([(cnn_checkpoint(0), sequence_checkpoint(cnn_checkpoint(1)))])


def test_members_of_two_input_sizes_are_not_bundled():
    with pytest.raises(CheckpointError, match=r"one input size, found \[32, 64\]"):
        bundle([(cnn_checkpoint(0), None), (cnn_checkpoint(1, size=64), None)])


def test_a_run_folder_prefers_its_ensemble(tiny_content, tmp_path):
    write_bundle(tiny_content, tmp_path / "ensemble.ckpt")
    write_checkpoint(cnn_checkpoint(), tmp_path / "checkpoints" / "best.ckpt")

    assert len(read_bundle(tmp_path)["ich"]["members"]) == 2


def test_a_run_folder_of_the_slice_stage_gives_its_best_net(tmp_path):
    write_checkpoint(cnn_checkpoint(), tmp_path / "checkpoints" / "best.ckpt")

    (member,) = read_bundle(tmp_path)["ich"]["members"]

    assert member["sequence"] is None


def test_a_sequence_net_alone_is_refused(tmp_path):
    _, sequence = pairs(1)[0]
    write_checkpoint(sequence, tmp_path / "best.ckpt")

    with pytest.raises(CheckpointError, match=r"found a sequence net alone; use the ensemble\.ckpt"):
        read_bundle(tmp_path / "best.ckpt")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2, "code_version": "9.9"}, r"expected checkpoint format 1, found 2 \(written by ich 9\.9\)"),
        ({"labels": list(reversed(LABELS))}, "in this order, found any, subdural"),
        ({"kind": "forest"}, "expected an ensemble, found 'forest'"),
        ({"members": None}, "expected the facts members"),
    ],
    ids=["another format", "another label order", "another kind", "a gap"],
)
def test_an_ensemble_of_another_kind_is_refused_in_one_line(tiny_content, tmp_path, change, sentence):
    content = copy.copy(tiny_content)
    content["ich"] = {key: value for key, value in (tiny_content["ich"] | change).items() if value is not None}
    write_bundle(content, tmp_path / "ensemble.ckpt")

    with pytest.raises(CheckpointError, match=sentence) as caught:
        read_bundle(tmp_path / "ensemble.ckpt")

    assert "\n" not in str(caught.value)


def test_a_slice_checkpoint_of_another_label_order_is_refused(tmp_path):
    write_checkpoint(cnn_checkpoint(labels=list(reversed(LABELS))), tmp_path / "best.ckpt")

    with pytest.raises(CheckpointError, match="in this order"):
        read_bundle(tmp_path / "best.ckpt")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "ensemble.ckpt").write_bytes(b"not a checkpoint")

    with pytest.raises(CheckpointError, match="expected a checkpoint"):
        read_bundle(tmp_path / "ensemble.ckpt")


def test_a_pickle_in_a_checkpoint_is_never_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"ich": Hostile()}, tmp_path / "ensemble.ckpt")

    with pytest.raises(CheckpointError):
        read_bundle(tmp_path / "ensemble.ckpt")

    assert not (tmp_path / "ran").exists()


def test_nothing_there_names_what_would_do(tmp_path):
    with pytest.raises(CheckpointError, match=r"found nothing there; use ensemble\.ckpt"):
        read_bundle(tmp_path / "none")


def test_an_empty_run_folder_names_what_it_lacks(tmp_path):
    with pytest.raises(CheckpointError, match=r"expected one of ensemble\.ckpt, checkpoints/best\.ckpt"):
        read_bundle(tmp_path)
