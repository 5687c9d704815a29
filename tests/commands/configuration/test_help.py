"""Help and completion come quickly because nothing heavy is imported for them; what they show is what there is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ich.commands.cli import COMMANDS
from ich.commands.configuration.config import choices
from ich.commands.configuration.help import help_text

ROOT = Path(__file__).parents[3]
HEAVY = (
    *("torch", "torchvision", "pytorch_lightning", "lightning", "torchmetrics", "timm", "wandb", "sklearn", "scipy"),
    *("numpy", "pandas", "pyarrow", "pydicom", "cv2", "albumentations", "matplotlib", "blosc2"),
)
# The optional launchers and sweepers of Hydra bring these along, and completion asks Hydra for all of its plug-ins.
OF_PLUGINS = frozenset({"numpy", "scipy"})
FILES = ("prepare.py", "train.py", "evaluate.py", "predict.py", "ich/commands/cli.py")
PROGRAM = """
import runpy, sys
file, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = file
try:
    runpy.run_path(file, run_name="__main__")
except SystemExit as end:
    print(*sorted(name for name in {heavy} if name in sys.modules), file=sys.stderr)
    raise
"""


def typed(file: str, *words: str, line: str = "") -> "subprocess.CompletedProcess[str]":
    """Run an entry file; on standard error stands which heavy modules it imported."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{heavy}", repr(HEAVY)), file, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COMP_LINE": line},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", FILES)
def test_help_of_an_entry_file_imports_nothing_heavy(file):
    done = typed(file, "--help")

    assert (done.returncode, done.stderr.split()) == (0, [])
    assert "key=value" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(command):
    done = typed("ich/commands/cli.py", command, "--help")

    assert (done.returncode, done.stderr.split()) == (0, [])


@pytest.mark.parametrize("file", FILES[:-1])
def test_completion_names_groups_and_choices_and_imports_nothing_of_ours_that_is_heavy(file):
    done = typed(file, "-sc", "query=bash", line=f"python {file} ")

    assert done.returncode == 0
    assert set(done.stderr.split()) <= OF_PLUGINS
    assert {"paths=", "cluster="} <= set(done.stdout.split())


@pytest.mark.parametrize(
    ("begun", "completed"),
    [
        ("loss=", {"loss=bce", "loss=focal", "loss=weighted_bce"}),
        ("exper", {"experiment="}),
        ("experiment=", {f"experiment={page}" for page in choices("experiment")}),
        ("model=tiny experiment=bur", {"experiment=burduja/cnn", "experiment=burduja/sequence"}),
    ],
)
def test_choices_are_completed_as_they_are_typed(begun, completed):
    done = typed("train.py", "-sc", "query=bash", line=f"python train.py {begun}")

    assert set(done.stdout.split()) == completed


def test_help_lists_every_choice_of_a_group():
    lines = help_text("train").splitlines()

    (models,) = [line for line in lines if line.strip().startswith("model=") and "default" in line]
    assert all(name in models for name in choices("model"))


def test_help_shows_the_options_of_the_choice_that_is_typed_beside_it():
    assert "data.n_studies=400" in help_text("prepare", ["data=phantom", "--help"])
    assert "data.part=train" in help_text("prepare", ["data=nonesuch", "--help"])
