"""Features of a slice net over whole studies, computed once and kept by net and study."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from ich.data.rows import positions_of
from ich.errors import DataError
from ich.labels import LABELS
from ich.learn.checkpoint import load_net, read_checkpoint
from ich.progress import Progress, quiet
from ich.store.files import in_one_step
from ich.store.store import Store

TENSOR = "features"


@dataclass(frozen=True)
class FeatureCache:
    """Features on disk: pooled activations and logits of one slice net, a safetensors file a study."""

    folder: Path
    n_features: int
    files: dict[str, str] = field(repr=False)  # study key to file name

    @classmethod
    def extract(
        cls,
        cnn: Path,
        store: Store,
        *,
        studies: Sequence[str],
        folder: Path,
        batch_size: int = 32,
        device: torch.device | str = "cpu",
        share: tuple[int, int] = (0, 1),
        progress: Progress = quiet,
    ) -> "FeatureCache":
        """Run a slice net over studies, where its features don't lie there already.

        Args:
            cnn: its checkpoint or run folder.
            store: where the studies lie.
            studies: study keys.
            folder: of all features; this net's lie in a folder of their own in it.
            batch_size: slices a forward pass.
            device: where the net runs.
            share: (rank, processes): each process begins at its own part and then takes what the others lack, so that
                none needs to wait.
            progress: shown over studies.

        Raises:
            CheckpointError: no slice checkpoint.
            DataError: a store of another size than the net was trained on.
        """
        checkpoint = read_checkpoint(cnn, kind="slice")
        if checkpoint.facts["size"] != store.size:
            raise DataError(
                f"store {store.path.name}: expected {checkpoint.facts['size']} px, as the slice net was trained on, "
                f"found {store.size} px; prepare it with store.size={checkpoint.facts['size']}"
            )
        own = folder / checkpoint.hash
        own.mkdir(parents=True, exist_ok=True)
        net: Any = load_net(checkpoint)
        net.to(device=device, memory_format=torch.channels_last)
        files = {study: _file_name(store, study) for study in studies}
        positions = positions_of(store, studies)
        for study in progress(_rotated(studies, share), total=len(studies), description="features"):
            if not (own / files[study]).is_file():
                features = study_features(
                    net,
                    store.read_study(study),
                    positions_mm=positions[study],
                    batch_size=batch_size,
                    device=device,
                )
                _write(features, own / files[study])
        return cls(own, int(net.n_features) + len(LABELS), files)

    def read(self, study: str) -> np.ndarray:
        """Features of a study, float32 (S, F).

        Raises:
            DataError: not extracted, or a damaged file.
        """
        if study not in self.files:
            raise DataError(f"study {study}: expected its features, found none here; extract them first")
        try:
            features = load_file(self.folder / self.files[study])[TENSOR]
        except (OSError, SafetensorError, KeyError) as error:
            raise DataError(
                f"{self.files[study]}: expected features of a study, found {type(error).__name__}; remove the file"
            ) from error
        return features


def study_features(
    net: Any,
    hu: np.ndarray,
    *,
    positions_mm: np.ndarray | None = None,
    batch_size: int = 32,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Pooled activations and logits of a study's slices, in float32.

    Args:
        net: a slice net in evaluation mode.
        hu: int16 (S, size, size), feet to head.
        positions_mm: (S,), for a net whose neighbours are told by distance.
        batch_size: slices a forward pass.
        device: where the net is.

    Returns:
        float32 (S, F + L).
    """
    around = net.neighbours.around(len(hu), positions_mm)  # (S, n)
    parts = []
    with torch.inference_mode():
        for first in range(0, len(hu), batch_size):
            batch = torch.from_numpy(hu[around[first : first + batch_size]])  # (B, n, R, C)
            pooled, logits = net.features(batch.to(device))
            parts.append(torch.cat([pooled, logits], dim=1).cpu().numpy())
    return np.concatenate(parts)


def _rotated(studies: Sequence[str], share: tuple[int, int]) -> list[str]:
    rank, n_processes = share
    first = rank * len(studies) // n_processes
    return [*studies[first:], *studies[:first]]


def _file_name(store: Store, study: str) -> str:
    """By key and content: a study that was prepared again gets new features."""
    content = hashlib.sha256(f"{study} {store.facts(study)['hash']}".encode()).hexdigest()
    return f"{content[:32]}.safetensors"


def _write(features: np.ndarray, path: Path) -> None:
    with in_one_step(path) as part:
        part.write_bytes(save({TENSOR: np.ascontiguousarray(features)}))
