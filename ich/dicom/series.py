"""Chooses the series of a study that a 5 mm brain reading wants, and says why not the others.

The rule, in order. First what can't be read as a head at all is left out:

1. captured screens, dose pages and colour pages (`NOT_SLICES`); localizers; projections (MIP, volume rendering,
   perfusion maps);
2. within a series, slices of another matrix than its axial stack or turned by 15 degrees and more (`mixed_geometry`);
3. stacks that are not axial (normal more than 45 degrees from the body's axis);
4. stacks with slices at fewer than `min_slices` positions.

Among the rest, the first of these that tells two series apart decides:

1. without contrast medium before with it;
2. soft kernel before sharp;
3. covering the head before part of it: at least 70 % of the widest extent in the study, of which no more counts than
   the 160 mm of a head, so that a neck or a spine is no better head;
4. steps of 2.5 mm and more before thin ones; among thick ones the step nearest 5 mm, in whole millimetres;
5. slices as they were taken before reformatted ones;
6. more positions; then the lower series uid. A series that equals the chosen one in positions, matrix, spacing,
   thickness, kernel and kind is its copy under another uid (`duplicate_series`).

Where a series holds several slices at one position, what would be read of it is judged
(`ich.dicom.geometry.repeats`). A series that was asked for is taken whatever it is and however
few its slices, but for slices that don't fit its stack.

All counts are of files: a file of many frames counts once, as used if any of its frames is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ich.dicom.files import DicomFile
from ich.dicom.geometry.stacks import Stack, is_axial, measure_stack, split_stacks
from ich.dicom.header import Rejected, SliceHeader
from ich.dicom.reasons import REASONS, counts_in_words
from ich.errors import DataError, NoHeadCT

Key = TypeVar("Key")

MIN_SLICES = 5  # a head of 150 mm has 30 slices of 5 mm; fewer than 5 are a sample
COVERING_SHARE = 0.7  # of the widest extent among the series of a study
HEAD_MM = 160.0  # from the skull base to the vertex of a tall head


@dataclass(frozen=True)
class NotChosen:
    """A series (or the odd slices of one) that is not read.

    Attributes:
        series_uid: whose.
        n_files: how many files end here; 0 where other frames of the same files are read.
        code: a key of `REASONS`.
        sentence: the reason in words, free of identifying text.
        headers: its slices, each the object that was given; () for captured screens and the like.
    """

    series_uid: str
    n_files: int
    code: str
    sentence: str
    headers: tuple[SliceHeader, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class SeriesChoice:
    """The series that is read, and all that are not.

    Attributes:
        headers: its slices, in no order.
        series_uid: its uid.
        reason: why this one, in words.
        not_chosen: the other series of the study; with the files of `headers` the counts add up to all files.
    """

    headers: tuple[SliceHeader, ...]
    series_uid: str
    reason: str
    not_chosen: tuple[NotChosen, ...]


class NoSeries(NoHeadCT):
    """A study without a series that could be a head.

    Attributes:
        not_chosen: all of its series, with their reasons.
    """

    def __init__(self, message: str, *, not_chosen: tuple[NotChosen, ...] = ()) -> None:
        super().__init__(message)
        self.not_chosen = not_chosen


def studies_in(headers: Iterable[SliceHeader]) -> dict[tuple[str, str], tuple[SliceHeader, ...]]:
    """Group slices by study uid and patient, in the order in which they first occur.

    Some exports give the studies of several patients one uid; slices of two heads must never become one volume.
    """
    groups = _grouped(headers, lambda header: (header.study_uid, header.patient_id))
    return {key: tuple(found) for key, found in groups.items()}


def choose_series(
    headers: Sequence[SliceHeader],
    *,
    series: str | None = None,
    min_slices: int = MIN_SLICES,
    aside: Sequence[Rejected] = (),
) -> SeriesChoice:
    """Choose the series of one study by the rule above.

    Args:
        headers: slices of one study.
        series: uid of the series to take instead.
        min_slices: below this a series is no head; not held against a series that was asked for.
        aside: files of the study that are no slices by their nature (`NOT_SLICES`): listed as series of it.

    Raises:
        DataError: no slice, slices of several studies, or no series of that uid.
        NoSeries: none passes; the message says what was found.
    """
    n_studies = len(studies_in(headers))
    if n_studies != 1:
        raise DataError(f"study: expected slices of one study, found {n_studies} studies; name one with series=UID")
    by_series = _grouped(headers, lambda header: header.series_uid)
    if series is not None:
        return _asked_for(by_series, series, aside=aside)
    stacks, left_out = _possible_heads(by_series.values(), min_slices=min_slices)
    if not stacks:
        not_chosen = _counted_once(left_out, chosen=(), aside=aside)
        found = f"found {counts_in_words((one.code, one.n_files) for one in not_chosen)}; name one with series=UID"
        raise NoSeries(f"study: expected an axial head CT series, {found}", not_chosen=not_chosen)
    ranked = sorted(stacks, key=_ranking(stacks))
    best, others = ranked[0], ranked[1:]
    left_out += [_not_chosen(other.headers, _why_behind(other, best, stacks)) for other in others]
    not_chosen = _counted_once(left_out, chosen=best.headers, aside=aside)
    return SeriesChoice(best.headers, best.series_uid, _reason(best, others), not_chosen)


def _grouped(headers: Iterable[SliceHeader], key: Callable[[SliceHeader], Key]) -> Mapping[Key, list[SliceHeader]]:
    groups: dict[Key, list[SliceHeader]] = defaultdict(list)
    for header in headers:
        groups[key(header)].append(header)
    return groups


def _asked_for(by_series: Mapping[str, list[SliceHeader]], series: str, *, aside: Sequence[Rejected]) -> SeriesChoice:
    if series not in by_series:
        codes = sorted({one.code for one in aside if one.series_uid == series})
        found = f"files each of which {REASONS[codes[0]]}" if codes else "none of it"
        raise DataError(f"series={series}: expected one of the {len(by_series)} series of the study, found {found}")
    fitting, misfits = _one_stack(by_series[series])
    others = [_not_chosen(found, "not_asked_for") for uid, found in by_series.items() if uid != series]
    not_chosen = _counted_once([*misfits, *others], chosen=fitting, aside=aside)
    return SeriesChoice(tuple(fitting), series, "it was asked for", not_chosen)


def _possible_heads(
    all_series: Iterable[Sequence[SliceHeader]], *, min_slices: int
) -> tuple[list[Stack], list[NotChosen]]:
    """The axial stacks of enough slices, at most one a series, and the reasons for all other slices."""
    stacks: list[Stack] = []
    left_out: list[NotChosen] = []
    for slices in all_series:
        fitting, misfits = _readable(slices)
        left_out += misfits
        stack = measure_stack(fitting) if fitting and is_axial(fitting[0]) else None
        if stack is not None and stack.n_places >= min_slices:
            stacks.append(stack)
        elif fitting:
            left_out.append(_not_chosen(fitting, "not_axial" if stack is None else "too_few_slices"))
    return stacks, left_out


def _readable(headers: Sequence[SliceHeader]) -> tuple[list[SliceHeader], list[NotChosen]]:
    """The slices of a series that form one stack, and the reasons for the others."""
    left_out: list[NotChosen] = []
    for code in ("localizer", "projection"):
        found = [header for header in headers if getattr(header.kind, code)]
        headers = [header for header in headers if not getattr(header.kind, code)]
        left_out += [_not_chosen(found, code)] if found else []
    fitting, misfits = _one_stack(headers)
    return fitting, left_out + misfits


def _one_stack(headers: Sequence[SliceHeader]) -> tuple[list[SliceHeader], list[NotChosen]]:
    """The best stack of a series, axial before large, and its other slices as one entry."""
    if not headers:
        return [], []
    best, *others = split_stacks(headers)
    misfits = [header for stack in others for header in stack]
    return best, [_not_chosen(misfits, "mixed_geometry")] if misfits else []


def _ranking(stacks: Sequence[Stack]) -> Callable[[Stack], tuple]:
    """The key that puts the best stack first; `_why_behind` names its parts in the same order."""
    widest = min(HEAD_MM, max(stack.extent_mm for stack in stacks))
    return lambda stack: (
        stack.enhanced,
        stack.sharp,
        stack.extent_mm < COVERING_SHARE * widest,
        stack.thin,
        stack.from_wanted_mm,
        stack.reformat,
        -stack.n_places,
        stack.series_uid,
    )


def _why_behind(other: Stack, best: Stack, stacks: Sequence[Stack]) -> str:
    """The code of the first part of the ranking in which `other` stands behind `best`."""
    if other.likeness == best.likeness:
        return "duplicate_series"
    codes = ("contrast", "sharp_kernel", "partial", "thin", "other_step", "reformat", "fewer_slices", "other_series")
    rank = _ranking(stacks)
    return next(code for code, a, b in zip(codes, rank(other), rank(best), strict=True) if a != b)


def _not_chosen(headers: Sequence[SliceHeader], code: str) -> NotChosen:
    return NotChosen(headers[0].series_uid, len(headers), code, REASONS[code], tuple(headers))


def _counted_once(
    left_out: Sequence[NotChosen], *, chosen: Sequence[SliceHeader], aside: Sequence[Rejected]
) -> tuple[NotChosen, ...]:
    """Entries whose counts are of files that no chosen slice and no earlier entry has; files set aside at the end."""
    counted: set[DicomFile] = {header.file for header in chosen}
    entries: list[NotChosen] = []
    for entry in left_out:
        fresh = {header.file for header in entry.headers} - counted
        counted |= fresh
        entries.append(replace(entry, n_files=len(fresh)))
    n_aside = Counter((one.series_uid, one.code) for one in aside)
    entries += [NotChosen(uid, n_files, code, REASONS[code]) for (uid, code), n_files in n_aside.items()]
    return tuple(entries)


def _reason(best: Stack, others: Sequence[Stack]) -> str:
    if not others:
        return "it is the only axial series"
    step = "one position" if best.step_mm is None else f"steps of {best.step_mm:.2f} mm"
    contrast = "with contrast medium" if best.enhanced else "no contrast medium"
    kernel = "sharp kernel" if best.sharp else "soft kernel"
    return f"{contrast}, {kernel}, {best.n_places} slices, {step}: first of {len(others) + 1} by the rule"
