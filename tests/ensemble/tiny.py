"""Tiny real checkpoints, ensembles and scans, for the tests of ensemble, explain and report."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ich.dicom.not_used import NotUsed
from ich.dicom.scan import Scan, ScanSeries
from ich.labels import LABELS
from ich.learn.checkpoint import Checkpoint, net_hash, write_plain
from ich.nets.build import build

SIZE = 32
WINDOWS = {
    "brain": {"centre": 40.0, "width": 80.0, "mean": 0.17, "std": 0.32},
    "bone": {"centre": 600.0, "width": 2800.0, "mean": 0.15, "std": 0.28},
}


def facts(kind: str, net: dict[str, Any], **changes: Any) -> dict[str, Any]:
    known = {
        "format": 1,
        "kind": kind,
        "labels": list(LABELS),
        "size": SIZE,
        "windows": WINDOWS,
        "net": net,
        "store_hash": "store",
        "source": "phantom",
        "sources": ["phantom"],
        "split_hash": "split",
        "train_patients": ["p1", "p2"],
        "validation_patients": ["p3"],
        "prevalence": [0.01, 0.05, 0.03, 0.04, 0.06, 0.1],
        "study_prevalence": [0.02, 0.25, 0.17, 0.18, 0.17, 0.4],
        "position_bins": [[0.1] * 6, [0.3] * 6],
        "code_version": "0.1.0",
        "date": "2026-01-02",
        "fold": 0,
        "leave_out": [],
    }
    return known | changes


def cnn_checkpoint(
    seed: int = 0, *, neighbours: int = 0, neighbour_mm: float | None = None, **changes: Any
) -> Checkpoint:
    torch.manual_seed(seed)
    arguments = {"backbone": "tiny", "windows": WINDOWS, "neighbours": neighbours, "neighbour_mm": neighbour_mm}
    net = build({"net": "SliceNet", "weights": None, **arguments})
    with torch.no_grad():
        net.head.weight.mul_(20)  # an untrained head says the same of every slice
    return _checkpoint("slice", net, **changes)


def sequence_checkpoint(cnn: Checkpoint, seed: int = 0, **changes: Any) -> Checkpoint:
    n_features = build(cnn.facts["net"]).n_features + len(LABELS)
    torch.manual_seed(seed + 100)
    net = build({"net": "SliceLSTM", "n_features": n_features, "hidden": 8, "layers": 2, "dropout": 0.3})
    with torch.no_grad():
        net.head.weight.mul_(20)
    return _checkpoint("sequence", net, **{"cnn_hash": cnn.hash, "train_patients": ["p4", "p5"], **changes})


def pairs(n: int = 2) -> list[tuple[Checkpoint, Checkpoint]]:
    cnns = [cnn_checkpoint(seed) for seed in range(n)]
    return [(cnn, sequence_checkpoint(cnn, seed)) for seed, cnn in enumerate(cnns)]


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> Path:
    tensors = {f"net.{name}": tensor for name, tensor in checkpoint.state_dict.items()}
    write_plain({"ich": checkpoint.facts, "state_dict": tensors}, path)
    return path


def head(n_slices: int = 6, *, rows: int = 48, columns: int = 40, seed: int = 0) -> np.ndarray:
    """int16 HU (S, R, C): a bright ring with brain in it, in noisy air."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:rows, :columns]
    distance = np.hypot((row - rows / 2) / (rows / 2), (column - columns / 2) / (columns / 2))
    skull = np.where(distance < 0.8, 1000.0, -1000.0)
    hu = np.repeat(np.where(distance < 0.7, 35.0, skull)[None], n_slices, axis=0)
    hu[n_slices // 2, rows // 3 : rows // 2, columns // 3 : columns // 2] = 70
    return np.clip(np.rint(hu + rng.normal(0, 4, hu.shape)), -1024, 3071).astype(np.int16)


def scan_of(hu: np.ndarray, **changes: Any) -> Scan:
    known: dict[str, Any] = {
        "hu": hu,
        "positions_mm": np.arange(len(hu), dtype=np.float32) * 5,
        "spacing_mm": (0.5, 0.5),
        "thickness_mm": 5.0,
        "sop_uids": tuple(f"1.2.3.{index}" for index in range(len(hu))),
        "series": ScanSeries("1.2.4", "the only series"),
        "not_used": (NotUsed("1.2.5", 3, "localizer", "a localizer"), NotUsed("1.2.6", 2, "localizer", "a localizer")),
        "warnings": ("two slices lie at one position",),
        "study_uid": "1.2.840.99",
        "patient_id": "HOSPITAL-4711",
        "facts": {"tilt_degrees": 12.0},
    }
    return Scan(**known | changes)


def _checkpoint(kind: str, net: torch.nn.Module, **changes: Any) -> Checkpoint:
    state_dict = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    known = facts(kind, dict(net.arguments), **changes)
    return Checkpoint(facts=known, state_dict=state_dict, hash=net_hash(known["net"], state_dict))
