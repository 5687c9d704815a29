"""CT windows: HU mapped to 0..1, on arrays and as the first layer of a net."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ich.errors import ConfigError

WindowsLike = Mapping[str, Mapping[str, Any]] | Sequence["Window | Mapping[str, Any]"]


@dataclass(frozen=True)
class Window:
    """A CT window.

    Attributes:
        name: how the window is called, as in `windows=[brain,subdural,soft]`.
        centre: HU.
        width: HU, above 0.
        mean: mean of the windowed training pixels (0..1) that is subtracted; None: not known yet.
        std: their standard deviation, divided by; None: not known yet.
    """

    name: str
    centre: float
    width: float
    mean: float | None = None
    std: float | None = None

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise ConfigError(
                f"windows.{self.name}.width={self.width}: expected more than 0 HU, found {self.width}; "
                f"set windows.{self.name}.width"
            )
        if self.std is not None and self.std <= 0:
            raise ConfigError(
                f"windows.{self.name}.std={self.std}: expected more than 0, found {self.std}; "
                f"set windows.{self.name}.std, or null to measure it on the training fold"
            )

    @property
    def low(self) -> float:
        """HU that is mapped to 0."""
        return self.centre - self.width / 2


def as_windows(windows: WindowsLike) -> tuple[Window, ...]:
    """Make windows from what a configuration or a checkpoint holds.

    Args:
        windows: name to {centre, width, mean, std}, in order; or a list of windows or of such mappings with a `name`.

    Raises:
        ConfigError: no window, an unknown or missing key, a width that is not positive.
    """
    if isinstance(windows, Mapping):
        listed: list[Any] = [{"name": name, **facts} for name, facts in windows.items()]
    else:
        listed = list(windows)
    if not listed:
        raise ConfigError("windows=[]: expected at least one window, found none; try windows=[brain,subdural,soft]")
    return tuple(window if isinstance(window, Window) else _window(window) for window in listed)


def apply_window(hu: np.ndarray, window: Window) -> np.ndarray:
    """Map HU to 0..1 through a CT window.

    Args:
        hu: int16 HU of any shape.
        window: centre and width in HU.

    Returns:
        float32 of the same shape; 0 at and below the window's lower edge, 1 at and above its upper one.

    Source: DICOM PS3.3 C.11.2.1.3.2 (LINEAR_EXACT).
    """
    return np.clip((hu.astype(np.float32) - np.float32(window.low)) / np.float32(window.width), 0, 1)


class WindowsLayer(nn.Module):
    """First layer of a net: HU to normalised windows, brought to the net's size.

    Channels of the output are slice by slice, and within a slice window by window in the order given.
    """

    low: Tensor
    width: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, windows: WindowsLike, *, size: int | None = None) -> None:
        """Keep the windows as buffers outside the state dict: they are build arguments, not weights.

        Args:
            windows: as for `as_windows`; each with mean and std.
            size: pixels of a side after the windows, by area; None keeps the input's.

        Raises:
            ConfigError: a window whose mean or std is not known, or a size below 1.
        """
        super().__init__()
        self.windows = as_windows(windows)
        if size is not None and size < 1:
            raise ConfigError(
                f"model.net.size={size}: expected 1 pixel or more, or null for the store's; set model.net.size"
            )
        self.size = size
        for window in self.windows:
            if window.mean is None or window.std is None:
                raise ConfigError(
                    f"windows.{window.name}.mean={window.mean}: expected numbers for mean and std, found null; measure "
                    "them on the training fold first (train.py does), or set both"
                )
        for fact in ("low", "width", "mean", "std"):
            values = torch.tensor([getattr(window, fact) for window in self.windows], dtype=torch.float32)
            self.register_buffer(fact, values.view(-1, 1, 1), persistent=False)  # (W, 1, 1)

    def forward(self, hu: Tensor) -> Tensor:
        """Map HU to windows in float32, whatever the surrounding autocast says.

        Args:
            hu: (B, n, R, C) HU, int16 or float.

        Returns:
            float32 (B, n*W, R', C').
        """
        with torch.autocast(hu.device.type, enabled=False):
            values = hu.unsqueeze(2).to(torch.float32)  # (B, n, 1, R, C)
            windowed = ((values - self.low) / self.width).clamp_(0, 1)  # (B, n, W, R, C)
            windowed = windowed.sub_(self.mean).div_(self.std).flatten(1, 2)  # (B, n*W, R, C)
            if self.size is None or windowed.shape[-2:] == (self.size, self.size):
                return windowed
            return F.interpolate(windowed, size=(self.size, self.size), mode="area")  # (B, n*W, R', C')


def _window(facts: Mapping[str, Any]) -> Window:
    try:
        return Window(**facts)
    except TypeError as error:
        name = facts.get("name", "?")
        raise ConfigError(
            f"windows.{name}={dict(facts)}: expected the keys centre, width, mean and std, found {sorted(facts)}; "
            f"see conf/windows"
        ) from error
