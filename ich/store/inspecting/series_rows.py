"""Describes the series of a data set from its headers: what each is, and what becomes of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from ich.dicom.geometry.order import order_slices
from ich.dicom.geometry.stacks import is_axial
from ich.dicom.header import SliceHeader
from ich.sources.source import RejectedFile
from ich.store.inspecting.volumes import Looked
from ich.store.listing.all_headers import NO_HEAD_CT
from ich.store.listing.choices import Chosen
from ich.store.listing.headers import PLACE, headers_of
from ich.store.listing.inventory import Inventory, Listed

CHOSEN = "chosen"


@dataclass(frozen=True)
class SeriesRow:
    """A series of a study, or those of its files that are left aside for one reason.

    Attributes:
        study: key of the study; "" where none is read of it.
        number: of the series in its study, from 1, in the order of uids; 0 for a volume.
        n_files, n_slices: how many.
        matrix: rows x columns, the most frequent; "" where there is no slice.
        step_mm: median step along the normal; None where there is none.
        kind: `soft` or `sharp` kernel, `localizer`, `projection` or `reformat`, with `+contrast`; "" for no slices.
        outcome: `chosen`, or a reason code.
        reason: in words.
        tilt_degrees: of the gantry; None for slices that aren't axial, or none.
        n_repeated: slices at the position of another one.
        intercepts: the lowest and the highest rescale intercept; () where there is no slice.
        uid: SeriesInstanceUID, as `data.series` takes it; "" for a volume. For the user's own terminal only.
    """

    study: str
    number: int
    n_files: int
    n_slices: int
    matrix: str
    step_mm: float | None
    kind: str
    outcome: str
    reason: str
    tilt_degrees: float | None = None
    n_repeated: int = 0
    intercepts: tuple[float, ...] = ()
    uid: str = ""


Row = tuple[str, Callable[[], SeriesRow]]  # the outcome, and the rest once it is wanted


def series_rows(inventory: Inventory, looked: Mapping[str, Looked] = MappingProxyType({})) -> Iterator[Row]:
    """All series, study by study; first those of which something is read.

    Args:
        inventory: of the data set.
        looked: what the headers of volumes say, by study.
    """
    for listed in inventory.studies:
        if inventory.headers is None or listed.chosen is None:
            found = looked.get(listed.study, Looked(listed.study))
            yield found.rejected[0].code if found.rejected else CHOSEN, partial(_volume_row, listed, found)
        else:
            yield from _rows_of(listed.study, listed.chosen, inventory)
    if inventory.headers is not None:
        yield from _unread(inventory.headers, inventory)


def _volume_row(listed: Listed, looked: Looked) -> SeriesRow:
    if looked.rejected:
        first = looked.rejected[0]
        return SeriesRow("", 0, listed.n_files, 0, "", None, "", first.code, first.sentence)
    row = SeriesRow(listed.study, 0, listed.n_files, 0, "", None, "", CHOSEN, "a study in files of its own")
    if looked.facts is None:
        return row
    facts = looked.facts
    matrix, step_mm = f"{facts.rows} x {facts.columns}", round(facts.step_mm, 3)
    return replace(row, n_slices=facts.n_slices, matrix=matrix, step_mm=step_mm)


def _rows_of(study: str, chosen: Chosen, inventory: Inventory) -> Iterator[Row]:
    """The chosen series, and a row for each reason for which files of another (or of the same) are left aside."""
    table = inventory.headers
    assert table is not None
    uids = table["series_uid"].take(pa.array(chosen.all_rows)).to_pylist()
    numbers = {uid: number for number, uid in enumerate(sorted({uid or "" for uid in uids}), start=1)}
    is_read = np.isin(chosen.all_rows, chosen.rows)
    series = np.array([numbers[uid or ""] for uid in uids])
    describe = partial(_described, study, inventory)
    for number in np.unique(series[is_read]).tolist():
        rows = chosen.all_rows[(series == number) & is_read]
        n_files = len(np.unique(table[PLACE].take(pa.array(rows)).to_numpy()))
        yield CHOSEN, partial(describe, number, rows, n_files=n_files, outcome=CHOSEN, reason=chosen.reason)
    left = zip(chosen.left_aside, chosen.left_rows, strict=True)
    for (uid, n_files, code, sentence), rows in sorted(left, key=lambda one: one[0]):
        yield code, partial(describe, numbers[uid], rows, n_files=n_files, outcome=code, reason=sentence)


def _unread(table: pa.Table, inventory: Inventory) -> Iterator[Row]:
    """Series of studies without a head CT."""
    why = {one.file: one for one in inventory.rejected if one.code == NO_HEAD_CT}
    columns = table.select(["file", "study_uid", "series_uid", "code"]).to_pydict() if why else {"file": []}
    groups: dict[str, dict[str, list[int]]] = {}
    for row, file in enumerate(columns["file"]):
        if file in why and not columns["code"][row]:
            groups.setdefault(columns["study_uid"][row], {}).setdefault(columns["series_uid"][row], []).append(row)
    for by_series in groups.values():
        for number, uid in enumerate(sorted(by_series), start=1):
            yield NO_HEAD_CT, partial(_unread_row, inventory, number, by_series[uid], why)


def _unread_row(inventory: Inventory, number: int, rows: Sequence[int], why: dict[str, RejectedFile]) -> SeriesRow:
    assert inventory.headers is not None
    files = set(inventory.headers["file"].take(pa.array(rows)).to_pylist())
    reason = why[next(iter(files))].sentence
    return _described("", inventory, number, rows, n_files=len(files), outcome=NO_HEAD_CT, reason=reason)


def _described(
    study: str,
    inventory: Inventory,
    number: int,
    rows: Sequence[int] | np.ndarray,
    *,
    n_files: int,
    outcome: str,
    reason: str,
) -> SeriesRow:
    assert inventory.headers is not None
    part = inventory.headers.take(pa.array(rows))
    uid = part["series_uid"][0].as_py() or ""
    slices = part.filter(pa.compute.is_valid(part["position_x"]))
    if not len(slices):
        return SeriesRow(study, number, n_files, 0, "", None, "", outcome, reason, uid=uid)
    headers = headers_of(slices, inventory.files)
    matrix = Counter(f"{header.rows} x {header.columns}" for header in headers).most_common(1)[0][0]
    ordered = order_slices(headers)
    intercepts = [header.intercept for header in headers]
    return SeriesRow(
        study,
        number,
        n_files,
        len(headers),
        matrix,
        ordered.step_mm,
        Counter(map(_kind, headers)).most_common(1)[0][0],
        outcome,
        reason,
        tilt_degrees=ordered.tilt_degrees if is_axial(headers[0]) else None,
        n_repeated=ordered.n_repeated,
        intercepts=(min(intercepts), max(intercepts)),
        uid=uid,
    )


def _kind(header: SliceHeader) -> str:
    kind = header.kind
    names = [name for name in ("localizer", "projection", "reformat") if getattr(kind, name)]
    word = names[0] if names else "sharp" if kind.sharp else "soft"
    return f"{word}+contrast" if kind.enhanced else word
