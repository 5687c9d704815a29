"""Geometry of slices in HU: matrices that say where pixels come from, and the one interpolation that takes them."""

import cv2
import numpy as np

from ich.hu import AIR


def moved(*, shift: tuple[float, float], scale: float, degrees: float, shape: tuple[int, int]) -> np.ndarray:
    """Where each pixel of a picture comes from that was scaled, turned counter-clockwise around its middle, shifted.

    Args:
        shift: across and down, pixels.
        scale: above 1 enlarges.
        degrees: of the turn.
        shape: rows and columns.

    Returns:
        (3, 3) from (column, row, 1) of the outcome to that of the source.
    """
    middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    forward = np.vstack([cv2.getRotationMatrix2D(middle, degrees, scale), [0, 0, 1]])
    forward[:2, 2] += shift
    return np.linalg.inv(forward)


def cropped(box: tuple[float, float, float, float], *, shape: tuple[int, int]) -> np.ndarray:
    """Where each pixel of a crop comes from that was resized to the whole picture; as for `moved`.

    Args:
        box: top, left, height, width as shares of the picture.
        shape: rows and columns.

    Returns:
        float64 (3, 3).
    """
    top, left, height, width = box
    rows, columns = shape
    return np.array(
        [
            [width, 0, left * columns + width / 2 - 0.5],  # pixel centres lie at halves
            [0, height, top * rows + height / 2 - 0.5],
            [0, 0, 1],
        ]
    )


def warp(hu: np.ndarray, matrix: np.ndarray, *, bends: np.ndarray | None = None) -> np.ndarray:
    """Take each pixel from where the matrix, and then the bends, say; air comes in from outside.

    Args:
        hu: int16 HU (n, R, C).
        matrix: (3, 3) from (column, row, 1) of the outcome to that of the source.
        bends: (2, K, K) displacements across and down at K x K even control points, as shares of the side; smooth
            between them; None for none.

    Returns:
        int16 HU (n, R, C), linear between pixels; the input itself where nothing moves.
    """
    rows, columns = hu.shape[1:]
    if bends is None:
        if np.array_equal(matrix, np.eye(3)):
            return hu
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        take = matrix[:2].astype(np.float64)
        changed = [
            cv2.warpAffine(one, take, (columns, rows), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=AIR)
            for one in hu
        ]
        return np.stack(changed)
    across, down = (
        cv2.resize(bend.astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC) for bend in bends
    )
    column, row = np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)[:, None]
    take = matrix.astype(np.float32)
    from_column = across * columns + (take[0, 0] * column + take[0, 1] * row + take[0, 2])  # (R, C)
    from_row = down * rows + (take[1, 0] * column + take[1, 1] * row + take[1, 2])
    changed = [
        cv2.remap(one, from_column, from_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=AIR)
        for one in hu
    ]
    return np.stack(changed)
