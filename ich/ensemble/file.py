"""The ensemble as plain values and tensors: bundled from checkpoints, written and read without pickled objects."""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import ich
from ich.ensemble.operating import unfitted_points
from ich.errors import CheckpointError
from ich.labels import LABELS
from ich.learn.checkpoint import FACTS_KEY, Checkpoint, net_hash, read_checkpoint, read_plain, write_plain
from ich.learn.run_files import BEST_FILE, CHECKPOINTS, LAST_FILE
from ich.learn.seen import PRETRAINED, joined_starts, seen_patients

ENSEMBLE_FORMAT = 1
# Facts of a member that rebuild its net or say where it comes from; patients are kept once, as the union.
MEMBER_FACTS = ("kind", "net", "windows", "fold", "leave_out", "date", "code_version", "split_hash", "cnn_hash")
# Where a run folder keeps what can be loaded, best first.
RUN_FILES = ("ensemble.ckpt", f"{CHECKPOINTS}/{BEST_FILE}", f"{CHECKPOINTS}/{LAST_FILE}")

Pair = tuple[Checkpoint, Checkpoint | None]


def bundle(members: Sequence[Pair], *, operating_points: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything prediction needs, from checkpoints.

    Args:
        members: pairs of a slice checkpoint and the sequence checkpoint that learned on its features (None: CNN alone).
        operating_points: as `fit_operating_points` gives them; None where no validation patients were scored.

    Returns:
        {"ich": plain JSON values, "tensors": flat names to tensors}.

    Raises:
        CheckpointError: no members, a sequence net with a CNN other than its own, or members that take different input.
    """
    if not members:
        raise CheckpointError("checkpoint=[]: expected at least one slice checkpoint, found none; name one")
    for cnn, sequence in members:
        _check_pair(cnn, sequence)
    facts = _shared_facts(members)
    facts["operating_points"] = dict(operating_points) if operating_points is not None else unfitted_points()
    facts["members"] = [_member_facts(cnn, sequence) for cnn, sequence in members]
    return {FACTS_KEY: facts, "tensors": _flat_tensors(members)}


def write_bundle(content: Mapping[str, Any], path: Path) -> None:
    """Write ensemble.ckpt, whole or not at all."""
    write_plain(content, path)


def read_bundle(path: Path) -> dict[str, Any]:
    """The content of an ensemble file, of a slice checkpoint (an ensemble without a sequence stage) or of a run folder.

    Raises:
        CheckpointError: absent, no checkpoint, of another format or label order, or a sequence net alone.
    """
    file = _file_of(path)
    content = read_plain(file)
    facts = content.get(FACTS_KEY)
    if not isinstance(facts, Mapping):
        raise CheckpointError(f"{path}: expected a checkpoint of ich, found a file without its facts; {_WAYS}")
    if facts.get("kind") == "sequence":
        raise CheckpointError(
            f"{path}: expected an ensemble or a slice net, found a sequence net alone; "
            "use the ensemble.ckpt that its training wrote"
        )
    if facts.get("kind") == "slice":
        return bundle([(read_checkpoint(file), None)])
    check_facts(facts, str(path))
    if not isinstance(content.get("tensors"), Mapping):
        raise CheckpointError(f"{path}: expected the nets' tensors, found none; {_WAYS}")
    return content


def check_facts(facts: Mapping[str, Any], subject: str) -> None:
    """Refuse an ensemble of another kind, format or label order.

    Raises:
        CheckpointError: says which.
    """
    if facts.get("kind") != "ensemble":
        raise CheckpointError(f"{subject}: expected an ensemble, found {facts.get('kind')!r}; {_WAYS}")
    if facts.get("format") != ENSEMBLE_FORMAT:
        version = facts.get("code_version", "another version")
        raise CheckpointError(
            f"{subject}: expected checkpoint format {ENSEMBLE_FORMAT}, found {facts.get('format')} "
            f"(written by ich {version}); use ich {version} or newer"
        )
    if list(facts.get("labels", [])) != list(LABELS):
        raise CheckpointError(
            f"{subject}: expected the labels {', '.join(LABELS)} in this order, found "
            f"{', '.join(map(str, facts.get('labels', []))) or 'none'}; train it again with this version"
        )
    missing = [key for key in ("size", "members", "operating_points") if key not in facts]
    if missing:
        raise CheckpointError(f"{subject}: expected the facts {', '.join(missing)}, found none; {_WAYS}")


def members_of(content: Mapping[str, Any]) -> list[Pair]:
    """The checkpoints a bundle was made of, as far as prediction needs them.

    Raises:
        CheckpointError: a member without a slice net.
    """
    pairs: list[Pair] = []
    for number, member in enumerate(content[FACTS_KEY]["members"]):
        parts = [_part(content, member, number, name) for name in ("cnn", "sequence")]
        if parts[0] is None:
            raise CheckpointError(f"member {number}: expected a slice net, found none; {_WAYS}")
        pairs.append((parts[0], parts[1]))
    return pairs


def hash_of(pairs: Sequence[Pair]) -> str:
    """A hash of all nets, the same for every form of the file; 16 characters."""
    hashes = [part.hash for pair in pairs for part in pair if part is not None]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:16]


_WAYS = "use ensemble.ckpt, a slice checkpoint or a run folder that holds one"


def _file_of(path: Path) -> Path:
    if not path.exists():
        raise CheckpointError(f"{path}: expected a checkpoint or a run folder, found nothing there; {_WAYS}")
    if not path.is_dir():
        return path
    for name in RUN_FILES:
        if (path / name).is_file():
            return path / name
    raise CheckpointError(f"{path}: expected one of {', '.join(RUN_FILES)}, found none; {_WAYS}")


def _check_pair(cnn: Checkpoint, sequence: Checkpoint | None) -> None:
    if cnn.facts["kind"] != "slice":
        raise CheckpointError(f"cnn: expected a slice checkpoint, found a {cnn.facts['kind']} net; exchange the pair")
    if sequence is None:
        return
    if sequence.facts["kind"] != "sequence":
        raise CheckpointError(
            f"sequence: expected a sequence checkpoint, found a {sequence.facts['kind']} net; exchange the pair"
        )
    if sequence.facts.get("cnn_hash") != cnn.hash:
        raise CheckpointError(
            f"sequence: expected the CNN it learned on, {sequence.facts.get('cnn_hash')}, found {cnn.hash}; "
            "features of two nets are never mixed: name the CNN of its run"
        )


def _shared_facts(members: Sequence[Pair]) -> dict[str, Any]:
    last = [sequence or cnn for cnn, sequence in members]
    parts = [part for pair in members for part in pair if part is not None]
    sizes = {int(cnn.facts["size"]) for cnn, _ in members}
    if len(sizes) > 1:
        raise CheckpointError(
            f"checkpoint: expected members of one input size, found {sorted(sizes)}; bundle these apart"
        )
    return {
        "format": ENSEMBLE_FORMAT,
        "kind": "ensemble",
        "labels": list(LABELS),
        "size": sizes.pop(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "code_version": ich.__version__,
        "sources": sorted({source for part in parts for source in part.facts["sources"]}),
        "store_hashes": sorted({str(part.facts["store_hash"]) for part in parts}),
        "train_patients": sorted({patient for part in parts for patient in part.facts["train_patients"]}),
        "validation_patients": sorted({patient for part in parts for patient in part.facts["validation_patients"]}),
        PRETRAINED: joined_starts(part.facts.get(PRETRAINED) for part in parts),
        "prevalence": _mean([part.facts.get("prevalence") for part in last]),
        "study_prevalence": _mean([part.facts.get("study_prevalence") for part in last]),
        "position_bins": _mean([part.facts.get("position_bins") for part in last]),
    }


def _mean(values: Sequence[Any]) -> Any:
    """Element-wise mean of the members' nested lists; None where one has none or shapes differ."""
    if any(value is None for value in values):
        return None
    arrays = [np.asarray(value, dtype=np.float64) for value in values]
    if len({array.shape for array in arrays}) > 1:
        return None
    return np.mean(arrays, axis=0).tolist()


def _member_facts(cnn: Checkpoint, sequence: Checkpoint | None) -> dict[str, Any]:
    seen = seen_patients(cnn.facts)
    return {
        "cnn": _kept(cnn),
        "sequence": None if sequence is None else _kept(sequence),
        "in_sample": sequence is not None and bool(seen & set(sequence.facts["train_patients"])),
    }


def _kept(checkpoint: Checkpoint) -> dict[str, Any]:
    return {key: checkpoint.facts.get(key) for key in MEMBER_FACTS} | {"hash": checkpoint.hash}


def _flat_tensors(members: Sequence[Pair]) -> dict[str, torch.Tensor]:
    return {
        f"members.{number}.{part}.{name}": tensor.detach().cpu().contiguous()
        for number, pair in enumerate(members)
        for part, checkpoint in zip(("cnn", "sequence"), pair, strict=True)
        if checkpoint is not None
        for name, tensor in checkpoint.state_dict.items()
    }


def _part(content: Mapping[str, Any], member: Mapping[str, Any], number: int, name: str) -> Checkpoint | None:
    if member.get(name) is None:
        return None
    prefix = f"members.{number}.{name}."
    tensors = {key.removeprefix(prefix): value for key, value in content["tensors"].items() if key.startswith(prefix)}
    return Checkpoint(facts=dict(member[name]), state_dict=tensors, hash=net_hash(member[name]["net"], tensors))
