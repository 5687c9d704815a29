"""Chooses the series of a study that a 5 mm brain reading wants, and says why not the others.

The rule, in order. First what can't be read as a head at all is left out:

1. localizers; projections (MIP, volume rendering, perfusion maps);
2. within a series, slices of another matrix than most or turned by 15 degrees and more (`mixed_geometry`);
3. stacks that are not axial (normal more than 45 degrees from the body's axis);
4. stacks of fewer than `min_slices`.

Among the rest, the first of these that tells two series apart decides:

1. without contrast medium before with it;
2. soft kernel before sharp;
3. covering the head (at least 70 % of the widest extent) before part of it;
4. steps of 2.5 mm and more before thin ones; among thick ones the step nearest 5 mm, in whole millimetres;
5. more slices; then the lower series uid.

A series that was asked for is taken whatever it is, but for slices that don't fit its stack.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ich.dicom.header import REASONS, SliceHeader
from ich.dicom.order import degrees_apart, order_slices, shared_normal, slice_normal
from ich.dicom.slabs import is_thin
from ich.errors import DataError, NoHeadCT

MIN_SLICES = 5  # a head of 150 mm has 30 slices of 5 mm; fewer than 5 are a sample
WANTED_STEP_MM = 5.0
COVERING_SHARE = 0.7  # of the widest extent among the series of a study
MISFIT_DEGREES = 15.0  # a slice turned further belongs to another stack
AXIAL_COSINE = 0.7  # 45 degrees; gantries tilt by at most 30


@dataclass(frozen=True)
class NotChosen:
    """A series (or the odd slices of one) that is not read.

    Attributes:
        series_uid: whose.
        n_files: how many of its files.
        code: a key of `REASONS`.
        sentence: the reason in words, free of identifying text.
    """

    series_uid: str
    n_files: int
    code: str
    sentence: str


@dataclass(frozen=True)
class SeriesChoice:
    """The series that is read, and all that are not.

    Attributes:
        headers: its slices, in no order.
        series_uid: its uid.
        reason: why this one, in words.
        not_chosen: the other series of the study; the counts add up to all headers.
    """

    headers: tuple[SliceHeader, ...]
    series_uid: str
    reason: str
    not_chosen: tuple[NotChosen, ...]


@dataclass(frozen=True)
class _Stack:
    """Slices of one series that lie in one stack, with what the rule looks at."""

    headers: tuple[SliceHeader, ...]
    series_uid: str
    extent_mm: float
    step_mm: float | None
    enhanced: bool
    sharp: bool

    @property
    def thin(self) -> bool:
        return is_thin(self.step_mm)

    @property
    def from_wanted_mm(self) -> int:
        return 0 if self.thin or self.step_mm is None else round(abs(self.step_mm - WANTED_STEP_MM))


def studies_in(headers: Iterable[SliceHeader]) -> dict[str, tuple[SliceHeader, ...]]:
    """Group slices by study uid, in the order in which studies first occur."""
    return {uid: tuple(found) for uid, found in _grouped(headers, lambda header: header.study_uid).items()}


def choose_series(
    headers: Sequence[SliceHeader], *, series: str | None = None, min_slices: int = MIN_SLICES
) -> SeriesChoice:
    """Choose the series of one study by the rule above.

    Args:
        headers: slices of one study.
        series: uid of the series to take instead.
        min_slices: below this a series is no head; not held against a series that was asked for.

    Raises:
        DataError: no slice, slices of several studies, or no series of that uid.
        NoHeadCT: no series passes; the message says what was found.
    """
    n_studies = len(studies_in(headers))
    if n_studies != 1:
        raise DataError(f"study: expected slices of one study, found {n_studies} studies; name one with series=UID")
    by_series = _grouped(headers, lambda header: header.series_uid)
    if series is not None:
        return _asked_for(by_series, series)
    stacks: list[_Stack] = []
    left_out: list[NotChosen] = []
    for found in by_series.values():
        fitting, misfits = _readable(found)
        left_out += misfits
        code = _why_not(fitting, min_slices) if fitting else None
        if code:
            left_out.append(_not_chosen(fitting, code))
        elif fitting:
            stacks.append(_stack(fitting))
    if not stacks:
        raise NoHeadCT(f"study: expected an axial head CT series, found {_counted(left_out)}; name one with series=UID")
    ranked = sorted(stacks, key=_ranking(stacks))
    best, others = ranked[0], ranked[1:]
    left_out += [_not_chosen(other.headers, _why_behind(other, best, stacks)) for other in others]
    return SeriesChoice(best.headers, best.series_uid, _reason(best, others), tuple(left_out))


def _grouped(headers: Iterable[SliceHeader], key: Callable[[SliceHeader], object]) -> Mapping[str, list[SliceHeader]]:
    groups: dict = defaultdict(list)
    for header in headers:
        groups[key(header)].append(header)
    return groups


def _asked_for(by_series: Mapping[str, list[SliceHeader]], series: str) -> SeriesChoice:
    if series not in by_series:
        raise DataError(f"series={series}: expected one of the {len(by_series)} series of the study, found none of it")
    fitting, misfits = _most_alike(by_series[series])
    others = [_not_chosen(found, "not_asked_for") for uid, found in by_series.items() if uid != series]
    return SeriesChoice(tuple(fitting), series, "it was asked for", (*misfits, *others))


def _readable(headers: Sequence[SliceHeader]) -> tuple[list[SliceHeader], list[NotChosen]]:
    """The slices of a series that form one stack, and the reasons for the others."""
    left_out: list[NotChosen] = []
    for code in ("localizer", "projection"):
        found = [header for header in headers if getattr(header.kind, code)]
        headers = [header for header in headers if not getattr(header.kind, code)]
        left_out += [_not_chosen(found, code)] if found else []
    fitting, misfits = _most_alike(headers)
    return fitting, left_out + misfits


def _most_alike(headers: Sequence[SliceHeader]) -> tuple[list[SliceHeader], list[NotChosen]]:
    """The part of a series that has its most frequent matrix and orientation."""
    if not headers:
        return [], []
    matrices = Counter((header.rows, header.columns) for header in headers)
    matrix = min(matrices, key=lambda size: (-matrices[size], size))
    normal = shared_normal([header for header in headers if (header.rows, header.columns) == matrix])
    fitting: list[SliceHeader] = []
    misfits: list[SliceHeader] = []
    for header in headers:
        fits = (header.rows, header.columns) == matrix and degrees_apart(header, normal) < MISFIT_DEGREES
        (fitting if fits else misfits).append(header)
    return fitting, [_not_chosen(misfits, "mixed_geometry")] if misfits else []


def _why_not(headers: Sequence[SliceHeader], min_slices: int) -> str | None:
    if abs(slice_normal(headers[0])[2]) < AXIAL_COSINE:
        return "not_axial"
    return "too_few_slices" if len(headers) < min_slices else None


def _stack(headers: Sequence[SliceHeader]) -> _Stack:
    ordered = order_slices(headers)
    step = ordered.step_mm
    return _Stack(
        headers=tuple(headers),
        series_uid=headers[0].series_uid,
        extent_mm=float(ordered.positions_mm[-1] - ordered.positions_mm[0]) + (step or 0.0),
        step_mm=step,
        enhanced=any(header.kind.enhanced for header in headers),
        sharp=any(header.kind.sharp for header in headers),
    )


def _ranking(stacks: Sequence[_Stack]) -> Callable[[_Stack], tuple]:
    """The key that puts the best stack first; `_why_behind` names its parts in the same order."""
    widest = max(stack.extent_mm for stack in stacks)
    return lambda stack: (
        stack.enhanced,
        stack.sharp,
        stack.extent_mm < COVERING_SHARE * widest,
        stack.thin,
        stack.from_wanted_mm,
        -len(stack.headers),
        stack.series_uid,
    )


def _why_behind(other: _Stack, best: _Stack, stacks: Sequence[_Stack]) -> str:
    """The code of the first part of the ranking in which `other` stands behind `best`."""
    codes = ("contrast", "sharp_kernel", "partial", "thin", "other_step", "fewer_slices", "other_series")
    rank = _ranking(stacks)
    return next(code for code, a, b in zip(codes, rank(other), rank(best), strict=True) if a != b)


def _not_chosen(headers: Sequence[SliceHeader], code: str) -> NotChosen:
    return NotChosen(headers[0].series_uid, len(headers), code, REASONS[code])


def _reason(best: _Stack, others: Sequence[_Stack]) -> str:
    if not others:
        return "it is the only axial series"
    step = "one position" if best.step_mm is None else f"steps of {best.step_mm:.2f} mm"
    contrast = "with contrast medium" if best.enhanced else "no contrast medium"
    kernel = "sharp kernel" if best.sharp else "soft kernel"
    return f"{contrast}, {kernel}, {len(best.headers)} slices, {step}: first of {len(others) + 1} by the rule"


def _counted(left_out: Sequence[NotChosen]) -> str:
    counts: Counter[str] = Counter()
    for found in left_out:
        counts[found.code] += found.n_files
    return ", ".join(f"{n} files ({code})" for code, n in counts.items()) or "nothing"
