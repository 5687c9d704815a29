"""ICHEnsemble: the nets of one ensemble file, and what they say about a scan."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd
import torch
from torch import nn

from ich.dicom.geometry.neighbours import Neighbours
from ich.dicom.resize import resize_hu
from ich.dicom.scan import Scan
from ich.ensemble.file import hash_of, members_of, read_bundle, write_bundle
from ich.ensemble.operating import points_at
from ich.ensemble.prediction import IN_SAMPLE_NOTE, MADE_HEADS_NOTE, MADE_SOURCES, LeftOut, Prediction
from ich.ensemble.pretrained import find_pretrained, read_pretrained, write_pretrained
from ich.errors import CheckpointError
from ich.labels import LABELS
from ich.learn.checkpoint import FACTS_KEY, Checkpoint, load_net
from ich.metrics.probability import probability_of
from ich.nets.slice_net import SliceNet

SLICES_A_BATCH = 16  # a ResNeXt-101 at 512 px fits a laptop's memory with it


@dataclass(frozen=True)
class Member:
    """A slice net and the sequence net that learned on its features (None: the slice net alone)."""

    cnn: SliceNet
    sequence: nn.Module | None


class ICHEnsemble:
    """Any number of pairs of slice net and sequence net; its logits are the mean of the pairs' logits.

    Features of two nets are never mixed: each sequence net sees its own CNN's only.
    """

    def __init__(self, content: Mapping[str, Any], *, device: str | torch.device | None = None) -> None:
        self._content = content
        self.facts: Mapping[str, Any] = content[FACTS_KEY]
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        pairs = members_of(content)
        self.hash = hash_of(pairs)
        self.members = tuple(self._member(cnn, sequence) for cnn, sequence in pairs)

    @classmethod
    def load_from_checkpoint(cls, path: str | Path, *, device: str | torch.device | None = None) -> "ICHEnsemble":
        """An ensemble from ensemble.ckpt, a slice checkpoint (no sequence stage), or a run folder that holds one.

        Raises:
            CheckpointError: not a checkpoint, another format or label order.
        """
        return cls(read_bundle(Path(path)), device=device)

    @classmethod
    def from_pretrained(cls, name: str | Path, *, device: str | torch.device | None = None) -> "ICHEnsemble":
        """An ensemble from a folder that `save_pretrained` wrote, or from a hub repository "owner/name".

        Raises:
            CheckpointError: no such folder, the hub can't be reached, another format or label order.
        """
        return cls(read_pretrained(find_pretrained(name)), device=device)

    def save(self, path: str | Path) -> None:
        """Write ensemble.ckpt: tensors and plain values, atomically."""
        write_bundle(self._content, Path(path))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write model.safetensors, config.json and a model card (README.md)."""
        write_pretrained(self._content, Path(folder))

    @property
    def size(self) -> int:
        """In-plane size in pixels that every member takes; a scan is brought to it in HU."""
        return int(self.facts["size"])

    @property
    def in_sample(self) -> bool:
        """Whether a sequence net learned on features of a CNN that had seen the same patients."""
        return any(member["in_sample"] for member in self.facts["members"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said wherever its scores are shown."""
        made = (MADE_HEADS_NOTE,) if any(source in MADE_SOURCES for source in self.facts["sources"]) else ()
        return (*made, *((IN_SAMPLE_NOTE,) if self.in_sample else ()))

    @property
    def has_sequence(self) -> bool:
        """Whether every member has a sequence net; without one the ensemble says what its CNNs say."""
        return all(member.sequence is not None for member in self.members)

    @overload
    def predict(self, scan: Scan, *, batch_size: int = ...) -> Prediction: ...

    @overload
    def predict(self, scan: Sequence[Scan], *, batch_size: int = ...) -> list[Prediction]: ...

    def predict(
        self, scan: Scan | Sequence[Scan], *, batch_size: int = SLICES_A_BATCH
    ) -> Prediction | list[Prediction]:
        """Score one scan, or a list of them.

        Args:
            scan: native slices in HU; resized here.
            batch_size: slices a forward pass; changes time and memory, not the answer (beyond 1e-5).

        Returns:
            A Prediction for one scan, a list of them for a list.
        """
        if not isinstance(scan, Scan):
            return [self.predict(one, batch_size=batch_size) for one in scan]
        hu = resize_hu(scan.hu, self.size)
        logits = self.logits(hu, positions_mm=scan.positions_mm, batch_size=batch_size)
        probabilities = probability_of(logits["ensemble"])  # (S, L)
        return Prediction(
            study=dict(zip(LABELS, probabilities.max(axis=0).tolist(), strict=True)),
            slices=_slice_table(scan, probabilities),
            logits=logits,
            operating_points=points_at(self.facts["operating_points"], "study"),
            study_uid=scan.study_uid,
            warnings=tuple(scan.warnings),
            not_used=_counted(scan),
            in_sample=self.in_sample,
            notes=self.notes,
            model=self.summary(),
        )

    def logits(
        self, hu: np.ndarray, *, positions_mm: np.ndarray | None = None, batch_size: int = SLICES_A_BATCH
    ) -> dict[str, np.ndarray]:
        """Logits of one study's slices.

        Args:
            hu: int16 (S, size, size), feet to head.
            positions_mm: (S,), for nets whose neighbours are told by distance.
            batch_size: slices a forward pass.

        Returns:
            float32 (S, 6) of the CNNs alone ("cnn") and of the ensemble ("ensemble"), each the mean over the members;
            the same where no member has a sequence net.
        """
        cnn, ensemble = [], []
        with torch.inference_mode():
            for member in self.members:
                batches = self.batches(hu, member.cnn.neighbours, positions_mm=positions_mm, batch_size=batch_size)
                slice_logits, pair_logits = self._member_logits(member, batches)
                cnn.append(slice_logits)
                ensemble.append(pair_logits)
        return {
            "cnn": torch.stack(cnn).mean(0).float().cpu().numpy(),
            "ensemble": torch.stack(ensemble).mean(0).float().cpu().numpy(),
        }

    def batches(
        self,
        hu: np.ndarray,
        neighbours: Neighbours,
        *,
        positions_mm: np.ndarray | None = None,
        batch_size: int = SLICES_A_BATCH,
    ) -> Iterator[torch.Tensor]:
        """The slices as a net takes them, with their neighbours: int16 (B, n, size, size)."""
        around = neighbours.around(len(hu), positions_mm)  # (S, n)
        for start in range(0, len(hu), batch_size):
            yield torch.from_numpy(hu[around[start : start + batch_size]]).to(self.device)

    def summary(self) -> dict[str, Any]:
        """Plain facts that stand on pages and in prediction files; no patients."""
        return {
            "hash": self.hash,
            "date": self.facts["date"],
            "code_version": self.facts["code_version"],
            "sources": list(self.facts["sources"]),
            "n_members": len(self.members),
            "has_sequence": self.has_sequence,
            "size": self.size,
        }

    def _member(self, cnn: Checkpoint, sequence: Checkpoint | None) -> Member:
        nets = [load_net(part).requires_grad_(False).to(self.device) for part in (cnn, sequence) if part is not None]
        if not isinstance(nets[0], SliceNet):
            raise CheckpointError(
                f"cnn {cnn.hash}: expected a slice net, found a {type(nets[0]).__name__}; bundle the ensemble again"
            )
        cnn_net = nets[0].to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return Member(cnn_net, nets[1] if len(nets) > 1 else None)

    def _member_logits(self, member: Member, batches: Iterable[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        parts = [member.cnn.features(batch) for batch in batches]
        pooled = torch.cat([part[0] for part in parts]).float()  # (S, F)
        slice_logits = torch.cat([part[1] for part in parts]).float()  # (S, L)
        if member.sequence is None:
            return slice_logits, slice_logits
        features = torch.cat([pooled, slice_logits], dim=1)[None]  # (1, S, F + L), as the feature cache joins them
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=self.device)
        return slice_logits, member.sequence(features, mask)[0][0]


def _slice_table(scan: Scan, probabilities: np.ndarray) -> pd.DataFrame:
    facts = {"index": np.arange(len(scan.hu)), "position_mm": scan.positions_mm, "sop_uid": list(scan.sop_uids)}
    return pd.DataFrame({**facts, **dict(zip(LABELS, probabilities.T, strict=True))})


def _counted(scan: Scan) -> tuple[LeftOut, ...]:
    """What was left out, counted by reason; which file or series it was stays with the scan."""
    counts: Counter[tuple[str, str]] = Counter()
    for part in scan.not_used:
        counts[part.code, part.sentence] += part.n_files
    return tuple(LeftOut(code, sentence, n) for (code, sentence), n in counts.items())
