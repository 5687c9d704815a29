"""An ensemble scores a scan: mean of the pairs' logits, the same whatever the batch."""

import numpy as np
import pandas as pd
import pytest
import torch

from ich.dicom.resize import resize_hu
from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.file import bundle
from ich.ensemble.prediction import MADE_HEADS_NOTE
from ich.errors import CheckpointError
from ich.labels import LABELS
from ich.learn.features import study_features
from ich.metrics.probability import probability_of
from tests.ensemble.tiny import cnn_checkpoint, head, pairs, scan_of, sequence_checkpoint, write_checkpoint


def test_logits_are_the_mean_of_the_pairs_logits(tiny_ensemble, scan):
    hu = resize_hu(scan.hu, tiny_ensemble.size)
    alone = [ICHEnsemble(bundle([pair]), device="cpu").logits(hu) for pair in pairs()]

    together = tiny_ensemble.logits(hu)

    for name in ("cnn", "ensemble"):
        np.testing.assert_allclose(together[name], np.mean([logits[name] for logits in alone], axis=0), atol=1e-5)
    assert np.abs(alone[0]["ensemble"] - alone[1]["ensemble"]).max() > 0.01


def test_the_study_is_as_likely_as_its_loudest_slice(tiny_ensemble, scan):
    prediction = tiny_ensemble.predict(scan)

    assert prediction.study == {label: prediction.slices[label].max() for label in LABELS}


def test_slices_come_with_position_and_uid(tiny_ensemble, scan):
    slices = tiny_ensemble.predict(scan).slices

    assert list(slices.columns) == ["index", "position_mm", "sop_uid", *LABELS]
    assert list(slices["sop_uid"]) == list(scan.sop_uids)
    np.testing.assert_array_equal(slices["position_mm"], scan.positions_mm)


@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_the_batch_changes_no_answer(tiny_ensemble, scan, batch_size):
    expected = tiny_ensemble.predict(scan).logits["ensemble"]

    found = tiny_ensemble.predict(scan, batch_size=batch_size).logits["ensemble"]

    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_predicting_twice_gives_the_same_answer(tiny_ensemble, scan):
    first, second = tiny_ensemble.predict([scan, scan])

    pd.testing.assert_frame_equal(first.slices, second.slices, check_exact=True)


def test_neighbours_are_mirrored_at_the_ends():
    model = ICHEnsemble(bundle([(cnn_checkpoint(neighbours=1), None)]), device="cpu")
    hu = np.broadcast_to(np.arange(3, dtype=np.int16)[:, None, None], (3, 32, 32))

    (batch,) = model.batches(np.ascontiguousarray(hu), model.members[0].cnn.neighbours)

    assert batch[:, :, 0, 0].tolist() == [[1, 0, 1], [0, 1, 2], [1, 2, 1]]


def test_training_features_and_prediction_see_the_same_neighbours(scan):
    checkpoint = cnn_checkpoint(neighbours=1, neighbour_mm=11.0)  # slices are 5 mm apart: the second next
    model = ICHEnsemble(bundle([(checkpoint, None)]), device="cpu")
    hu = resize_hu(scan.hu, model.size)
    by_hand = np.pad(hu, ((2, 2), (0, 0), (0, 0)), mode="reflect")
    by_hand = np.stack([by_hand[:-4], hu, by_hand[4:]], axis=1)  # (S, 3, R, C)

    net = model.members[0].cnn
    expected = net(torch.from_numpy(by_hand)).detach().numpy()

    np.testing.assert_allclose(model.predict(scan).logits["cnn"], expected, atol=1e-5)
    features = study_features(net, hu, positions_mm=scan.positions_mm)
    np.testing.assert_allclose(features[:, -6:], expected, atol=1e-5)


def test_a_cnn_alone_is_its_own_ensemble(tmp_path, scan):
    path = write_checkpoint(cnn_checkpoint(), tmp_path / "best.ckpt")

    logits = ICHEnsemble.load_from_checkpoint(path, device="cpu").predict(scan).logits

    np.testing.assert_array_equal(logits["cnn"], logits["ensemble"])


@pytest.mark.parametrize("form", ["file", "run", "pretrained"])
def test_every_form_gives_the_same_answer_after_loading(tiny_ensemble, scan, tmp_path, form):
    tiny_ensemble.save(tmp_path / "ensemble.ckpt")
    tiny_ensemble.save_pretrained(tmp_path / "folder")
    load = {
        "file": lambda: ICHEnsemble.load_from_checkpoint(str(tmp_path / "ensemble.ckpt"), device="cpu"),
        "run": lambda: ICHEnsemble.load_from_checkpoint(tmp_path, device="cpu"),
        "pretrained": lambda: ICHEnsemble.from_pretrained(tmp_path / "folder", device="cpu"),
    }[form]

    loaded = load()

    assert loaded.hash == tiny_ensemble.hash
    pd.testing.assert_frame_equal(loaded.predict(scan).slices, tiny_ensemble.predict(scan).slices, check_exact=True)


def test_what_the_scan_left_out_is_counted_by_reason(tiny_ensemble, scan):
    (left_out,) = tiny_ensemble.predict(scan).not_used

    assert (left_out.code, left_out.n) == ("localizer", 5)


def test_a_sequence_net_on_its_cnns_own_patients_is_in_sample(scan):
    cnn = cnn_checkpoint()
    content = bundle([(cnn, sequence_checkpoint(cnn, train_patients=["p2", "p9"]))])

    assert ICHEnsemble(content, device="cpu").predict(scan).in_sample


def test_a_sequence_net_on_patients_of_its_cnns_starting_weights_is_in_sample(scan):
    start = {"origins": ["checkpoint"], "is_known": True, "sources": ["phantom"], "train_patients": ["p9"]}
    cnn = cnn_checkpoint(pretrained=start | {"chosen_patients": []})
    content = bundle([(cnn, sequence_checkpoint(cnn, train_patients=["p9"]))])

    assert ICHEnsemble(content, device="cpu").predict(scan).in_sample
    assert content["ich"]["pretrained"]["train_patients"] == ["p9"]


def test_an_ensemble_trained_on_made_heads_says_so_with_every_prediction(tiny_ensemble, scan):
    prediction = tiny_ensemble.predict(scan)

    assert prediction.notes == (MADE_HEADS_NOTE,)
    assert prediction.to_dict()["notes"] == [MADE_HEADS_NOTE]


def test_pairs_on_other_patients_are_not_in_sample(tiny_ensemble):
    assert not tiny_ensemble.in_sample


def test_a_matrix_that_is_not_square_or_of_the_input_size_is_brought_to_it(tiny_ensemble):
    prediction = tiny_ensemble.predict(scan_of(head(3, rows=20, columns=70)))

    assert len(prediction.slices) == 3


def test_a_net_that_is_no_slice_net_is_refused_as_cnn(tiny_content):
    member = tiny_content["ich"]["members"][0]
    exchanged = {"ich": {**tiny_content["ich"], "members": [{**member, "cnn": member["sequence"], "sequence": None}]}}
    renamed = {
        name.replace(".sequence.", ".cnn."): tensor
        for name, tensor in tiny_content["tensors"].items()
        if ".0.sequence." in name
    }

    with pytest.raises(CheckpointError, match="expected a slice net, found a SliceLSTM"):
        ICHEnsemble(exchanged | {"tensors": renamed}, device="cpu")


def test_extreme_logits_stay_probabilities():
    np.testing.assert_array_equal(probability_of(np.array([-1e9, 0, 1e9], dtype=np.float32)).round(12), [0, 0.5, 1])
