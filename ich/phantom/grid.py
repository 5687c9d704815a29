"""Where the voxels of a scan lie: in the scanner (as DICOM says it) and in the head's own frame."""

from dataclasses import dataclass

import numpy as np

from ich.phantom.options import Scanner


@dataclass(frozen=True)
class Grid:
    """Geometry of one scan.

    Attributes:
        n_slices: slices, feet to head.
        size: rows and columns.
        pixel_mm: edge of a pixel.
        spacing_mm: distance of slices along their normal; also their thickness.
        tilt: gantry tilt in radians.
        to_scanner: float64 (3, 4), voxel (slice, row, column, 1) to scanner x, y, z in mm.
        to_head: float64 (3, 4), voxel (slice, row, column, 1) to the head's x, y, z in mm.
    """

    n_slices: int
    size: int
    pixel_mm: float
    spacing_mm: float
    tilt: float
    to_scanner: np.ndarray
    to_head: np.ndarray

    def coarse(self, size: int) -> "Grid":
        """The same scan with `size` rows and columns; pixels cover the same area."""
        factor = self.size / size
        scale = np.diag([1.0, factor, factor, 1.0])
        scale[1:3, 3] = (factor - 1) / 2
        return Grid(
            n_slices=self.n_slices,
            size=size,
            pixel_mm=self.pixel_mm * factor,
            spacing_mm=self.spacing_mm,
            tilt=self.tilt,
            to_scanner=self.to_scanner @ scale,
            to_head=self.to_head @ scale,
        )

    def thicker(self, factor: int) -> "Grid":
        """The same scan with slices `factor` times as thick, each in the middle of those it takes the place of."""
        scale = np.diag([float(factor), 1.0, 1.0, 1.0])
        scale[0, 3] = (factor - 1) / 2
        return Grid(
            n_slices=self.n_slices // factor,
            size=self.size,
            pixel_mm=self.pixel_mm,
            spacing_mm=self.spacing_mm * factor,
            tilt=self.tilt,
            to_scanner=self.to_scanner @ scale,
            to_head=self.to_head @ scale,
        )

    def orientation(self) -> tuple[float, ...]:
        """ImageOrientationPatient: direction of a row, then of a column (PS3.3 C.7.6.2.1.1)."""
        return (1.0, 0.0, 0.0, 0.0, float(np.cos(self.tilt)), float(np.sin(self.tilt)))

    def position(self, index: int) -> tuple[float, ...]:
        """ImagePositionPatient of a slice: the centre of its first pixel, in mm."""
        return tuple(float(value) for value in self.to_scanner @ (index, 0, 0, 1))


def draw_grid(scanner: Scanner, rng: np.random.Generator) -> Grid:
    """Draw how a patient lies in the scanner and how the slices run.

    The gantry tilts, the table doesn't: slices step along the table, so a tilted stack is sheared (FIELD.md 3.5).
    """
    n_slices = int(rng.integers(scanner.n_slices[0], scanner.n_slices[1] + 1))
    field_of_view = rng.uniform(*scanner.field_of_view_mm)
    pixel = field_of_view / scanner.size
    tilt = np.radians(rng.uniform(*scanner.tilt_degrees)) if rng.random() < scanner.tilted_share else 0.0
    height = n_slices * scanner.thickness_mm

    step = scanner.thickness_mm / np.cos(tilt)
    middle = (scanner.size - 1) / 2
    x, y = rng.normal(0, 3), rng.normal(-4, 4)
    # The stack's top lies a little above the vertex (z = 88 mm in the head), its middle row on the head's axis.
    bottom = rng.uniform(93, 100) - height / np.cos(tilt)
    to_scanner = np.array(
        [
            [0.0, 0.0, pixel, x - middle * pixel],
            [0.0, pixel * np.cos(tilt), 0.0, y - middle * pixel * np.cos(tilt)],
            [step, pixel * np.sin(tilt), 0.0, bottom - middle * pixel * np.sin(tilt)],
        ]
    )
    to_head = _pose(tilt, rng) @ np.vstack([to_scanner, [0, 0, 0, 1]])
    to_scanner[2, 3] += rng.uniform(-50, 250)  # where the table's zero lies
    return Grid(n_slices, scanner.size, pixel, scanner.thickness_mm, tilt, to_scanner, to_head)


def _pose(tilt: float, rng: np.random.Generator) -> np.ndarray:
    """Rotation of the head in the scanner, float64 (3, 4); the gantry follows the head's pitch, not quite."""
    pitch = tilt + np.radians(rng.normal(0, 5))
    roll, yaw = np.radians(rng.normal(0, 3)), np.radians(rng.normal(0, 7))
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(roll), 0, np.sin(roll)], [0, 1, 0], [-np.sin(roll), 0, np.cos(roll)]])
    about_z = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return np.hstack([about_x @ about_y @ about_z, np.zeros((3, 1))])
