"""Decides for each newly read header whether its file is used, left aside or rejected, and hashes its patient."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ich.dicom.files import DicomFile
from ich.dicom.header import SliceHeader
from ich.dicom.series import SeriesChoice, choose_series
from ich.errors import NoHeadCT
from ich.store.headers import MEMORY_ONLY, headers_of, rows_by
from ich.store.keys import HashKey

NO_HEAD_CT = "no_head_ct"
EVERY_SERIES = "every series of this source is kept"


def with_choices(table: pa.Table, files: Sequence[DicomFile], *, keeps_every_slice: bool) -> pa.Table:
    """Add what became of each file.

    Args:
        table: as `read_headers` gave it, with whole studies.
        files: of its rows.
        keeps_every_slice: no series is left aside.

    Returns:
        The table with `left_out` (reason code, "" where used), `left_out_sentence` and `reason` (why this series);
        the files of a study without a head CT have their `code` set, as rejected ones do.
    """
    codes, sentences = table["code"].to_numpy().copy(), table["sentence"].to_numpy().copy()
    left_out, why_not = np.full(len(table), "", object), np.full(len(table), "", object)
    reasons = np.full(len(table), EVERY_SERIES if keeps_every_slice else "", object)
    good = np.flatnonzero(codes == "")
    for rows in () if keeps_every_slice else rows_by(group_column(table, ("study_uid", "patient_id")), good):
        headers = headers_of(table.take(pa.array(rows)), [files[row] for row in rows])
        try:
            choice = choose_series(headers)
        except NoHeadCT as error:
            codes[rows] = NO_HEAD_CT
            sentences[rows] = f"its study: {str(error).removeprefix('study: ').split(';')[0]}"
            continue
        reasons[rows] = choice.reason
        for row, code, sentence in _left_out(rows, headers, choice):
            left_out[row], why_not[row] = code, sentence
    table = _put(_put(table, "code", codes), "sentence", sentences)
    return _put(_put(_put(table, "left_out", left_out), "left_out_sentence", why_not), "reason", reasons)


def with_patient_keys(table: pa.Table, *, source: str, key: HashKey) -> pa.Table:
    """Put the patient's key ("" where there is no PatientID) in place of everything that may name him."""
    raw = pc.fill_null(table["patient_id"], "").combine_chunks().dictionary_encode()
    keys = [key.patient(source, one) if one.strip() else "" for one in raw.dictionary.to_pylist()]
    patients = pa.DictionaryArray.from_arrays(raw.indices, pa.array(keys, pa.string())).cast(pa.string())
    return table.append_column("patient", patients).drop_columns(list(MEMORY_ONLY))


def group_column(table: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
    """One text a row that is equal where all the columns are."""
    return pa.chunked_array(
        [pc.binary_join_element_wise(*(pc.fill_null(table[name], "").combine_chunks() for name in names), "\0")]
    )


def _left_out(rows: np.ndarray, headers: Sequence[SliceHeader], choice: SeriesChoice) -> Iterator[tuple[int, str, str]]:
    """(row, code, sentence) of each file that isn't in the chosen series."""
    reasons: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in choice.not_chosen:
        reasons[one.series_uid] += [(one.code, one.sentence)] * one.n_files
    chosen = {id(header) for header in choice.headers}
    for row, header in zip(rows, headers, strict=True):
        if id(header) not in chosen:
            yield int(row), *reasons[header.series_uid].pop()


def _put(table: pa.Table, name: str, values: np.ndarray) -> pa.Table:
    column = pa.array(values, pa.string())
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, column)
    return table.append_column(name, column)
