"""Writes the contact sheet of a store: one middle slice a study, for a person to look through."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ich.ensemble.prediction import MADE_SOURCES
from ich.labels import LABELS
from ich.report.page import page_code, page_template
from ich.store.files import write_text
from ich.store.gathering.folds import FOLD_NAMES
from ich.store.store import Store

BRAIN_WINDOW = (0, 80)  # HU; centre 40, width 80
SHOWN_SIZE = 176  # px a side
JPEG_QUALITY = 82
STUDIES_A_PAGE = 500  # about 4 MB
SHEET = "contact_sheet"


@dataclass(frozen=True)
class Tile:
    """What the sheet shows of one study; keys only, no UID and no text of a header.

    Attributes:
        study: its key.
        picture: base64 of a JPEG.
        shown: number of the slice shown, from 1 at the feet.
        n_slices: slices of the study.
        fold: as a person reads it.
        labels: the positive ones; None where no label is known.
        warnings: plain sentences.
    """

    study: str
    picture: str
    shown: int
    n_slices: int
    fold: str
    labels: tuple[str, ...] | None
    warnings: tuple[str, ...]


def write_contact_sheet(store_path: Path, *, studies_a_page: int = STUDIES_A_PAGE) -> Path:
    """Write `contact_sheet.html`, and `contact_sheet-2.html` and so on for large stores, into a store.

    Args:
        store_path: a complete store.
        studies_a_page: most studies on one page.

    Returns:
        The first page.

    Raises:
        DataError: no store there, or one of its studies is missing.
    """
    store = Store.open(store_path)
    studies = store.studies
    parts = [studies.iloc[first : first + studies_a_page] for first in range(0, len(studies), studies_a_page)]
    names = [page_name(number) for number in range(1, len(parts) + 1)]
    warned = [int((part["n_warnings"] > 0).sum()) for part in parts]
    for number, (name, part) in enumerate(zip(names, parts, strict=True), start=1):
        links = [{"name": other, "n_warned": n} for other, n in zip(names, warned, strict=True)]
        write_text(store.path / name, sheet_page(store, list(_tiles(store, part)), links=links, number=number))
    _remove_beyond(store.path, len(parts))
    return store.path / names[0]


def sheet_page(store: Store, tiles: Sequence[Tile], *, links: Sequence[dict[str, Any]], number: int) -> str:
    """One page as text.

    Args:
        store: what it shows a part of.
        tiles: the studies on this page.
        links: `name` and `n_warned` of every page.
        number: of this page, from 1.
    """
    return page_template(f"{SHEET}.html").render(
        **page_code(style=f"{SHEET}.css"),
        source=store.source,
        made=store.source in MADE_SOURCES,
        n_studies=len(store.studies),
        n_slices=int(store.studies["n_slices"].sum()),
        files=store.content["counts"]["files"],
        warnings=store.content.get("warnings", {}),
        notes=store.content.get("notes", []),
        tiles=tiles,
        size=SHOWN_SIZE,
        links=links,
        number=number,
    )


def page_name(number: int) -> str:
    """File name of a page, counted from 1."""
    return f"{SHEET}.html" if number == 1 else f"{SHEET}-{number}.html"


def _tiles(store: Store, studies: Any) -> Iterator[Tile]:
    for row in studies.to_dict("records"):
        middle = row["n_slices"] // 2
        yield Tile(
            study=row["study"],
            picture=_picture(store.read_slice(row["study"], middle)),
            shown=middle + 1,
            n_slices=row["n_slices"],
            fold=FOLD_NAMES.get(row["fold"], f"fold {row['fold']}"),
            labels=_positive([row[label] for label in LABELS]),
            warnings=tuple(store.facts(row["study"])["warnings"]) if row["n_warnings"] else (),
        )


def _positive(values: Sequence[float]) -> tuple[str, ...] | None:
    """Names of the positive labels, `any` only where no kind is named; None where nothing is known."""
    if all(np.isnan(values)):
        return None
    positive = [label for label, value in zip(LABELS, values, strict=True) if value == 1]
    return tuple(label for label in positive if label != "any" or len(positive) == 1)


def _picture(hu: np.ndarray) -> str:
    """Base64 of a JPEG of int16 HU (R, C) in the brain window."""
    if hu.shape[0] > SHOWN_SIZE:
        hu = cv2.resize(hu, (SHOWN_SIZE, SHOWN_SIZE), interpolation=cv2.INTER_AREA)
    low, high = BRAIN_WINDOW
    grey = np.rint((np.clip(hu.astype(np.float32), low, high) - low) * (255 / (high - low))).astype(np.uint8)
    done, encoded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done, "OpenCV can't write JPEG"
    return base64.b64encode(encoded.tobytes()).decode("ascii")


def _remove_beyond(folder: Path, n_pages: int) -> None:
    """Remove pages that an earlier, larger store left."""
    number = n_pages + 1
    while (page := folder / page_name(number)).is_file():
        page.unlink()
        number += 1
