"""Reads one study into a volume of HU with everything that is known about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ich.dicom.contents import read_contents
from ich.dicom.facts import most_frequent, scan_facts, slice_warnings
from ich.dicom.geometry.neighbours import Neighbours
from ich.dicom.geometry.order import OrderedSlices, order_slices
from ich.dicom.geometry.repeats import places_of
from ich.dicom.geometry.slabs import is_thin, slab_groups
from ich.dicom.header import Rejected, SliceHeader
from ich.dicom.not_used import NoScan, NotUsed, not_used_file, not_used_series, not_used_slices, not_used_study
from ich.dicom.planes import Planes, read_planes
from ich.dicom.reasons import counts_in_words
from ich.dicom.series import MIN_SLICES, NoSeries, choose_series
from ich.errors import NoHeadCT
from ich.numerals import counted, those_found


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

    def image(self, i: int, neighbours: int = 0, *, neighbour_mm: float | None = None) -> np.ndarray:
        """HU of one slice, or of it with its neighbours.

        Args:
            i: index of the slice; negative ones count from the head.
            neighbours: slices on each side; the ends are mirrored, as a net sees them.
            neighbour_mm: distance between them in mm; None: the next slices.

        Returns:
            int16 (R, C); with neighbours (2 * neighbours + 1, R, C), feet to head.
        """
        if not neighbours:
            return self.hu[i]
        around = Neighbours(neighbours, neighbour_mm).around(len(self.hu), self.positions_mm)  # (S, n)
        return self.hu[around[i]]


def preprocess_scan(
    path: str | Path | Sequence[str | Path], *, series: str | None = None, slab_mm: float | None = 5.0
) -> Scan:
    """Read the head CT of one study.

    Args:
        path: a file, a folder, a zip, a DICOMDIR, or a list of these.
        series: uid of the series to read; None lets the rule of `ich.dicom.series` choose.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them as they are.

    Raises:
        NoHeadCT: nothing that could be read as a head CT; the message says what was found.
        DataError: the input is absent or empty, holds several studies, or not the series asked for.
    """
    contents = read_contents(Path(path) if isinstance(path, str | Path) else [Path(one) for one in path])
    named = [study for study in contents.studies if series is not None and study.has(series)]
    studies = named or contents.studies
    if len(studies) > 1:
        raise NoHeadCT(
            f"input: expected one study, found {len(studies)}; give one of them, or name one with series=UID"
        )
    scan = scan_of_study(
        studies[0].headers, series=series, slab_mm=slab_mm, min_slices=contents.min_slices, aside=studies[0].aside
    )
    others = [entry for study in contents.studies if study is not studies[0] for entry in not_used_study(study)]
    return replace(scan, not_used=(*scan.not_used, *others, *map(not_used_file, contents.rejected)))


def scan_of_study(
    headers: Sequence[SliceHeader],
    *,
    series: str | None = None,
    slab_mm: float | None = 5.0,
    min_slices: int = MIN_SLICES,
    aside: Sequence[Rejected] = (),
) -> Scan:
    """Choose the series of one study by the rule of `ich.dicom.series` and read it.

    Args:
        headers: slices of one study.
        series: uid of the series to read instead.
        slab_mm: as for `preprocess_scan`.
        min_slices: below this a series is no head, unless it was asked for.
        aside: files of the study that are no slices by their nature.

    Raises:
        NoScan: no series is a readable head CT.
        DataError: slices of several studies, or not the series asked for.
    """
    try:
        choice = choose_series(headers, series=series, min_slices=min_slices, aside=aside)
    except NoSeries as error:
        raise NoScan(str(error), not_used=tuple(map(not_used_series, error.not_chosen))) from error
    others = tuple(map(not_used_series, choice.not_chosen))
    try:
        scan = read_scan(choice.headers, slab_mm=slab_mm)
    except NoScan as error:
        raise NoScan(str(error), not_used=(*error.not_used, *others)) from error
    return replace(scan, series=ScanSeries(choice.series_uid, choice.reason), not_used=(*scan.not_used, *others))


def read_scan(headers: Sequence[SliceHeader], *, slab_mm: float | None, keeps_every_slice: bool = False) -> Scan:
    """Read the slices of one series.

    Of slices at one position one is read, by the rule of `ich.dicom.geometry.repeats`; another stands in where it
    can't be.

    Args:
        headers: slices of one series, in any order.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them as they are.
        keeps_every_slice: for slices that have labels or ids of a challenge: no slabs, and all slices at one position
            stay, by uid; a file that is there twice is read once all the same.

    Returns:
        The scan; `not_used` has each file none of whose slices is in it, once.

    Raises:
        NoScan: no slice can be read.
        DataError: no slice was given.
    """
    ordered = order_slices(headers)
    places = places_of(ordered, keeps_every_slice=keeps_every_slice)
    height = slab_mm if is_thin(ordered.step_mm) and not keeps_every_slice else None
    groups = [[place] for place in places]
    if height is not None:
        positions = ordered.positions_mm[[place[0] for place in places]]
        groups = [[places[i] for i in group] for group in slab_groups(positions, height)]
    planes = read_planes(ordered, groups)
    not_used = not_used_slices(ordered, planes)
    if not planes.sources:
        found = f"found {counts_in_words((one.code, one.n_files) for one in not_used)}; {not_used[0].sentence}"
        raise NoScan(f"series: expected readable slices, {found}", not_used=not_used)
    return _scan(ordered, planes, not_used=not_used, slab_mm=height)


def _scan(ordered: OrderedSlices, planes: Planes, *, not_used: tuple[NotUsed, ...], slab_mm: float | None) -> Scan:
    used = [one.header for one in planes.stored]
    positions = np.array([ordered.positions_mm[list(group)].mean() for group in planes.sources], dtype=np.float32)
    uids = [tuple(ordered.headers[index].sop_uid for index in group) for group in planes.sources]
    slabs = slab_mm is not None
    thickness = _height(positions, slab_mm) if slabs else most_frequent(used, lambda header: header.thickness_mm)
    return Scan(
        hu=planes.hu,
        positions_mm=positions,
        spacing_mm=most_frequent(used, lambda header: header.pixel_spacing),
        thickness_mm=thickness,
        sop_uids=tuple(group[len(group) // 2] for group in uids),
        series=ScanSeries(used[0].series_uid, "it was given"),
        not_used=not_used,
        warnings=_warnings(ordered, planes, slabs=slabs),
        study_uid=used[0].study_uid,
        patient_id=used[0].patient_id,
        facts=scan_facts(ordered, planes.stored, slabs=slabs),
        source_uids=tuple(uids) if slabs else (),
    )


def _warnings(ordered: OrderedSlices, planes: Planes, *, slabs: bool) -> tuple[str, ...]:
    group_of = {index: number for number, group in enumerate(ordered.groups) for index in group}
    read = [group_of[index] for group in planes.sources for index in group]
    about_slices = slice_warnings(
        planes.stored,
        n_lost=planes.n_lost,
        n_replaced=planes.n_replaced,
        n_left_out=sum(one.code == "repeated_position" for one in planes.unread),
        n_together=len(read) - len(set(read)),
    )
    found = [*ordered.warnings, *about_slices]
    if len(planes.sources) < MIN_SLICES:
        found.append(f"only {counted(len(planes.sources), 'slice')}: scores of a study are made for whole heads")
    if slabs:
        n_slabs = counted(len(planes.sources), "slab")
        found += those_found([(len(planes.stored), f"thin slice|slices is|are averaged into {n_slabs}")])
    return tuple(found)


def _height(positions: np.ndarray, slab_mm: float | None) -> float | None:
    return round(float(np.median(np.diff(positions))), 2) if len(positions) > 1 else slab_mm
