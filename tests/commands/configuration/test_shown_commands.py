"""Every command line that a page of conf/ or the documentation shows is one that is taken."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from ich.commands.configuration.config import compose_checked, config_folder
from ich.commands.sweeps.jobs import plan_sweep

pytestmark = pytest.mark.slow  # fifty lines, each composed, of sweeps each value

ROOT = Path(__file__).parents[3]
READ_FIRST = (
    ROOT / "README.md",
    ROOT / "docs" / "training.md",
    ROOT / "docs" / "data.md",
    ROOT / "docs" / "prediction.md",
)
SHOWN = re.compile(r"""python (prepare|train|evaluate|predict)\.py ((?:'[^'\n]*'|[^`'"#\n;|])+)""")
OWN = "mylab."  # a part of the reader's own: test_shown_loss
SEVERAL = ("-m", "sweep=", "cluster=")
PLUGINS = ("hydra_joblib_launcher", "hydra_submitit_launcher", "hydra_optuna_sweeper")


def shown() -> list[tuple[str, str]]:
    """Command and what stands behind it, of the pages of conf/, the README and what is read after it."""
    pages = sorted(config_folder().rglob("*.yaml"))
    texts = ["\n".join(line for line in page.read_text().splitlines() if line.startswith("#")) for page in pages]
    # A command may stand in two lines, with a backslash at the end of the first or without.
    texts += [re.sub(r" \\\n *|(?<=[\w\]'])\n(?=[\w.]+=)", " ", page.read_text("utf-8")) for page in READ_FIRST]
    lines = {found.groups() for text in texts for found in SHOWN.finditer(text)}
    return sorted({(command, cleaned(words)) for command, words in lines if "..." not in words and OWN not in words})


def cleaned(words: str) -> str:
    """Without the words of the sentence around, and without devices, which this machine need not have."""
    taken = []
    for word in shlex.split(words.strip()):
        if word != "-m" and ("=" not in word or word.startswith("-")):
            break
        taken += [] if word.startswith(("trainer.gpus=", "trainer.nodes=")) else [word.rstrip(",.:")]
    return shlex.join(taken)


LINES = [line for line in shown() if line[1]]


@pytest.mark.parametrize(("command", "words"), LINES, ids=[" ".join(line) for line in LINES])
def test_a_command_that_is_shown_is_taken(command, words):
    overrides = shlex.split(words)
    if not any(word.startswith(SEVERAL) for word in overrides):
        assert compose_checked(command, [word for word in overrides if word != "-m"])
        return
    needs_plugins = any(word.startswith(("hydra/", "cluster=", "sweep=search")) for word in overrides)
    if needs_plugins and not all(find_spec(f"hydra_plugins.{name}") for name in PLUGINS):
        pytest.skip("pip install 'ich[sweep]'")
    here = ["trainer.gpus=0", "trainer.precision=32-true"] if command == "train" else []

    assert plan_sweep(command, [word for word in [*overrides, *here] if word != "-m"])


def test_the_lines_are_found():
    assert len(LINES) > 30
    assert {command for command, _ in LINES} == {"prepare", "train", "evaluate", "predict"}
