"""What a run is called where others see it, and which of its settings they see: no path, no patient, no machine."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ich.commands.configuration.training_options import LoadingOptions
from ich.commands.configuration.typed import typed_words
from ich.commands.run_folders.files import is_pair
from ich.commands.run_folders.run_folder import name_of

LONGEST_NAME = 120  # characters; W&B cuts at 128
# Options that make one run differ from another, and whose values can be neither a path nor a patient.
TELLING = ("windows", "augment", "loss", "optimizer", "schedule", "trainer", "callbacks", "model", "seed")
TELLING_DATA = ("data.fold", "data.batch_size", "data.studies_per_batch", "sampling")
NOT_TELLING = ("model", "model.net.weights", "trainer.gpus", "trainer.processes", "trainer.threads")
# What says where things lie, how the run was started, or how a store would be made: the run did not read these.
HIDDEN = ("paths", "run", "cnn", "name", "started", "logger", "launch", "resume", "trust", "store", "difficulty")
# Folders that the commands name themselves; any other name is its user's, and may be a patient's or a hospital's.
OWN_SWEEP = re.compile(r"\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d")
OWN_RUN = re.compile(r"\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-.+|\d\d-\d\d-\d\d/\d+")
PUBLISHED_WEIGHTS = (None, "none", "hub")


def readable_name(config: DictConfig) -> str:
    """Net, data set, and what was typed beside them: `tiny-rsna lr=1e-4 windows=[brain]`."""
    folder = Path(config.run or "")
    pair = [folder.name.replace("-", " ")] if is_pair(folder) else []
    return " ".join([name_of(config), *pair, *_telling(typed_words(config))])[:LONGEST_NAME]


def group_of(config: DictConfig) -> str | None:
    """The sweep a run belongs to, else its experiment, else the run whose pair it is; a folder named by hand hashed."""
    sweep = (config.get("started") or {}).get("sweep")
    if sweep:
        return _said(Path(sweep), OWN_SWEEP, kind="sweep")
    experiment = [text.partition("=")[2] for text in typed_words(config) if text.startswith("experiment=")]
    if experiment:
        return experiment[-1]
    folder = Path(config.run or "")
    return _said(folder.parent, OWN_RUN, kind="run") if is_pair(folder) else None


def place_of(checkpoint: Path) -> str:
    """Where a checkpoint lies, as it may be shown: from the last folder on that the commands named themselves."""
    run, end = checkpoint.parents[1], checkpoint.parts[-2:]
    if is_pair(run):
        run, end = run.parent, (run.name, *end)
    return "/".join([_said(run, OWN_RUN, kind="run"), *end])


def _said(folder: Path, own: re.Pattern[str], *, kind: str) -> str:
    """The last two parts of a folder, or in place of a name that somebody gave it the hash of its path."""
    last = "/".join(folder.parts[-2:])
    return last if own.fullmatch(last) else f"{kind}-{hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:8]}"


def tags_of(config: DictConfig) -> list[str]:
    """Stage and data set."""
    return [str(config.model.stage), str(config.data.name)]


def flat_config(config: DictConfig) -> dict[str, Any]:
    """A configuration as dotted keys with plain values, for those who may see what a run was, not where it lies.

    Of the data set only its name is told, and how the training draws from it; the windows are one word.
    """
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    shown = {str(key): value for key, value in plain.items() if key not in HIDDEN}
    draws = {"name", *(field.name for field in fields(LoadingOptions))}
    shown["data"] = {key: value for key, value in plain["data"].items() if key in draws}
    shown["windows"] = ",".join(plain["windows"])
    return {key: value for key, value in _flat(shown) if _may_be_seen(key, value)}


def _telling(typed: Sequence[str]) -> Iterator[str]:
    for text in typed:
        key, _, value = text.lstrip("+").partition("=")
        if (key.partition(".")[0] in TELLING or key in TELLING_DATA) and key not in NOT_TELLING and "/" not in value:
            yield f"{key.rpartition('.')[2]}={value}"


def _flat(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _may_be_seen(key: str, value: Any) -> bool:
    """Texts below `data` may name patients; elsewhere a slash makes a path."""
    if key == "data.name":
        return True
    if key == "model.net.weights":
        return value in PUBLISHED_WEIGHTS
    texts = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    if key.startswith("data."):
        return not texts
    return not any("/" in text or "\\" in text for text in texts)
