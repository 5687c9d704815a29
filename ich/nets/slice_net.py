"""The slice net: windows, a backbone, one linear head to the six labels."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from ich.dicom.geometry.neighbours import Neighbours
from ich.labels import LABELS
from ich.nets.backbones import cam_layer_name, make_backbone, n_pooled
from ich.nets.prevalence import set_bias_to_prevalence
from ich.nets.weights import load_weights
from ich.nets.windows import WindowsLayer, WindowsLike


class SliceNet(nn.Module):
    """Scores slices in HU; features are what its backbone pools."""

    def __init__(
        self,
        backbone: str,
        windows: WindowsLike,
        *,
        weights: str | None = None,
        size: int | None = None,
        neighbours: int = 0,
        neighbour_mm: float | None = None,
        drop_rate: float = 0.0,
    ) -> None:
        """Build the net and load the weights it is to start from.

        Args:
            backbone: a timm name, or "tiny".
            windows: as for `ich.nets.windows.as_windows`, each with mean and std.
            weights: "hub" (timm's published ones), a file or run folder, or "none".
            size: pixels of a side the backbone sees; None: the input's.
            neighbours: slices on each side that come along as channels.
            neighbour_mm: distance between them in mm; None: the next slices.
            drop_rate: dropout before the head, 0 to 1.

        Raises:
            ConfigError: an unknown backbone, or a value out of range.
            DataError: weights that can't be reached or don't fit.
        """
        super().__init__()
        self.neighbours = Neighbours(neighbours, neighbour_mm)
        self.windows = WindowsLayer(windows, size=size)
        self.arguments: dict[str, Any] = {
            "net": "SliceNet",
            "backbone": backbone,
            "windows": {window.name: _facts(window) for window in self.windows.windows},
            "weights": None,  # whoever rebuilds this net brings its weights
            "size": size,
            "neighbours": neighbours,
            "neighbour_mm": neighbour_mm,
            "drop_rate": drop_rate,
        }
        n_channels = self.neighbours.n_images * len(self.windows.windows)
        self.backbone = make_backbone(backbone, n_channels)
        self.n_features = n_pooled(self.backbone)
        self.dropout = nn.Dropout(drop_rate)
        self.head = nn.Linear(self.n_features, len(LABELS))
        load_weights(self, weights, n_channels=n_channels)

    @property
    def cam_layer(self) -> nn.Module:
        """The last layer with a map, (B, K, h, w), for class activation maps."""
        return self.backbone.get_submodule(cam_layer_name(self.backbone))

    def set_prevalence(self, prevalence: Tensor) -> None:
        """Let an untrained head answer the training prevalence (L,) of slices."""
        set_bias_to_prevalence(self.head, prevalence)

    def forward(self, hu: Tensor, partner: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        """Score slices, or in training mixtures of them.

        Args:
            hu: (B, n, R, C) HU, int16 or float, n = 2 * neighbours + 1.
            partner: int64 (B,), the slice that each is mixed with after the windows; None: none.
            share: (), how much of each slice the mixture has.

        Returns:
            Logits (B, L).
        """
        return self.features(hu, partner, share)[1]

    def features(self, hu: Tensor, partner: Tensor | None = None, share: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Pooled activations (B, F) and logits (B, L) of slices; arguments as for `forward`."""
        n_images = self.neighbours.n_images
        if hu.ndim != 4 or hu.shape[1] != n_images:
            raise ValueError(f"hu: expected shape (B, {n_images}, R, C), found {tuple(hu.shape)}")
        windowed = self.windows(hu)  # (B, n*W, R', C')
        if partner is not None and share is not None:
            windowed = torch.lerp(windowed[partner], windowed, share)
        pooled = self.backbone(windowed).float()  # (B, F)
        with torch.autocast(pooled.device.type, enabled=False):
            # In bfloat16 logits have 8 bits of mantissa: slices tie, and ranks and log loss suffer.
            return pooled, self.head(self.dropout(pooled))  # (B, F), (B, L)


def _facts(window: Any) -> dict[str, float]:
    return {key: value for key, value in asdict(window).items() if key != "name"}
