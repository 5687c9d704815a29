"""Why an ensemble said so: class activation maps of its slice nets, scaled by what it believes."""

from collections.abc import Iterable

import cv2
import numpy as np
import torch

from ich.dicom.geometry.neighbours import Neighbours
from ich.dicom.resize import resize_hu
from ich.dicom.scan import Scan
from ich.ensemble.ensemble import ICHEnsemble
from ich.errors import ConfigError, DataError
from ich.labels import LABELS, label_index
from ich.metrics.probability import probability_of
from ich.nets.cam import maps
from ich.nets.slice_net import SliceNet

METHOD = "gradcam"
SLICES_A_BATCH = 8  # activations and their gradients are kept: twice a forward pass


def generate_gradcam(model: ICHEnsemble, image: np.ndarray, target_class: str = "any") -> np.ndarray:
    """Where the slice nets of an ensemble see a label in one slice.

    Each net's map is divided by its own maximum, the maps are averaged, and the mean is scaled so that its maximum is
    the slice's probability: a slice without suspicion stays dark, where dividing by the maximum alone would light up
    noise.

    Args:
        model: the ensemble; its CNNs are averaged.
        image: int16 HU (R, C), or (n, R, C) with neighbours feet to head, as `Scan.image` gives it.
        target_class: one of the six labels.

    Returns:
        float32 (R, C) in 0..1.

    Raises:
        ConfigError: not one of the six labels.
        DataError: a net needs neighbours and the image has none.

    Source: Selvaraju et al., ICCV 2017, doi 10.1109/ICCV.2017.74.
    """
    label = _index_of(target_class)
    stack = image[None] if image.ndim == 2 else image  # (n, R, C)
    resized = resize_hu(stack, model.size)
    raw, logits = [], []
    for member in model.members:
        batch = torch.from_numpy(_centred(resized, member.cnn.neighbours))[None].to(model.device)
        raw.append(_maps(member.cnn, batch, label))
        with torch.inference_mode():
            logits.append(member.cnn(batch)[0, label].item())
    probability = float(probability_of(np.mean(logits, keepdims=True))[0])
    coarse = _mean_of([_divided(part) for part in raw])  # (1, h, w)
    return to_native(_divided(coarse)[0] * np.float32(probability), rows=stack.shape[1], columns=stack.shape[2])


def study_maps(
    model: ICHEnsemble, scan: Scan, *, label: str = "any", probabilities: np.ndarray | None = None
) -> np.ndarray:
    """Where the slice nets see a label, on one scale for the whole study.

    Each net's maps are divided by their maximum over the study, averaged, and multiplied by each slice's probability;
    never scaled per slice, so that slices can be compared.

    Args:
        model: the ensemble; its CNNs are averaged.
        scan: native slices.
        label: one of the six labels.
        probabilities: (S,) of this label from a Prediction; None scores the scan first.

    Returns:
        float32 (S, h, w) in 0..1 on the nets' own coarse grid, over the slice padded to a square; `to_native` gives
        one slice's native size.

    Raises:
        ConfigError: not one of the six labels.
    """
    index = _index_of(label)
    if probabilities is None:
        probabilities = model.predict(scan).slices[label].to_numpy()
    hu = resize_hu(scan.hu, model.size)
    parts = []
    for member in model.members:
        batches = model.batches(hu, member.cnn.neighbours, positions_mm=scan.positions_mm, batch_size=SLICES_A_BATCH)
        parts.append(_divided(np.concatenate([_maps(member.cnn, batch, index) for batch in batches])))
    return _divided(_mean_of(parts)) * np.asarray(probabilities, dtype=np.float32)[:, None, None]


def to_native(heat: np.ndarray, *, rows: int, columns: int) -> np.ndarray:
    """A map over the padded square, brought to the native size of its slice.

    Args:
        heat: float32 (h, w).
        rows: native rows.
        columns: native columns.

    Returns:
        float32 (rows, columns), bilinear.
    """
    side = max(rows, columns)
    top, left = (side - rows) // 2, (side - columns) // 2
    large = cv2.resize(heat, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(large[top : top + rows, left : left + columns])


def _index_of(label: str) -> int:
    if label not in LABELS:
        raise ConfigError(f"target_class={label}: expected one of {', '.join(LABELS)}; name one of these")
    return label_index(label)


def _centred(stack: np.ndarray, neighbours: Neighbours) -> np.ndarray:
    """The middle slice with as many neighbours as the net sees, (n, R, C)."""
    middle, beside = len(stack) // 2, neighbours.each_side
    if len(stack) % 2 == 0 or middle < beside:
        apart = "" if neighbours.apart_mm is None else f", neighbour_mm={neighbours.apart_mm}"
        way_out = f"scan.image(i, neighbours={beside}{apart})"
        raise DataError(
            f"image: expected {neighbours.n_images} slices, found {len(stack)}; this net needs neighbours: {way_out}"
        )
    return np.ascontiguousarray(stack[middle - beside : middle + beside + 1])


def _maps(cnn: SliceNet, batch: torch.Tensor, label: int) -> np.ndarray:
    """float32 (B, h, w), not negative; slices of a batch don't touch each other's score."""
    heat = maps(cnn, cnn.cam_layer, x=batch, score=lambda logits: logits[:, label].sum(), method=METHOD)
    return heat.float().cpu().numpy()


def _divided(heat: np.ndarray) -> np.ndarray:
    """By its maximum; a map without any evidence stays zero."""
    largest = heat.max(initial=0)
    return heat / largest if largest > 0 else heat


def _mean_of(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Mean of (S, h, w) maps on the finest of their grids."""
    arrays = list(parts)
    h, w = max(part.shape[1:] for part in arrays)
    resized = [part if part.shape[1:] == (h, w) else _resized(part, h=h, w=w) for part in arrays]
    return np.asarray(np.mean(resized, axis=0, dtype=np.float32))


def _resized(heat: np.ndarray, *, h: int, w: int) -> np.ndarray:
    return np.stack([cv2.resize(one, (w, h), interpolation=cv2.INTER_LINEAR) for one in heat])
