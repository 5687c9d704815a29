"""`ich heads`: a figure of made heads at several heights, and real ones beside them where they are."""

import tempfile
from pathlib import Path

import numpy as np
from omegaconf import DictConfig, OmegaConf

from ich.commands.configuration.parts import make_source
from ich.commands.terminal import bar, say, shown
from ich.dicom.header import SliceHeader, read_headers
from ich.dicom.resize import resize_hu
from ich.dicom.scan import Scan, scan_of_study
from ich.dicom.series import studies_in
from ich.dicom.studies import read_studies
from ich.errors import EXIT_OK, DataError
from ich.numerals import counted
from ich.report.heads_figure import draw_heads

HEIGHTS = np.linspace(0.12, 0.88, 9)  # shares of a study, feet to head; the ends hold neck and air
PIXELS = 256  # of a slice in the figure


def heads(config: DictConfig) -> int:
    """Draw the figure.

    Raises:
        IchError: `real` holds no head CT.
    """
    made = [plane for scan in _made(config) for plane in _planes(scan)]
    real = _planes(_real(Path(config.real))) if config.real else None
    output = Path(config.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    draw_heads(output, made, real=real)
    say("heads", f"{config.n_heads} made heads{' and a real one' if real else ''} in {shown(output)}")
    return EXIT_OK


def _made(config: DictConfig) -> list[Scan]:
    with tempfile.TemporaryDirectory() as folder:
        asked = OmegaConf.merge(config, {"data": {"root": f"{folder}/heads", "seed": config.seed}})
        assert isinstance(asked, DictConfig)
        asked.data.n_studies = config.n_heads
        source = make_source(asked)
        source.check(progress=bar)
        found = [one for file in source.files() for one in read_headers(file)]  # type: ignore[attr-defined]
        studies = studies_in(header for header in found if isinstance(header, SliceHeader))
        return [scan_of_study(studies[uid], slab_mm=None) for uid in sorted(studies)]


def _real(path: Path) -> Scan:
    """The first study of a folder that can be read; those behind it are not read."""
    unread = 0
    for outcome in read_studies(path).outcomes():
        if isinstance(outcome, Scan):
            return outcome
        unread += 1
    found = counted(unread, "study that can't be read", "studies that can't be read")
    raise DataError(f"real={path}: expected a head CT, found {found}; name another folder")


def _planes(scan: Scan) -> list[np.ndarray]:
    rows = np.rint(HEIGHTS * (len(scan.hu) - 1)).astype(int)
    return list(resize_hu(scan.hu[rows], PIXELS))
