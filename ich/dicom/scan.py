"""Reads one study into a volume of HU with everything that is known about it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ich.dicom.facts import most_frequent, scan_facts, slice_warnings
from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import REASONS, Rejected, SliceHeader, read_headers
from ich.dicom.order import OrderedSlices, order_slices, repeated_groups
from ich.dicom.pixels import UnreadablePixels, read_hu
from ich.dicom.resize import pad_to
from ich.dicom.series import MIN_SLICES, NotChosen, choose_series, studies_in
from ich.dicom.slabs import is_thin, slab_groups
from ich.errors import NoHeadCT


@dataclass(frozen=True)
class NotUsed:
    """A file or a series of the input that is not in the scan.

    Attributes:
        subject: the file, or the uid of the series.
        n_files: 1 for a file.
        code: a key of `REASONS`.
        sentence: the reason in words, free of identifying text.
    """

    subject: DicomFile | str
    n_files: int
    code: str
    sentence: str


@dataclass(frozen=True)
class ScanSeries:
    """Which series a scan holds, and why this one."""

    series_uid: str
    reason: str


@dataclass(frozen=True, eq=False)
class Scan:
    """One head CT.

    Attributes:
        hu: int16 HU (S, R, C), feet to head, -1024..3071, at its native matrix.
        positions_mm: float32 (S,), along the normal.
        spacing_mm: between rows, between columns.
        thickness_mm: of a slice, or of a slab; None where not given.
        sop_uids: of each slice; of a slab's middle slice.
        series: which series, why.
        not_used: files and series left out, with their reasons.
        warnings: plain sentences, free of identifying text.
        study_uid: StudyInstanceUID.
        patient_id: as it stands in the file, for hashing in memory only.
        facts: plain JSON values: tilt, matrix, storage, kernel ...
        source_uids: uids of the slices that each slab averages; () where slices are as they were.
    """

    hu: np.ndarray = field(repr=False)
    positions_mm: np.ndarray = field(repr=False)
    spacing_mm: tuple[float, float]
    thickness_mm: float | None
    sop_uids: tuple[str, ...] = field(repr=False)
    series: ScanSeries
    not_used: tuple[NotUsed, ...] = field(repr=False)
    warnings: tuple[str, ...]
    study_uid: str
    patient_id: str = field(repr=False)
    facts: dict[str, Any] = field(repr=False)
    source_uids: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    def image(self, i: int, neighbours: int = 0) -> np.ndarray:
        """HU of one slice, or of it with its neighbours.

        Args:
            i: index of the slice; negative ones count from the head.
            neighbours: slices on each side; beyond the ends the last slice is repeated.

        Returns:
            int16 (R, C); with neighbours (2 * neighbours + 1, R, C), feet to head.
        """
        if not neighbours:
            return self.hu[i]
        middle = range(len(self.hu))[i]
        around = np.arange(middle - neighbours, middle + neighbours + 1)
        return self.hu[np.clip(around, 0, len(self.hu) - 1)]


def preprocess_scan(
    path: str | Path | Sequence[str | Path], *, series: str | None = None, slab_mm: float | None = 5.0
) -> Scan:
    """Read the head CT of one study.

    Args:
        path: a file, a folder, a zip, or a list of these.
        series: uid of the series to read; None lets the rule of `ich.dicom.series` choose.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them as they are.

    Raises:
        NoHeadCT: nothing that could be read as a head CT; the message says what was found.
        DataError: the input is absent or empty, holds several studies, or not the series asked for.
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    read = [found for file in find_files(paths[0] if len(paths) == 1 else paths) for found in read_headers(file)]
    headers = [found for found in read if isinstance(found, SliceHeader)]
    rejected = [found for found in read if isinstance(found, Rejected)]
    study = _one_study(headers, rejected, series)
    scan = scan_of_study(study, series=series, slab_mm=slab_mm, min_slices=fewest_slices(paths))
    others = [header for header in headers if header.study_uid != study[0].study_uid]
    return replace(scan, not_used=(*scan.not_used, *_other_studies(others), *map(not_used_file, rejected)))


