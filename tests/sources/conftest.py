"""Made heads from which each data set's miniature is laid out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pydicom
import pytest

from ich.labels import LABELS
from ich.phantom.make import make_studies
from ich.phantom.options import Difficulty, Prevalence, Scanner

DIFFICULTY = Difficulty(
    acute_share=0.9,
    acute_hu=(60, 75),
    older_hu=(40, 56),
    epidural_mm=(8, 26),
    intraparenchymal_mm=(8, 30),
    subdural_mm=(5.5, 22),
    subarachnoid_mm=(22, 55),
    intraventricular_fill=(0.3, 1.0),
    several_share=0.3,
    lookalikes=0.5,
    noise=1.0,
    atrophy=(0.0, 1.0),
)


@dataclass(frozen=True)
class MadeHead:
    """One made study.

    Attributes:
        slices: DICOM data sets, feet to head.
        labels: float32 (slices, 6).
    """

    slices: tuple[pydicom.FileDataset, ...]
    labels: np.ndarray

    @property
    def hu(self) -> np.ndarray:
        """int16 (S, R, C), clipped as everywhere."""
        rescaled = [one.pixel_array * int(one.RescaleSlope) + int(one.RescaleIntercept) for one in self.slices]
        return np.clip(np.stack(rescaled), -1024, 3071).astype(np.int16)


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> list[MadeHead]:
    """Two heads of 12 slices, 32 pixels wide, nearly all with blood."""
    root = tmp_path_factory.mktemp("heads") / "made"
    scanner = Scanner(size=32, n_slices=(12, 12), thickness_mm=12.0, tilted_share=0.0)
    prevalence = Prevalence(intraparenchymal=1.0)
    make_studies(root, 2, seed=3, difficulty=DIFFICULTY, scanner=scanner, prevalence=prevalence)
    labels = pd.read_csv(root / "labels.csv", dtype={"sop_uid": str}).set_index("sop_uid")
    found: dict[str, list[pydicom.FileDataset]] = {}
    for path in (root / "dicom").iterdir():
        one = pydicom.dcmread(path)
        found.setdefault(one.StudyInstanceUID, []).append(one)
    made = []
    for uid in sorted(found):
        slices = sorted(found[uid], key=lambda one: float(one.ImagePositionPatient[2]))
        rows = labels.loc[[one.SOPInstanceUID for one in slices], list(LABELS)]
        made.append(MadeHead(tuple(slices), rows.to_numpy(np.float32)))
    return made
