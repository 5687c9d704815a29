"""Small heads that several tests look at."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml

from ich.phantom.anatomy.head import Head, make_head
from ich.phantom.bleeds.bleed import Bleed
from ich.phantom.grid import Grid, draw_grid
from ich.phantom.make import make_studies
from ich.phantom.noise import NoiseBank, noise_bank
from ich.phantom.options import Difficulty, Prevalence, Scanner

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="session")
def difficulty() -> Difficulty:
    """The one of the demo."""
    values = yaml.safe_load((CONF / "difficulty" / "clear.yaml").read_text())
    return Difficulty(**{field.name: values[field.name] for field in fields(Difficulty)})


@pytest.fixture(scope="session")
def bank() -> NoiseBank:
    return noise_bank()


@pytest.fixture(scope="session")
def grid() -> Grid:
    """30 upright slices of 64 pixels."""
    scanner = Scanner(size=64, n_slices=(30, 30), tilted_share=0.0)
    return draw_grid(scanner, np.random.default_rng(3))


@pytest.fixture(scope="session")
def head(grid: Grid, difficulty: Difficulty, bank: NoiseBank) -> Head:
    """A head without bleeds; don't change it."""
    return make_head(grid, difficulty, bank=bank, rng=np.random.default_rng(4))


@pytest.fixture
def bleed_of(head: Head) -> Callable[..., Bleed]:
    """Makes a bleed of `pixels` pixels in the middle of slice 15, `contrast` HU over what lies there."""

    def made(*, pixels: int, contrast: float) -> Bleed:
        box = (slice(15, 16), slice(28, 36), slice(28, 36))
        mask = np.zeros((1, 8, 8), dtype=np.float32)
        mask.ravel()[:pixels] = 1
        return Bleed("intraparenchymal", box, head.fields.hu[box] + np.float32(contrast), mask)

    return made


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory, difficulty: Difficulty) -> Path:
    """Six small studies with every kind of bleed and masks."""
    folder = tmp_path_factory.mktemp("made") / "heads"
    often = Prevalence(0.4, 0.5, 0.5, 0.5, 0.5)
    make_studies(
        folder,
        6,
        seed=5,
        difficulty=difficulty,
        scanner=Scanner(size=48, n_slices=(10, 12)),
        prevalence=often,
        masks=True,
    )
    return folder
