"""What lies in a run folder."""

import pytest
from omegaconf import OmegaConf

from ich.commands.run_folders.files import BEST, CONFIG_FILE, RESULT_FILE, pair_folder, trainings_of, write_config


def test_nothing_that_is_named_like_a_secret_is_written(tmp_path):
    config = OmegaConf.create({"data": {"api_key": "hush", "nested": {"password": "hush", "token": "hush"}}})
    config.data.keyboard = "seen"
    config.typed = ["data.api_key=hush", "data.keyboard=seen"]

    write_config(config, tmp_path)

    text = (tmp_path / CONFIG_FILE).read_text()
    assert "hush" not in text
    assert text.count("seen") == 2


def test_a_configuration_that_could_not_be_written_leaves_nothing(tmp_path):
    (tmp_path / CONFIG_FILE).mkdir()

    with pytest.raises(IsADirectoryError):
        write_config(OmegaConf.create({"seed": 0}), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [CONFIG_FILE]


@pytest.mark.parametrize("file", [RESULT_FILE, BEST])
def test_a_run_is_one_training_or_those_of_its_pairs(file, tmp_path):
    pairs = [pair_folder(tmp_path, number) / file for number in range(2)]
    for path in pairs:
        path.parent.mkdir(parents=True)
        path.touch()
    assert trainings_of(tmp_path, file) == pairs

    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    assert trainings_of(tmp_path, file) == [tmp_path / file]
