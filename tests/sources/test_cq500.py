"""CQ500: its layouts, its table of reads, and the number that joins them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ich.dicom.header import SliceHeader, read_headers
from ich.dicom.scan import preprocess_scan
from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.cq500 import FINDINGS, READERS, Cq500, read_majority

REST = (
    *("BleedLocation-Left", "BleedLocation-Right", "ChronicBleed", "Fracture", "CalvarialFracture", "OtherFracture"),
    *("MassEffect", "MidlineShift"),
)
COLUMNS = [f"{reader}:{finding}" for reader in READERS for finding in (*FINDINGS.values(), *REST)]


def write_reads(root: Path, reads: dict[str, dict[str, str]], *, name: str = "reads.csv") -> Path:
    """A table in the form of the data set's: reads by name as three digits a finding, `110` where R1 and R2 see it."""
    rows = [
        ",".join([scan, "B1", *(found.get(column[3:], "000")[int(column[1]) - 1] for column in COLUMNS)])
        for scan, found in reads.items()
    ]
    (root / name).write_text("\n".join([",".join(["name", "Category", *COLUMNS]), *rows]) + "\n")
    return root / name


def scan_files(head: Any, number: int) -> dict[str, bytes]:
    """A scan's files by name: a plain series, and its bone reconstruction with fewer slices."""
    patient = f"CQ500CT{number}"
    files = {}
    for series, kernel, slices in (("CT Plain", "SOFT", head.slices), ("CT Bone", "BONE", head.slices[2:])):
        for place, one in enumerate(slices):
            one = one.copy()
            one.PatientID = one.PatientName = patient
            one.SeriesInstanceUID = f"{one.SeriesInstanceUID[:40]}.{len(series)}"
            one.SOPInstanceUID = f"{one.SOPInstanceUID[:40]}.{len(series)}"
            one.SeriesDescription, one.ConvolutionKernel = series, kernel
            content = io.BytesIO()
            one.save_as(content)
            files[f"{patient} {patient}/Unknown Study/{series}/CT{place:06d}.dcm"] = content.getvalue()
    return files


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(name, content)


def write_folder(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def lay_out(heads: list[Any], root: Path, *, way: str) -> tuple[Path, dict[int, str]]:
    """Scans 7 and 181 in one of the layouts; the root, and the place of each scan."""
    scans = {number: scan_files(head, number) for head, number in zip(heads, (7, 181), strict=True)}
    write_reads(root, {"CQ500-CT-181": {"ICH": "110", "EDH": "010", "SAH": "111"}, "CQ500-CT-7": {}})
    if way == "zips":
        for number, files in scans.items():
            write_zip(root / f"CQ500-CT-{number}.zip", files)
        return root, {number: f"CQ500-CT-{number}.zip" for number in scans}
    everything = {
        f"qct0{number % 3}/{name}": content for number, files in scans.items() for name, content in files.items()
    }
    places = {number: f"qct0{number % 3}/CQ500CT{number} CQ500CT{number}" for number in scans}
    if way == "mirror":
        write_folder(root, everything)
        return root, places
    if way == "one zip":
        write_zip(root / "archive.zip", {**everything, "reads.csv": (root / "reads.csv").read_bytes()})
        return root / "archive.zip", {number: f"archive.zip/{place}" for number, place in places.items()}
    for files in scans.values():
        write_folder(root, files)
    return root, {number: f"CQ500CT{number} CQ500CT{number}" for number in scans}


@pytest.mark.parametrize("way", ["zips", "folders", "mirror", "one zip"])
def test_a_miniature_in_each_layout_joins_its_files_with_its_reads(heads, tmp_path, way):
    root, places = lay_out(heads, tmp_path, way=way)
    source = Cq500(root)
    source.check()

    table = source.labels()
    names = [file.relative_to(source.root) for file in source.files()]

    assert (table.by, table.level) == ("file", "study")
    assert table.frame.loc[places[181]].tolist() == [0, 0, 0, 1, 0, 1]
    assert table.frame.loc[places[7]].tolist() == [0] * 6
    assert [sum(name.startswith(f"{place}/") for name in names) for place in places.values()] == [22, 22]
    assert len(names) == 44
    assert table.notes == ()


def test_the_plain_series_of_a_scan_is_chosen(heads, tmp_path):
    root, _ = lay_out(heads, tmp_path, way="zips")

    scan = preprocess_scan(root / "CQ500-CT-7.zip")

    np.testing.assert_array_equal(scan.hu, heads[0].hu)


def test_every_header_of_a_scan_names_its_patient_alike(heads, tmp_path):
    root, _ = lay_out(heads, tmp_path, way="zips")

    headers = [one for file in Cq500(root).files() for one in read_headers(file)]

    assert {one.patient_id for one in headers if isinstance(one, SliceHeader)} == {"CQ500CT7", "CQ500CT181"}


def test_scans_without_reads_and_reads_without_scans_are_counted(heads, tmp_path):
    root, places = lay_out(heads, tmp_path, way="zips")
    write_reads(root, {"CQ500-CT-181": {}, "CQ500-CT-18": {}, "CQ500-CT-70": {}})

    table = Cq500(root).labels()

    assert table.frame.index.tolist() == [places[181]]
    assert table.notes == (
        "1 scan has no row in reads.csv; its labels stay unknown",
        "2 scans of reads.csv are not among the files",
    )


def test_a_scan_that_lies_there_as_zip_and_unpacked_is_read_once(heads, tmp_path):
    root, places = lay_out(heads, tmp_path, way="folders")
    write_zip(root / "CQ500-CT-7.zip", scan_files(heads[0], 7))
    source = Cq500(root)

    assert len(source.files()) == 44
    assert set(source.labels().frame.index) == set(places.values())
    assert source.labels().notes == ("1 scan lies there twice; read once, rather from a folder",)


def test_a_damaged_zip_stays_among_the_files_to_be_rejected(heads, tmp_path):
    root, _ = lay_out(heads, tmp_path, way="zips")
    (root / "CQ500-CT-9.zip").write_bytes(b"PK damaged")

    found = [one for file in Cq500(root).files() for one in read_headers(file) if not isinstance(one, SliceHeader)]

    assert [(one.file.path.name, one.code) for one in found] == [("CQ500-CT-9.zip", "unread_zip")]


def test_two_readers_of_three_make_a_label_and_a_lone_read_makes_none(tmp_path):
    reads = {"CQ500-CT-1": {"ICH": "101", "SDH": "001", "IVH": "1  ", "EDH": "1 1"}}

    truth, notes = read_majority(write_reads(tmp_path, reads))

    labels = dict(zip(LABELS, truth.loc[1], strict=True))
    assert (labels["any"], labels["subdural"], labels["epidural"]) == (1, 0, 1)
    assert np.isnan(labels["intraventricular"])
    assert any("no two readers agree on" in note for note in notes)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (("CQ500-CT-1", "200"), "expected reads of 0 or 1"),
        (("patient one", "000"), "expected names such as CQ500-CT-181, found another in row 2"),
    ],
    ids=["value", "name"],
)
def test_a_table_of_other_content_is_an_error(tmp_path, row, sentence):
    path = write_reads(tmp_path, {row[0]: {"ICH": row[1]}})

    with pytest.raises(DataError, match=sentence):
        read_majority(path)


