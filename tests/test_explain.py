"""Heat-maps: native size, comparable over a study, dark where nothing is suspected."""

import numpy as np
import pytest
import torch

from ich.dicom.resize import resize_hu
from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.file import bundle
from ich.errors import ConfigError, DataError
from ich.explain import generate_gradcam, study_maps, to_native
from ich.metrics.probability import probability_of
from ich.nets.cam import maps
from tests.ensemble.tiny import cnn_checkpoint, head, pairs, scan_of


@pytest.fixture(scope="module")
def model() -> ICHEnsemble:
    return ICHEnsemble(bundle(pairs()), device="cpu")


@pytest.fixture(scope="module")
def scan():
    return scan_of(head())


def _alone(bias: float) -> ICHEnsemble:
    """A CNN whose every slice has about the logit `bias`."""
    checkpoint = cnn_checkpoint()
    checkpoint.state_dict["head.weight"] *= 1e-3
    checkpoint.state_dict["head.bias"][:] = bias
    return ICHEnsemble(bundle([(checkpoint, None)]), device="cpu")


def test_a_map_has_the_native_size_of_its_slice(model, scan):
    heat = generate_gradcam(model, scan.image(3), target_class="subdural")

    assert heat.shape == scan.hu.shape[1:]
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() <= 1


def test_a_slice_without_suspicion_stays_dark(scan):
    heat = generate_gradcam(_alone(bias=-9.0), scan.image(3))

    assert heat.max() < 1e-3  # 1 / (1 + e^9) = 0.00012


def test_a_suspicious_slice_is_as_bright_as_its_probability(scan):
    heat = generate_gradcam(_alone(bias=2.0), scan.image(3), target_class="any")

    assert heat.max() == pytest.approx(0.88, abs=0.03)  # 1 / (1 + e^-2) = 0.881


def test_study_maps_are_the_mean_over_the_nets_each_divided_by_its_study_maximum(model, scan):
    probabilities = model.predict(scan).slices["any"].to_numpy()
    hu = torch.from_numpy(resize_hu(scan.hu, model.size))[:, None]
    parts = []
    for member in model.members:
        raw = maps(member.cnn, member.cnn.cam_layer, x=hu, score=lambda logits: logits[:, 5].sum()).numpy()
        parts.append(raw / max(raw.max(), 1e-30))
    mean = np.mean(parts, axis=0)
    expected = mean / max(mean.max(), 1e-30) * probabilities[:, None, None]

    found = study_maps(model, scan, label="any")

    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.max() > 0


def test_study_maps_never_exceed_a_slices_probability(model, scan):
    prediction = model.predict(scan)

    heat = study_maps(model, scan, label="subdural", probabilities=prediction.slices["subdural"].to_numpy())

    assert (heat.max(axis=(1, 2)) <= prediction.slices["subdural"] + 1e-6).all()


def test_slices_with_probability_zero_stay_zero(model, scan):
    heat = study_maps(model, scan, label="any", probabilities=np.array([0, 0, 0, 0, 0, 1.0]))

    assert not heat[:5].any()


def test_a_map_without_any_evidence_is_zero_and_not_nan(scan):
    checkpoint = cnn_checkpoint()
    checkpoint.state_dict["head.weight"].zero_()
    model = ICHEnsemble(bundle([(checkpoint, None)]), device="cpu")

    assert not study_maps(model, scan, label="any").any()
    assert not generate_gradcam(model, scan.image(0)).any()


def test_a_net_with_neighbours_refuses_a_slice_alone(scan):
    model = ICHEnsemble(bundle([(cnn_checkpoint(neighbours=1), None)]), device="cpu")

    with pytest.raises(DataError, match=r"expected 3 slices, found 1; .*scan\.image\(i, neighbours=1\)"):
        generate_gradcam(model, scan.image(3))


def test_a_net_with_neighbours_takes_them(scan):
    model = ICHEnsemble(bundle([(cnn_checkpoint(neighbours=1), None)]), device="cpu")

    assert generate_gradcam(model, scan.image(3, neighbours=1)).shape == scan.hu.shape[1:]


def test_a_net_without_neighbours_takes_the_middle_of_a_stack(model, scan):
    alone = generate_gradcam(model, scan.image(3))

    np.testing.assert_array_equal(generate_gradcam(model, scan.image(3, neighbours=2)), alone)


def test_another_label_is_refused(model, scan):
    with pytest.raises(ConfigError, match="target_class=sdh: expected one of epidural"):
        generate_gradcam(model, scan.image(0), target_class="sdh")


def test_maps_work_inside_inference_mode(model, scan):
    outside = generate_gradcam(model, scan.image(3))

    with torch.inference_mode():
        inside = generate_gradcam(model, scan.image(3))

    np.testing.assert_array_equal(inside, outside)


@pytest.mark.parametrize(("rows", "columns"), [(40, 24), (24, 40), (40, 40)])
def test_a_map_lands_where_its_slice_was_padded(rows, columns):
    hu = np.full((rows, columns), -1024, dtype=np.int16)
    hu[rows // 4 : rows // 2, columns // 4 : columns // 2] = 1000
    seen = (resize_hu(hu, 40) > 0).astype(np.float32)  # a net that lights up where there is bone

    native = to_native(seen, rows=rows, columns=columns)

    np.testing.assert_array_equal(native > 0.5, hu > 0)


def test_probabilities_of_a_study_are_those_of_its_prediction(model, scan):
    expected = probability_of(model.predict(scan).logits["ensemble"])[:, 5]

    np.testing.assert_array_equal(
        study_maps(model, scan, label="any"), study_maps(model, scan, label="any", probabilities=expected)
    )
