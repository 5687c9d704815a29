"""Decides from the header table what is read of each study, and why its other files are left aside."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa

from ich.dicom.contents import uids_with_pages
from ich.dicom.files import DicomFile
from ich.dicom.reasons import NOT_SLICES, REASONS
from ich.dicom.series import NoSeries, choose_series
from ich.errors import DataError
from ich.store.listing.headers import PLACE, headers_of
from ich.store.listing.text_column import TextColumn, group_column, split_by

EVERY_SERIES = "every series of this source is kept"
ITS_LABELS = "its slices carry labels"

LeftAside = tuple[str, int, str, str]  # series uid, number of files, reason code, sentence


@dataclass(frozen=True)
class Chosen:
    """One study of the store to be.

    Attributes:
        uid: the data set's name for it: the study's uid, with the series' where several series of a study are kept.
        study_uid: StudyInstanceUID.
        patient: key of the patient, "" where there is no PatientID.
        rows: of the header table that are read, int64.
        all_rows: these, and those of the study's other files.
        places: of the files that these rows are of, each once.
        whole: no slice is merged with or dropped for another.
        reason: why this series.
        left_aside: the study's other files.
        left_rows: the rows of each of these entries, int64.
    """

    uid: str
    study_uid: str
    patient: str
    rows: np.ndarray = field(repr=False)
    all_rows: np.ndarray = field(repr=False)
    places: np.ndarray = field(repr=False)
    whole: bool
    reason: str
    left_aside: tuple[LeftAside, ...] = ()
    left_rows: tuple[np.ndarray, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class NothingChosen:
    """A study without a head CT: its rows, what was found in words, and (reason code, number of files)."""

    rows: np.ndarray = field(repr=False)
    sentence: str
    codes: tuple[tuple[str, int], ...] = ()


def choose(
    table: pa.Table,
    files: Sequence[DicomFile],
    *,
    labelled: np.ndarray,
    forced: Collection[str] = (),
    keeps_every_slice: bool = False,
) -> Iterator[Chosen | NothingChosen]:
    """Choose for one study after the other.

    A series that was asked for is taken. Else series whose slices carry labels are all kept, each whole and as a study
    of its own; their study's others are left aside. Else the rule of `ich.dicom.series` chooses one.

    Args:
        table: the headers, as `with_keys` gives them, with places.
        files: all files.
        labelled: bool (rows,), whether a slice carries labels of its own.
        forced: series uids that were asked for.
        keeps_every_slice: slices of this source carry labels or ids, whether or not a label table is there.

    Raises:
        DataError: two series of one study were asked for, or one that isn't there.
    """
    chooser = _Chooser(table, files, labelled=labelled, forced=frozenset(forced), every=keeps_every_slice)
    chooser.check_forced()
    for rows, pages in chooser.studies():
        yield from chooser.study(rows, pages)


class _Chooser:
    """The columns of the header table that choices look at, and the choice of one study."""

    def __init__(
        self, table: pa.Table, files: Sequence[DicomFile], *, labelled: np.ndarray, forced: frozenset[str], every: bool
    ) -> None:
        self.table, self.files, self.labelled, self.forced, self.every = table, files, labelled, forced, every
        self.places = table[PLACE].to_numpy()
        self.codes, self.sentences = TextColumn(table, "code"), TextColumn(table, "sentence")
        self.series, self.study_uids = TextColumn(table, "series_uid"), TextColumn(table, "study_uid")
        self.patients = TextColumn(table, "patient")
        self.all_rows = np.arange(len(table))
        self.is_good = self.codes.among({""}, rows=self.all_rows)

    def check_forced(self) -> None:
        """Every series that was asked for must be there.

        Raises:
            DataError: one isn't.
        """
        missing = self.forced - set(self.series.of(np.flatnonzero(self.is_good)))
        if missing:
            raise DataError(
                f"data.series={min(missing)}: expected a series of the data, found none of that uid; inspect=true "
                "lists what there is"
            )

    def studies(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows of each study (of one patient), and its pages that are no slices."""
        good = np.flatnonzero(self.is_good)
        both = group_column(self.table, ("study_uid", "patient")).combine_chunks().dictionary_encode()
        groups = split_by(good, both.indices.to_numpy()[good])
        with_pages = uids_with_pages((self.study_uids[rows[0]], self.patients[rows[0]]) for rows in groups)
        pages = self.all_rows[self.codes.among(NOT_SLICES, rows=self.all_rows)]
        pages = pages[self.study_uids.among(with_pages, rows=pages)]
        of_study = {
            int(self.study_uids.numbers[rows[0]]): rows for rows in split_by(pages, self.study_uids.numbers[pages])
        }
        nothing = np.zeros(0, dtype=np.int64)
        for rows in groups:
            yield rows, of_study.get(int(self.study_uids.numbers[rows[0]]), nothing)

    def study(self, rows: np.ndarray, pages: np.ndarray) -> Iterator[Chosen | NothingChosen]:
        """What becomes of one study.

        Args:
            rows: its slices in the header table, int (n,).
            pages: its files that are no slices, likewise.

        Raises:
            DataError: two series of it were asked for.
        """
        uids = self.series.of(rows)
        asked = [uid for uid in uids if uid in self.forced]
        if len(asked) > 1:
            raise DataError(f"data.series={asked[1]}: expected one series of a study, found a second; name one of them")
        whole = uids if self.every else self.series.of(rows[self.labelled[rows]])
        if asked and asked[0] not in whole:
            yield self._by_rule(rows, pages, series=asked[0])
        elif whole:
            yield from self._whole(rows, pages, uids=asked or whole, code="not_asked_for" if asked else "unlabelled")
        else:
            yield self._by_rule(rows, pages, series=None)

    def _whole(self, rows: np.ndarray, pages: np.ndarray, *, uids: list[str], code: str) -> Iterator[Chosen]:
        """Each of some series as a study of its own; the first of them accounts for what is left aside."""
        is_kept = self.series.among(set(uids), rows=rows)
        others = rows[~is_kept]
        aside = self._left_aside(rows[is_kept], pages, others=((int(row), code, REASONS[code]) for row in others))
        reason = EVERY_SERIES if self.every else ITS_LABELS
        for uid in uids:
            mine = rows[self.series.among({uid}, rows=rows)] if len(uids) > 1 else rows[is_kept]
            name = f"{self.study_uids[rows[0]]}/{uid}" if len(uids) > 1 else ""
            every = np.concatenate([mine, others, pages])
            yield self._chosen(mine, every, whole=True, reason=reason, left_aside=aside, name=name)
            aside, others, pages = {}, others[:0], pages[:0]

    def _by_rule(self, rows: np.ndarray, pages: np.ndarray, *, series: str | None) -> Chosen | NothingChosen:
        headers = headers_of(self.table.take(pa.array(rows)), self.files)
        try:
            choice = choose_series(headers, series=series)
        except NoSeries as error:
            codes = tuple((one.code, one.n_files) for one in error.not_chosen)
            return NothingChosen(rows, str(error).removeprefix("study: ").split(";")[0], codes)
        reasons = {id(header): (one.code, one.sentence) for one in choice.not_chosen for header in one.headers}
        chosen = {id(header) for header in choice.headers}
        is_chosen = np.array([id(header) in chosen for header in headers], dtype=bool)
        left = [(row, *reasons[id(headers[place])]) for place, row in enumerate(rows.tolist()) if not is_chosen[place]]
        aside = self._left_aside(rows[is_chosen], pages, others=left)
        every = np.concatenate([rows, pages])
        return self._chosen(rows[is_chosen], every, whole=False, reason=choice.reason, left_aside=aside)

    def _chosen(
        self,
        rows: np.ndarray,
        all_rows: np.ndarray,
        *,
        whole: bool,
        reason: str,
        left_aside: Mapping[LeftAside, np.ndarray],
        name: str = "",
    ) -> Chosen:
        study = self.study_uids[rows[0]]
        return Chosen(
            uid=name or study,
            study_uid=study,
            patient=self.patients[rows[0]],
            rows=rows,
            all_rows=np.sort(all_rows),
            places=np.unique(self.places[all_rows]),
            whole=whole,
            reason=reason,
            left_aside=tuple(left_aside),
            left_rows=tuple(left_aside.values()),
        )

    def _left_aside(
        self, kept: np.ndarray, pages: np.ndarray, *, others: Iterable[tuple[int, str, str]]
    ) -> dict[LeftAside, np.ndarray]:
        """Files left aside by series and reason, with their rows; a file of which a frame is kept isn't among them."""
        kept_files = set(self.places[kept].tolist())
        first: dict[int, tuple[str, str, str]] = {}  # of each file: what is said of its first frame
        rows: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        own = [(row, self.codes[row], self.sentences[row]) for row in pages.tolist()]
        for row, code, sentence in chain(others, own):
            place = int(self.places[row])
            if place not in kept_files:
                rows[first.setdefault(place, (self.series[row], code, sentence))].append(row)
        n_files = Counter(first.values())
        return {
            (uid, n_files[uid, code, sentence], code, sentence): np.array(found)
            for (uid, code, sentence), found in rows.items()
        }