def fewest_slices(paths: Sequence[Path]) -> int:
    """Slices below which a series of this input is no head: files named one by one are taken at their word."""
    named = all(one.is_file() and one.suffix.lower() != ".zip" for one in paths)
    return 1 if named else MIN_SLICES


def scan_of_study(
    headers: Sequence[SliceHeader],
    *,
    series: str | None = None,
    slab_mm: float | None = 5.0,
    min_slices: int = MIN_SLICES,
) -> Scan:
    """Choose the series of one study by the rule of `ich.dicom.series` and read it.

    Args:
        headers: slices of one study.
        series: uid of the series to read instead.
        slab_mm: as for `preprocess_scan`.
        min_slices: below this a series is no head, unless it was asked for.

    Raises:
        NoHeadCT: no series is a readable head CT.
        DataError: slices of several studies, or not the series asked for.
    """
    choice = choose_series(headers, series=series, min_slices=min_slices)
    scan = read_scan(choice.headers, slab_mm=slab_mm)
    not_used = (*scan.not_used, *map(not_used_series, choice.not_chosen))
    return replace(scan, series=ScanSeries(choice.series_uid, choice.reason), not_used=not_used)


def not_used_file(rejected: Rejected) -> NotUsed:
    """A rejected file as the scan lists it."""
    return NotUsed(rejected.file, 1, rejected.code, rejected.sentence)


def not_used_series(left_out: NotChosen) -> NotUsed:
    """A series not chosen as the scan lists it."""
    return NotUsed(left_out.series_uid, left_out.n_files, left_out.code, left_out.sentence)


