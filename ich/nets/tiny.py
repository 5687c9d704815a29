"""A backbone of some 385,000 parameters that trains from scratch on a CPU within minutes."""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEM_WIDTHS = (16, 32)  # two strided convolutions, no block: at high resolution a block costs more than it gives
STAGE_WIDTHS = (48, 64, 96)


class TinyBackbone(nn.Module):
    """A stem and three residual stages, each halving the map; ends in the mean and the maximum of the last map.

    Full 3x3 convolutions with widths in multiples of 16: on a CPU with bf16 these run several times faster than the
    depthwise ones of mobile nets. The maximum beside the mean, because a small bleed hardly moves a mean.
    """

    cam_layer_name = "stages"

    def __init__(self, n_channels: int = 3) -> None:
        """Build an untrained backbone for (B, n_channels, R, C)."""
        super().__init__()
        self.stem = nn.Sequential(*_halvings((n_channels, *STEM_WIDTHS)))
        stages: list[nn.Module] = []
        before = STEM_WIDTHS[-1]
        for width in STAGE_WIDTHS:
            stages += [*_halvings((before, width)), ResidualBlock(width)]
            before = width
        self.stages = nn.Sequential(*stages)
        self.num_features = 2 * before

    def forward(self, x: Tensor) -> Tensor:
        """Pool (B, n_channels, R, C) to (B, F)."""
        last = self.stages(self.stem(x))  # (B, K, R/32, C/32)
        return torch.cat([last.mean((2, 3)), last.amax((2, 3))], dim=1)  # (B, 2*K)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, width, R, C)."""
        inner = F.relu(self.first_norm(self.first(x)), inplace=True)
        return F.relu(x + self.second_norm(self.second(inner)), inplace=True)


def _halvings(widths: tuple[int, ...]) -> list[nn.Module]:
    """Strided convolutions from each width to the next."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]
    return layers
