"""Lets a torchvision built for CUDA be imported beside a CPU-only torch (its compiled operators stay unavailable)."""

import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class _BeforeTorchvision(importlib.abc.MetaPathFinder):
    """Runs once, just before torchvision is first looked for; finds nothing itself."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.submodule_search_locations:
                _declare_missing_operators(Path(spec.submodule_search_locations[0]))
        return None


def _declare_missing_operators(folder: Path) -> None:
    """Declare the two operators whose fakes torchvision registers even when its library can't be loaded.

    Source: pytorch/vision issues 9077 and 9085.
    """
    import torch

    try:
        for library in folder.glob("_C*.so"):
            torch.ops.load_library(str(library))
    except OSError:
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def install_torchvision_hook() -> None:
    """Put the hook first on the import path, once."""
    if "torchvision" not in sys.modules and not any(isinstance(finder, _BeforeTorchvision) for finder in sys.meta_path):
        sys.meta_path.insert(0, _BeforeTorchvision())