def read_scan(headers: Sequence[SliceHeader], *, slab_mm: float | None, keeps_every_slice: bool = False) -> Scan:
    """Read the slices of one series.

    Of slices at one position, the one whose kind (thickness, kernel, image type) is the more frequent in the series is
    kept, then the one with the lowest uid. A file that is there twice is read once.

    Args:
        headers: slices of one series, in any order.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them as they are.
        keeps_every_slice: for slices that have labels or ids of a challenge: no slabs, and all slices at one position
            stay, by uid.

    Returns:
        The scan; slices whose pixels fail stand in `not_used`.

    Raises:
        NoHeadCT: no slice can be read.
        DataError: no slice was given.
    """
    ordered = order_slices(headers)
    kept, dropped = _distinct(ordered, keeps_every_slice=keeps_every_slice)
    groups = [[index] for index in kept]
    slabs = slab_mm is not None and not keeps_every_slice and is_thin(ordered.step_mm)
    if slabs and slab_mm is not None:
        groups = [[kept[i] for i in group] for group in slab_groups(ordered.positions_mm[kept], slab_mm)]
    hu, sources, failed = _read_groups(ordered, groups)
    if not sources:
        raise NoHeadCT(f"series: expected readable slices, found {_counted(failed)}; {failed[0].sentence}")
    used = [ordered.headers[index] for group in sources for index in group]
    n_repeated = sum(left_out.code == "repeated_position" for left_out in dropped)
    warnings = [*ordered.warnings, *slice_warnings(used, n_failed=len(failed), n_repeated=n_repeated)]
    if len(sources) < MIN_SLICES:
        warnings.append(f"only {len(sources)} slices: scores of a study are made for whole heads")
    if slabs:
        warnings.append(f"{len(used)} thin slices are averaged into {len(sources)} slabs")
    middles = [ordered.headers[group[len(group) // 2]] for group in sources]
    positions = np.array([ordered.positions_mm[group].mean() for group in sources], dtype=np.float32)
    return Scan(
        hu=hu,
        positions_mm=positions,
        spacing_mm=most_frequent(used, lambda header: header.pixel_spacing),
        thickness_mm=_height(positions, slab_mm) if slabs else most_frequent(used, lambda header: header.thickness_mm),
        sop_uids=tuple(header.sop_uid for header in middles),
        series=ScanSeries(used[0].series_uid, "it was given"),
        not_used=(*dropped, *failed),
        warnings=tuple(warnings),
        study_uid=used[0].study_uid,
        patient_id=used[0].patient_id,
        facts=scan_facts(ordered, used, slabs=slabs),
        source_uids=tuple(tuple(ordered.headers[i].sop_uid for i in group) for group in sources) if slabs else (),
    )


def _distinct(ordered: OrderedSlices, *, keeps_every_slice: bool) -> tuple[list[int], list[NotUsed]]:
    """Indices of the slices to read, and those left out as repeats."""
    kinds = Counter(map(_kind, ordered.headers))
    kept: list[int] = []
    dropped: list[NotUsed] = []
    for group in repeated_groups(ordered):
        seen: set[str] = set()
        fresh: list[int] = []
        for index in group:
            header = ordered.headers[index]
            if header.sop_uid and header.sop_uid in seen:
                dropped.append(_not_used(header, "duplicate"))
                continue
            seen.add(header.sop_uid)
            fresh.append(index)
        if not keeps_every_slice:
            best = max(fresh, key=lambda index: kinds[_kind(ordered.headers[index])])  # the first of equals
            dropped += [_not_used(ordered.headers[index], "repeated_position") for index in fresh if index != best]
            fresh = [best]
        kept += fresh
    return kept, dropped


def _kind(header: SliceHeader) -> tuple:
    return (header.thickness_mm, header.kernel, header.image_type, header.pixel_spacing)


def _read_groups(
    ordered: OrderedSlices, groups: Sequence[Sequence[int]]
) -> tuple[np.ndarray, list[list[int]], list[NotUsed]]:
    """Read each group of slices into one plane, its mean.

    Returns:
        int16 HU (S, R, C), the indices that went into each plane, the slices whose pixels failed.
    """
    rows = max(header.rows for header in ordered.headers)
    columns = max(header.columns for header in ordered.headers)
    hu = np.empty((len(groups), rows, columns), dtype=np.int16)
    sources: list[list[int]] = []
    failed: list[NotUsed] = []
    for group in groups:
        planes: dict[int, np.ndarray] = {}
        for index in group:
            try:
                planes[index] = pad_to(read_hu(ordered.headers[index]), rows, columns=columns)
            except UnreadablePixels as error:
                failed.append(NotUsed(ordered.headers[index].file, 1, error.code, error.sentence))
        if planes:
            hu[len(sources)] = _mean(list(planes.values()))
            sources.append(list(planes))
    return hu[: len(sources)], sources, failed


def _mean(planes: Sequence[np.ndarray]) -> np.ndarray:
    if len(planes) == 1:
        return planes[0]
    return np.rint(np.sum(planes, axis=0, dtype=np.int32) / len(planes)).astype(np.int16)


def _height(positions: np.ndarray, slab_mm: float | None) -> float | None:
    return round(float(np.median(np.diff(positions))), 2) if len(positions) > 1 else slab_mm


def _one_study(
    headers: Sequence[SliceHeader], rejected: Sequence[Rejected], series: str | None
) -> tuple[SliceHeader, ...]:
    """The slices of the one study that is meant."""
    if not headers:
        found = _counted([not_used_file(one) for one in rejected])
        raise NoHeadCT(f"input: expected CT slices, found {found}; give a folder or zip with a head CT")
    studies = studies_in(headers)
    if series is not None:
        of_series = {header.study_uid for header in headers if header.series_uid == series}
        studies = {uid: found for uid, found in studies.items() if not of_series or uid in of_series}
    if len(studies) > 1:
        raise NoHeadCT(
            f"input: expected one study, found {len(studies)}; give one of them, or name one with series=UID"
        )
    return next(iter(studies.values()))


def _not_used(header: SliceHeader, code: str) -> NotUsed:
    return NotUsed(header.file, 1, code, REASONS[code])


def _other_studies(headers: Sequence[SliceHeader]) -> list[NotUsed]:
    counts = Counter(header.series_uid for header in headers)
    return [NotUsed(uid, n_files, "not_asked_for", REASONS["not_asked_for"]) for uid, n_files in counts.items()]


def _counted(left_out: Sequence[NotUsed]) -> str:
    counts: Counter[str] = Counter()
    for found in left_out:
        counts[found.code] += found.n_files
    return ", ".join(f"{n} files ({code})" for code, n in counts.items()) or "nothing"
