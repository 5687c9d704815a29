import numpy as np
import pytest
import torch

from ich.dicom.geometry.neighbours import Neighbours
from ich.errors import CheckpointError, DataError
from ich.learn.checkpoint import FACTS_KEY, load_net, read_checkpoint, write_plain
from ich.learn.features import FeatureCache, study_features


@pytest.fixture
def extract(cnn_run, store, tmp_path):
    """Extracts two studies' features into a folder of this test."""
    return lambda **options: FeatureCache.extract(
        cnn_run[0], store, **{"studies": ["s1", "s4"], "folder": tmp_path, **options}
    )


def test_features_are_pooled_activations_and_logits_of_every_slice(extract, cnn_run, store):
    net = load_net(read_checkpoint(cnn_run[0]))

    features = extract(batch_size=3).read("s4")

    with torch.inference_mode():
        pooled, logits = net.features(torch.from_numpy(store.read_study("s4"))[:, None])
    np.testing.assert_allclose(features, torch.cat([pooled, logits], 1), rtol=1e-4, atol=1e-5)
    assert features.dtype == np.float32


def test_the_second_extraction_reads_no_study(extract, store, monkeypatch):
    before = extract().read("s1")
    monkeypatch.setattr(store, "read_study", lambda study: pytest.fail("read again"))

    np.testing.assert_array_equal(extract().read("s1"), before)


def test_only_what_is_missing_is_extracted(extract, store, monkeypatch):
    cache = extract()
    (cache.folder / cache.files["s4"]).unlink()
    read, read_study = [], store.read_study
    monkeypatch.setattr(store, "read_study", lambda study: read.append(study) or read_study(study))

    extract()

    assert read == ["s4"]


def test_a_study_prepared_again_gets_new_features(extract, store, monkeypatch):
    before = extract().files
    monkeypatch.setattr(store, "facts", lambda study: {"hash": "another"})

    assert not set(extract().files.values()) & set(before.values())


def test_no_path_of_a_cache_tells_the_patient(extract):
    cache = extract()

    assert not any(key in str(file.name) for file in cache.folder.iterdir() for key in ("s1", "s4", "p1"))


def test_processes_begin_at_their_own_part(extract):
    shown = []

    extract(share=(1, 2), progress=lambda items, *, total, description: shown.extend(items) or items)

    assert shown == ["s4", "s1"]


def test_a_study_that_was_not_extracted_says_so(extract):
    with pytest.raises(DataError, match="study s2: expected its features, found none here; extract them first"):
        extract().read("s2")


def test_a_damaged_file_says_so(extract):
    cache = extract()
    (cache.folder / cache.files["s1"]).write_bytes(b"damaged")

    with pytest.raises(DataError, match="expected features of a study"):
        cache.read("s1")


def test_a_store_of_another_size_is_refused(cnn_run, store, tmp_path):
    content = torch.load(cnn_run[1].best, weights_only=True)
    content[FACTS_KEY]["size"] = 64
    write_plain(content, tmp_path / "other.ckpt")

    with pytest.raises(DataError, match="expected 64 px, as the slice net was trained on, found 32 px"):
        FeatureCache.extract(tmp_path / "other.ckpt", store, studies=["s1"], folder=tmp_path)


def test_a_sequence_net_has_no_slice_features(sequence_run, store, tmp_path):
    with pytest.raises(CheckpointError, match="expected a checkpoint of kind slice, found sequence"):
        FeatureCache.extract(sequence_run[0], store, studies=["s1"], folder=tmp_path)


def test_neighbours_are_mirrored_at_the_ends():
    class Echo(torch.nn.Module):
        neighbours = Neighbours(1)

        def features(self, hu):
            values = hu[:, :, 0, 0].float()
            return values, values[:, :1]

    hu = np.arange(3, dtype=np.int16)[:, None, None] * np.ones((1, 2, 2), dtype=np.int16)

    features = study_features(Echo(), hu, batch_size=2)

    np.testing.assert_array_equal(features[:, :3], [[1, 0, 1], [0, 1, 2], [1, 2, 1]])
