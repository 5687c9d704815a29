"""The slices a net was most wrong about, and how they look with what the net saw in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from ich.data.slice_dataset import SliceDataset
from ich.labels import LABELS
from ich.learn.loop.metrics import Rows
from ich.metrics.log_loss import row_losses, weighted_mean
from ich.metrics.probability import probability_of
from ich.nets.cam import maps
from ich.nets.slice_net import SliceNet
from ich.nets.windows import apply_window
from ich.store.store import Store

MOST_HEAT = 0.6  # how much of a pixel the strongest heat covers
HEAT_COLOUR = np.array([255, 60, 0], dtype=np.float32)


@dataclass(frozen=True)
class WorstSlice:
    """A slice, by its row in the store's slice table, and how wrong the net was.

    Attributes:
        row: number of the slice in `store.slices`.
        loss: weighted log loss over its known labels, nats.
        label: the label that cost most.
        probabilities: (L,) in 0..1.
        truth: (L,) of 0, 1 and None for unknown.
    """

    row: int
    loss: float
    label: str
    probabilities: tuple[float, ...]
    truth: tuple[int | None, ...]


def worst_slices(answers: Rows, n: int) -> list[WorstSlice]:
    """The `n` slices of highest weighted log loss, worst first; slices without a known label are left out."""
    probabilities = probability_of(answers.logits)
    losses = row_losses(answers.labels, probabilities)  # (N, L)
    known = ~np.isnan(losses)
    by_slice = np.where(known.any(axis=1), weighted_mean(np.nan_to_num(losses), known.astype(float)), -np.inf)
    order = np.argsort(-by_slice, kind="stable")[: min(n, int(known.any(axis=1).sum()))]
    costs = np.where(known, losses, -np.inf)
    return [
        WorstSlice(
            row=int(answers.rows[place]),
            loss=float(by_slice[place]),
            label=LABELS[int(costs[place].argmax())],
            probabilities=tuple(float(value) for value in probabilities[place]),
            truth=tuple(None if value != value else int(value) for value in answers.labels[place]),
        )
        for place in order
    ]


def show_slices(worst: Sequence[WorstSlice], store: Store, *, net: SliceNet) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw slices as the net's first window shows them, and again with the heat of the label that cost most.

    The strongest heat of a slice is the net's own probability of that label, so that a slice without suspicion stays
    as it is.

    Args:
        worst: slices of the store.
        store: they are read from it.
        net: a slice net in evaluation mode; its device is used.

    Returns:
        For each slice two pictures, uint8 (R, C, 3).
    """
    device = next(net.parameters()).device
    pictures = []
    for one in worst:
        study = str(store.slices["study"].iloc[one.row])
        dataset = SliceDataset(store, [study], neighbours=net.neighbours)
        hu = dataset[int(np.flatnonzero(dataset.rows == one.row)[0])]["hu"]  # (1, n, R, C)
        image = apply_window(hu[0, hu.shape[1] // 2].numpy(), net.windows.windows[0])
        grey = np.repeat((image * 255).astype(np.uint8)[..., None], 3, axis=-1)
        pictures.append((grey, _with_heat(grey, _heat(net, hu.to(device), LABELS.index(one.label)))))
    return pictures


def _heat(net: SliceNet, hu: torch.Tensor, label: int) -> np.ndarray:
    """float32 (h, w) whose maximum is the probability; all zero where nothing speaks for the label."""
    heat = maps(net, net.cam_layer, x=hu, score=lambda logits: logits[:, label].sum())[0].float().cpu().numpy()
    with torch.inference_mode():
        logit = net(hu)[:, label].float().cpu().numpy()
    largest = heat.max()
    return heat / largest * np.float32(probability_of(logit)[0]) if largest > 0 else heat


def _with_heat(grey: np.ndarray, heat: np.ndarray) -> np.ndarray:
    rows, columns = grey.shape[:2]
    cover = MOST_HEAT * cv2.resize(heat, (columns, rows), interpolation=cv2.INTER_LINEAR)[..., None]  # (R, C, 1)
    return ((1 - cover) * grey + cover * HEAT_COLOUR).astype(np.uint8)
