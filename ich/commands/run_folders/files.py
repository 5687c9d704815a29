"""What lies in a run folder: its files' names, the folders of its pairs, its configuration without secrets."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ich.learn.run_files import BEST_FILE, CHECKPOINTS
from ich.store.files import write_text

CONFIG_FILE = "config.yaml"
RESULT_FILE = "result.json"
ENSEMBLE_FILE = "ensemble.ckpt"  # of the sequence stage
VALIDATION_FILE = "validation.parquet"  # what a pair of the sequence stage says about the validation slices
BEST = Path(CHECKPOINTS) / BEST_FILE
PAIR = "pair-"  # how the folders of a sequence stage's pairs begin, which are no runs of their own
SECRET = re.compile(r"(^|_)(token|key|password|passwd|secret|credentials?)s?($|_)", re.IGNORECASE)
MASK = "***"


def pair_folder(run: Path, number: int) -> Path:
    """Folder of one pair of a sequence stage."""
    return run / f"{PAIR}{number}"


def is_pair(folder: Path) -> bool:
    """Whether a folder is that of a pair, by its name."""
    return folder.name.startswith(PAIR)


def trainings_of(run: Path, file: str | Path) -> list[Path]:
    """A file of each training that a run is made of: its own where it has it, else that of each pair which has it.

    Args:
        run: folder of a stage.
        file: RESULT_FILE, BEST ..., relative to the folder of a training.
    """
    return [run / file] if (run / file).is_file() else sorted(run.glob(f"{PAIR}*/{file}"))


def write_config(config: DictConfig, folder: Path) -> None:
    """Write the resolved configuration, whole or not at all; what is named like a secret is masked."""
    folder.mkdir(parents=True, exist_ok=True)
    resolved = OmegaConf.create(_masked(OmegaConf.to_container(config, resolve=True)))
    write_text(folder / CONFIG_FILE, OmegaConf.to_yaml(resolved))


def config_hash(folder: Path) -> str:
    """Hash of a run's configuration, by which a process knows that it was handed this one."""
    return hashlib.sha256((folder / CONFIG_FILE).read_bytes()).hexdigest()[:32]


def _masked(node: Any) -> Any:
    """Plain values in which no secret is readable, also among what was typed."""
    if isinstance(node, Mapping):
        hidden = {key for key, value in node.items() if isinstance(value, str) and SECRET.search(str(key))}
        return {key: MASK if key in hidden else _masked(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_masked(value) for value in node]
    if isinstance(node, str) and "=" in node:
        key, _, _ = node.partition("=")
        return f"{key}={MASK}" if SECRET.search(key.rpartition(".")[2]) else node
    return node
