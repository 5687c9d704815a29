"""Detects intracranial hemorrhage in head CT and tells its kind."""

import importlib
from typing import TYPE_CHECKING, Any

from ich.compat import install_torchvision_hook

if TYPE_CHECKING:
    from ich.dicom.scan import Scan, preprocess_scan
    from ich.ensemble.ensemble import ICHEnsemble
    from ich.ensemble.prediction import Prediction
    from ich.explain import generate_gradcam

__version__ = "0.1.0"
__all__ = ["ICHEnsemble", "Prediction", "Scan", "generate_gradcam", "preprocess_scan"]

_HOMES = {
    "ICHEnsemble": "ich.ensemble.ensemble",
    "Prediction": "ich.ensemble.prediction",
    "Scan": "ich.dicom.scan",
    "generate_gradcam": "ich.explain",
    "preprocess_scan": "ich.dicom.scan",
}

install_torchvision_hook()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ich' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
