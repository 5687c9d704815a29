"""Fixtures for all tests: where real CT lies, if it does."""

import os
import zipfile
from pathlib import Path

import pytest
import torch

import ich  # noqa: F401  (its hook must be in place before anything imports torchvision)

os.environ["WANDB_MODE"] = "offline"  # no test speaks to a server, whoever has a key
torch.set_num_threads(1)  # tests run side by side, on nets too small to share out


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real CT named by ICH_REALDATA, else ../shared/realdata beside the checkout."""
    default = Path(__file__).parents[2] / "shared" / "realdata"
    folder = Path(os.environ.get("ICH_REALDATA", default))
    if not folder.is_dir():
        pytest.skip("no real CT here: set ICH_REALDATA to a folder that holds rsna/, ctich/ ...")
    return folder


@pytest.fixture(scope="session")
def rsna_folder(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven real RSNA studies unpacked into the challenge's layout."""
    folder = tmp_path_factory.mktemp("rsna")
    for archive in sorted((realdata / "rsna").glob("*.zip")):
        with zipfile.ZipFile(archive) as members:
            members.extractall(folder)
    (folder / "stage_2_train.csv").write_bytes((realdata / "rsna" / "stage_2_train.csv").read_bytes())
    return folder
