"""The whole road once, in processes, on tiny made heads; the tests read what it left."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Road:
    """Where the stations of the road lie, and what each printed."""

    folder: Path
    printed: dict[str, str]

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def ensemble(self) -> Path:
        return self.folder / "sequence" / "ensemble.ckpt"

    @property
    def dicom(self) -> Path:
        return self.folder / "heads" / "dicom"


def run_command(command: str, *overrides: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type a command in a folder, as a user would."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(ROOT / f"{command}.py"), *overrides],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=280,
        check=False,
    )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Types a command in an empty folder."""

    def typed(name: str, *overrides: str) -> subprocess.CompletedProcess[str]:
        return run_command(name, *overrides, folder=tmp_path)

    return typed


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """Prepare, two slice nets, their sequence nets, evaluation and prediction, at 64 px and one epoch each."""
    folder = tmp_path_factory.mktemp("road")
    data = ["data=phantom", f"data.root={folder / 'heads'}", f"store.path={folder / 'store'}"]
    heads = [
        "data.n_studies=30",
        "data.scanner.size=64",
        "data.scanner.n_slices=[8,10]",
        "store.size=64",
        "data.prevalence.subdural=0.9",
    ]
    training = [
        *data,
        *heads,
        "trainer.max_epochs=1",
        "trainer.threads=1",
        "trainer.log_every_n_steps=1",
        f"paths.features={folder / 'features'}",
    ]
    runs = ",".join(str(folder / name) for name in ("a", "b"))
    typed = {
        "prepare": ("prepare", *data, *heads, "processes=1", "data.processes=1"),
        "a": ("train", *training, "model=tiny", f"run={folder / 'a'}", "data.leave_out=[3,4]", "seed=0"),
        "b": ("train", *training, "model=tiny", f"run={folder / 'b'}", "data.leave_out=[1,2]", "logger=tensorboard"),
        "sequence": (
            "train",
            *training,
            "model=lstm",
            "model.net.hidden=8",
            f"cnn=[{runs}]",
            f"run={folder / 'sequence'}",
        ),
        "evaluate": ("evaluate", *data, *heads, f"checkpoint={folder / 'sequence'}", "n_resamples=50"),
        "predict": ("predict", f"checkpoint={folder / 'sequence'}", f"input={folder / 'heads'}", "output=predictions"),
    }
    printed = {}
    for station, (name, *overrides) in typed.items():
        done = run_command(name, *overrides, folder=folder)
        assert done.returncode == 0, f"{station}: {done.stdout}\n{done.stderr}"
        printed[station] = done.stdout + done.stderr
    return Road(folder, printed)
