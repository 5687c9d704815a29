"""Checkpoints as tensors and plain values: written whole or not at all, read without ever unpickling code."""

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO
from torch import Tensor, nn

from ich.errors import CheckpointError, ConfigError
from ich.labels import LABELS
from ich.learn.run_files import BEST_FILE, CHECKPOINTS, LAST_FILE
from ich.nets.build import rebuild

FORMAT = 1
FACTS_KEY = "ich"
KINDS = ("slice", "sequence")
NET_PREFIX = "net."  # of the net's tensors within a LightningModule's
REQUIRED_FACTS = (
    *("format", "kind", "labels", "size", "windows", "net", "store_hash", "source", "sources", "split_hash"),
    *("fold", "leave_out", "train_patients", "validation_patients", "prevalence", "study_prevalence", "position_bins"),
    *("code_version", "date"),
)
_WAYS = "name a .ckpt written by train.py, or its run folder"


@dataclass(frozen=True)
class Checkpoint:
    """A trained net as it was read: facts (plain values), tensors by the net's own names, and a hash of both."""

    facts: dict[str, Any]
    state_dict: dict[str, Tensor] = field(repr=False)
    hash: str


class PlainCheckpointIO(CheckpointIO):
    """Writes beside the target, flushes and renames; reads with weights_only.

    Lightning's own goes by way of the system's temporary folder, which on another file system is a copy that a kill
    can cut short.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write one checkpoint, whole or not at all.

        Raises:
            CheckpointError: it could not be written, most often for want of space; the one before is untouched.
        """
        try:
            write_plain(checkpoint, Path(path))
        except (OSError, RuntimeError) as error:  # torch's zip writer says RuntimeError where the disk is full
            what = (str(error) or type(error).__name__).splitlines()[0]
            raise CheckpointError(
                f"{Path(path).name}: expected to write a checkpoint, found {what}; the one before is untouched: "
                "free some space, then go on with resume="
            ) from error

    def load_checkpoint(
        self, path: Any, map_location: Any | None = None, weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read tensors and plain values; whatever Lightning asks for, code is never unpickled."""
        return read_plain(Path(path))

    def remove_checkpoint(self, path: Any) -> None:
        """Remove one checkpoint, if it is there."""
        Path(path).unlink(missing_ok=True)


def write_plain(content: Mapping[str, Any], path: Path) -> None:
    """Write tensors and plain values beside the target, flush to the disk, then rename.

    Raises:
        OSError: no space or no right to write; what stood at the target is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    _flush_folder(path.parent)


def read_plain(path: Path) -> dict[str, Any]:
    """Tensors and plain values of a file, on the CPU.

    Raises:
        CheckpointError: absent, not a checkpoint, cut short, or one that holds code.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: expected a checkpoint, found no such file; {_WAYS}")
    if not zipfile.is_zipfile(path):  # also keeps torch's older formats, which are plain pickles, away
        raise CheckpointError(f"{path}: expected a checkpoint, found another kind of file; {_WAYS}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # foreign bytes: torch raises pickle, zip, key, index, end-of-file and runtime errors
        raise CheckpointError(
            f"{path}: expected tensors and plain values, found something else or a damaged file "
            f"({type(error).__name__}), and nothing in it was run; {_WAYS}"
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: expected a checkpoint, found a {type(content).__name__}; {_WAYS}")
    return content


def find_checkpoint(path: Path) -> Path:
    """The checkpoint that a path means: the file itself, or the best (else the last) one of a run folder.

    Raises:
        CheckpointError: nothing there.
    """
    if path.is_file():
        return path
    for name in (BEST_FILE, LAST_FILE):
        if (path / CHECKPOINTS / name).is_file():
            return path / CHECKPOINTS / name
    found = f"a folder without {CHECKPOINTS}/{BEST_FILE}" if path.is_dir() else "nothing there"
    raise CheckpointError(f"{path}: expected a checkpoint or a run folder, found {found}; {_WAYS}")


def read_checkpoint(path: Path, *, kind: str | None = None) -> Checkpoint:
    """A trained net's facts and tensors, checked.

    Args:
        path: a .ckpt or a run folder.
        kind: "slice" or "sequence", None for either.

    Raises:
        CheckpointError: no checkpoint of ours, or one of another format, label order or kind; one line says which.
    """
    file = find_checkpoint(path)
    content = read_plain(file)
    facts = content.get(FACTS_KEY)
    if not isinstance(facts, dict):
        raise CheckpointError(f"{file}: expected a checkpoint of ich, found one without its facts; {_WAYS}")
    check_facts(facts, subject=str(file), kind=kind)
    tensors = content.get("state_dict")
    if not isinstance(tensors, Mapping):
        raise CheckpointError(f"{file}: expected the net's tensors, found none; {_WAYS}")
    own = {name.removeprefix(NET_PREFIX): tensor for name, tensor in tensors.items() if name.startswith(NET_PREFIX)}
    return Checkpoint(facts=facts, state_dict=own, hash=net_hash(facts["net"], own))


def check_facts(facts: Mapping[str, Any], *, subject: str, kind: str | None = None) -> None:
    """Refuse facts of another format, label order or kind, or with a gap.

    Raises:
        CheckpointError: says which.
    """
    if facts.get("format") != FORMAT:
        version = facts.get("code_version", "of another version")
        raise CheckpointError(
            f"{subject}: expected checkpoint format {FORMAT}, found {facts.get('format')} (written by ich {version}); "
            f"use ich {version} or newer"
        )
    kinds = KINDS if kind is None else (kind,)
    if facts.get("kind") not in kinds:
        raise CheckpointError(
            f"{subject}: expected a checkpoint of kind {' or '.join(kinds)}, found {facts.get('kind')}; "
            "train.py model=seresnext makes a slice net, model=lstm a sequence net"
        )
    labels = facts.get("labels")
    if labels != list(LABELS):
        found = ", ".join(map(str, labels)) if isinstance(labels, list) else labels
        raise CheckpointError(
            f"{subject}: expected the labels {', '.join(LABELS)} in this order, found {found}; train it again"
        )
    missing = [name for name in REQUIRED_FACTS if name not in facts]
    if missing:
        raise CheckpointError(f"{subject}: expected the facts {', '.join(missing)}, found none; {_WAYS}")


def load_net(checkpoint: Checkpoint) -> nn.Module:
    """The net of a checkpoint, ready to answer: built from its plain arguments, never from a name outside our table.

    Raises:
        CheckpointError: tensors or arguments that don't fit the net.
    """
    arguments = dict(checkpoint.facts["net"])
    try:
        net = rebuild(arguments)
        net.load_state_dict(checkpoint.state_dict)
    except (RuntimeError, TypeError, ConfigError) as error:
        first = str(error).splitlines()[0]
        raise CheckpointError(
            f"checkpoint {checkpoint.hash}: expected tensors of {arguments.get('net')}, found others ({first}); {_WAYS}"
        ) from error
    return net.eval()


def net_hash(arguments: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> str:
    """A hash of a net: its build arguments and all its tensors, the same for every file that holds them."""
    digest = hashlib.sha256(json.dumps(dict(arguments), sort_keys=True).encode())
    for name, tensor in sorted(state_dict.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]


def assert_plain(value: Any, where: str = FACTS_KEY) -> None:
    """Our own facts must be plain JSON values, or a stranger's machine could not read them.

    Raises:
        TypeError: names the place of the first value that is not.
    """
    if value is None or type(value) in (bool, int, float, str):
        return
    if type(value) is list:
        for number, item in enumerate(value):
            assert_plain(item, f"{where}[{number}]")
        return
    if type(value) is dict and all(type(key) is str for key in value):
        for key, item in value.items():
            assert_plain(item, f"{where}.{key}")
        return
    raise TypeError(f"{where}: expected a plain JSON value, found a {type(value).__name__}")


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
