"""A pretrained folder is data: it is checked, and nothing it names is imported."""

import json

import pytest

from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.pretrained import find_pretrained, model_card, read_pretrained
from ich.errors import CheckpointError, IchError


@pytest.fixture
def folder(tiny_ensemble, tmp_path):
    tiny_ensemble.save_pretrained(tmp_path / "folder")
    return tmp_path / "folder"


def _change(folder, **changes):
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))


def test_a_folder_holds_weights_config_and_card(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]


def test_another_label_order_is_refused(folder):
    _change(folder, labels=["any", "epidural"])

    with pytest.raises(CheckpointError, match="in this order, found any, epidural"):
        read_pretrained(folder)


def test_a_target_in_a_config_is_never_imported(folder, tmp_path):
    config = json.loads((folder / "config.json").read_text())
    config["members"][0]["cnn"]["net"] = {"_target_": "os.mkdir", "path": str(tmp_path / "ran")}
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(IchError, match="expected one of SliceNet"):
        ICHEnsemble.from_pretrained(folder, device="cpu")

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_broken_file_is_refused(folder, name):
    (folder / name).write_bytes(b"\x00broken")

    with pytest.raises(CheckpointError, match="found a broken file"):
        read_pretrained(folder)


def test_a_missing_file_is_named(folder):
    (folder / "model.safetensors").unlink()

    with pytest.raises(CheckpointError, match=r"found no model\.safetensors"):
        read_pretrained(folder)


def test_a_hub_repository_is_taken_from_its_cache(folder, tmp_path, monkeypatch):
    cached = tmp_path / "hub" / "models--lab--heads"  # huggingface_hub's layout, made by hand
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text("0" * 40)
    (cached / "snapshots").mkdir()
    folder.rename(cached / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    found = find_pretrained("hub:lab/heads")

    assert (found / "config.json").is_file()


def test_what_is_neither_folder_nor_hub_name_is_refused():
    with pytest.raises(CheckpointError, match="expected a folder or owner/name on the hub, found neither"):
        find_pretrained("no such folder")


def test_a_hub_out_of_reach_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(CheckpointError, match="hub repository in the cache or within reach, found neither"):
        find_pretrained("lab/absent")


def test_the_card_says_research_only_and_made_heads(tiny_content):
    card = model_card(tiny_content["ich"])

    assert "research only" in card
    assert "Made heads are not patients" in card
    assert "p1" not in card.split()