def test_a_scan_with_two_rows_that_disagree_is_an_error(tmp_path):
    path = write_reads(tmp_path, {"CQ500-CT-1": {}, "CQ500CT1": {"ICH": "111"}})

    with pytest.raises(DataError, match="two that disagree"):
        read_majority(path)


def test_a_root_without_scans_or_reads_says_what_is_missing(heads, tmp_path):
    write_reads(tmp_path, {})
    with pytest.raises(DataError, match=r"expected CQ500-CT-<n>\.zip or folders CQ500CT<n>, found none"):
        Cq500(tmp_path).check()

    root, _ = lay_out(heads, tmp_path, way="zips")
    (root / "reads.csv").unlink()
    with pytest.raises(DataError, match=r"expected the table of reads reads.csv, found none"):
        Cq500(root).check()


@pytest.mark.realdata
def test_the_real_reads_give_the_published_counts(realdata):
    truth, notes = read_majority(realdata / "tables" / "cq500_reads.csv")

    # Chilamkurthy 2018, table 2, and the table's own README: 491 scans, six of them with any but no subtype.
    assert len(truth) == 491
    assert dict(truth.sum().astype(int)) == {
        "any": 205,
        "intraparenchymal": 134,
        "intraventricular": 28,
        "subdural": 53,
        "epidural": 13,
        "subarachnoid": 60,
    }
    assert notes == ("cq500_reads.csv: 6 scans have any by majority but no subtype; left as they are",)


@pytest.mark.realdata
def test_the_real_scan_181_is_found_in_its_zip_and_has_its_label(realdata, tmp_path):
    archive = tmp_path / "CQ500_CT_181.zip"
    archive.write_bytes((realdata / "cq500" / "CQ500_CT_181.zip").read_bytes())
    (tmp_path / "reads.csv").write_bytes((realdata / "tables" / "cq500_reads.csv").read_bytes())
    source = Cq500(tmp_path)

    table = source.labels()

    assert len(source.files()) == 30
    assert dict(table.frame.loc["CQ500_CT_181.zip"]) == {
        "epidural": 1,
        "intraparenchymal": 0,
        "intraventricular": 0,
        "subarachnoid": 1,
        "subdural": 0,
        "any": 1,
    }
    assert "490 scans of reads.csv are not among the files" in table.notes
