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

    @property
    def high(self) -> float:
        """HU that is mapped to 1."""
        return self.centre + self.width / 2

    @property
    def statistics(self) -> tuple[float, float]:
        """Mean and std.

        Raises:
            ConfigError: not known yet.
        """
        if self.mean is None or self.std is None:
            raise ConfigError(
                f"windows.{self.name}.mean={self.mean}: expected numbers for mean and std, found null; measure them "
                "on the training fold first (ich.data.statistics, as train.py does), or set both"
            )
        return self.mean, self.std


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

    def __init__(self, windows: WindowsLike, *, size: int | None = None) -> None:
        """Keep the windows as plain numbers: they are build arguments, not weights.

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
                f"model.net.size={size}: expected 1 pixel or more, found {size}; null takes the store's size"
            )
        self.size = size
        for window in self.windows:
            _ = window.statistics  # complain now, not at the first batch

    def forward(self, hu: Tensor) -> Tensor:
        """Map HU to windows in float32, whatever the surrounding autocast says.

        Args:
            hu: (B, n, R, C) HU, int16 or float.

        Returns:
            float32 (B, n*W, R', C').
        """
        size = (hu.shape[-2], hu.shape[-1]) if self.size is None else (self.size, self.size)
        with torch.autocast(hu.device.type, enabled=False):
            values = hu.to(torch.float32)  # (B, n, R, C)
            # Window by window, cut, resize, then scale: the order that moves least memory (benchmarks/loader.py).
            windowed = values.new_empty((*hu.shape[:2], len(self.windows), *size))  # (B, n, W, R', C')
            for place, window in enumerate(self.windows):
                cut = resize_area(values.clamp(window.low, window.high), size)  # (B, n, R', C')
                windowed[:, :, place] = _normalise(cut, window)
            return windowed.flatten(1, 2)  # (B, n*W, R', C')


def resize_area(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (B, n, R, C) by area; where the size divides, by sums, which are faster than torch's pooling."""
    rows, columns = values.shape[-2:]
    if (rows, columns) == size:
        return values
    if rows % size[0] or columns % size[1]:
        return F.interpolate(values, size=size, mode="area")
    down, across = rows // size[0], columns // size[1]
    first, *others = values.unflatten(-2, (size[0], down)).unbind(-2)  # each (B, n, R', C)
    first, *others = sum(others, first).unflatten(-1, (size[1], across)).unbind(-1)  # each (B, n, R', C')
    return sum(others, first) / (down * across)


def _normalise(cut: Tensor, window: Window) -> Tensor:
    """HU within a window's edges to 0..1, less its mean, by its standard deviation."""
    mean, std = window.statistics
    return (cut - (window.low + window.width * mean)) / (window.width * std)


def _window(facts: Mapping[str, Any]) -> Window:
    try:
        return Window(**facts)
    except TypeError as error:
        name = facts.get("name", "?")
        raise ConfigError(
            f"windows.{name}={dict(facts)}: expected the keys centre, width, mean and std, found {sorted(facts)}; "
            f"see conf/windows"
        ) from error
