"""A tiny store of made heads."""

import shutil
from pathlib import Path

import pytest
import yaml

from ich.phantom.options import Difficulty
from ich.sources.phantom import Phantom
from ich.store.prepare import prepare_store

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five made heads of 32 px with every label; don't change it."""
    folder = tmp_path_factory.mktemp("prepared")
    difficulty = yaml.safe_load((CONF / "difficulty" / "clear.yaml").read_text())
    difficulty.pop("_target_")
    source = Phantom(
        folder / "heads",
        5,
        seed=1,
        difficulty=Difficulty(**difficulty),
        scanner={"size": 32, "n_slices": [6, 6]},
        processes=1,
    )
    prepare_store(source, folder / "store", size=32, n_folds=2, test_share=0.2, seed=0, slab_mm=5.0, processes=0)
    return folder / "store"


@pytest.fixture
def store_path(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the tiny store that a test may change."""
    return shutil.copytree(prepared, tmp_path / "store")
