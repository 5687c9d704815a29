"""Where a W&B run goes, and by which name it is found again."""

import pytest

from ich.learn.watching.wandb_run import choose_mode, has_key, run_id

KEY = {"WANDB_API_KEY": "k"}


@pytest.mark.parametrize(
    ("wanted", "public", "environment", "word"),
    [
        ("auto", True, KEY, "online"),
        ("auto", True, {}, "offline"),
        ("auto", True, KEY | {"WANDB_MODE": "offline"}, "offline"),
        ("auto", True, KEY | {"WANDB_MODE": "dryrun"}, "offline"),
        ("auto", True, KEY | {"WANDB_MODE": "online"}, "online"),
        ("auto", True, KEY | {"WANDB_MODE": "disabled"}, "disabled"),
        ("auto", False, KEY, "offline"),
        ("auto", False, KEY | {"WANDB_MODE": "online"}, "offline"),
        ("online", False, KEY, "online"),
        ("offline", True, KEY, "offline"),
    ],
)
def test_a_run_is_sent_where_a_key_is_and_the_data_are_published_or_it_was_asked_for(
    wanted, public, environment, word, tmp_path
):
    assert choose_mode(wanted, public=public, environment={"HOME": str(tmp_path), **environment}).word == word


def test_a_key_is_found_in_netrc_for_the_server_in_use_only(tmp_path):
    (tmp_path / ".netrc").write_text("machine api.wandb.ai login user password secret\n")
    home = {"HOME": str(tmp_path)}

    assert has_key(home)
    assert not has_key({**home, "WANDB_BASE_URL": "https://wandb.example.org"})


def test_a_damaged_netrc_is_no_key(tmp_path):
    (tmp_path / ".netrc").write_text("machine\n")

    assert not has_key({"HOME": str(tmp_path)})


def test_a_run_folder_keeps_its_id(tmp_path):
    assert run_id(tmp_path) == run_id(tmp_path)


def test_two_run_folders_are_two_runs(tmp_path):
    (tmp_path / "other").mkdir()

    assert run_id(tmp_path) != run_id(tmp_path / "other")
