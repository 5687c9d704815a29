import csv
import io
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)  # fmt: skip

from ich.dicom import header as module
from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.parsing.elements import quiet_pydicom
from ich.dicom.reasons import REASONS


def test_a_sound_slice_gives_its_facts(write_slice):
    path = write_slice(
        z=12.5, PixelSpacing=["0.4", "0.6"], SliceThickness="5", ConvolutionKernel="H31s", InstanceNumber="7"
    )

    header = read_headers(DicomFile(path))[0]

    assert isinstance(header, SliceHeader)
    assert (header.rows, header.columns, header.position) == (4, 4, (0, 0, 12.5))
    assert (header.pixel_spacing, header.thickness_mm, header.kernel) == ((0.4, 0.6), 5.0, "H31S")
    assert (header.slope, header.intercept, header.instance_number) == (1.0, -1024.0, 7)
    assert header.transfer_syntax == "1.2.840.10008.1.2.1"
    assert path.read_bytes()[header.pixel_offset :] == np.full(16, 1064, "<i2").tobytes()


def test_what_may_be_missing_is_none(write_slice):
    header = read_headers(DicomFile(write_slice(RescaleSlope=None, RescaleIntercept=None)))[0]

    assert (header.thickness_mm, header.instance_number, header.padding) == (None, None, None)
    assert (header.slope, header.intercept, header.has_rescale) == (1.0, 0.0, False)


@pytest.mark.parametrize("text", ["-1024.000000", " -1024", "-1.024e3", "-1024\\0"])
def test_an_intercept_in_odd_text_is_read(write_slice, text):
    with quiet_pydicom():
        path = write_slice(RescaleIntercept=text)

    assert read_headers(DicomFile(path))[0].intercept == -1024


def test_a_slice_without_modality_is_ct_by_its_class(write_slice):
    assert isinstance(read_headers(DicomFile(write_slice(Modality=None)))[0], SliceHeader)


def test_invalid_uids_and_texts_reach_neither_terminal_nor_warnings(write_slice):
    with quiet_pydicom():
        path = write_slice(
            SOPInstanceUID="ID_1", SeriesInstanceUID="ID_2", StudyInstanceUID="ID_3", SpecificCharacterSet="NONSENSE",
            WindowCenter="00036\\00036", SeriesDescription="Sch\xe4del",
        )  # fmt: skip

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        header = read_headers(DicomFile(path))[0]

    assert (header.sop_uid, header.series_uid, header.study_uid) == ("ID_1", "ID_2", "ID_3")


def test_what_is_no_slice_says_of_which_series_and_study_it_is(write_slice):
    (rejected,) = read_headers(DicomFile(write_slice(SOPClassUID=SecondaryCaptureImageStorage)))

    assert isinstance(rejected, Rejected)
    assert (rejected.code, rejected.series_uid, rejected.study_uid) == ("secondary_capture", "1.2.3", "1.2")


def test_memory_that_does_not_suffice_is_a_reason_of_its_file(tmp_path, monkeypatch):
    def lacking(*_, **__):
        raise MemoryError

    monkeypatch.setattr(module, "read_dataset", lacking)
    (tmp_path / "file").write_bytes(b"x")

    assert read_headers(DicomFile(tmp_path / "file"))[0].code == "out_of_memory"


@pytest.mark.parametrize(
    "content", [b"", b"text", b"PK\x03\x04" * 50, b"\0" * 300], ids=["empty", "text", "zip", "zeros"]
)
def test_a_foreign_file_is_not_dicom(tmp_path, content):
    (tmp_path / "file").write_bytes(content)

    assert read_headers(DicomFile(tmp_path / "file"))[0].code == "not_dicom"


def test_a_zip_that_was_not_looked_into_says_so(tmp_path):
    (tmp_path / "study.zip").write_bytes(b"PK\x03\x04 no zip")

    assert read_headers(DicomFile(tmp_path / "study.zip"))[0].code == "unread_zip"


def test_a_locked_zip_says_that_it_takes_a_password(tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as writer:
        writer.writestr("slice.dcm", b"secret")
    locked = bytearray((tmp_path / "study.zip").read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # APPNOTE 4.4.4: bit 0 of the flags
    (tmp_path / "study.zip").write_bytes(locked)

    (found,) = read_headers(find_files(tmp_path)[0])

    assert found.code == "locked_zip"
    assert "password" in found.sentence


def test_a_file_that_vanished_is_unreadable(tmp_path):
    assert read_headers(DicomFile(tmp_path / "gone"))[0].code == "unreadable"


@pytest.mark.parametrize("is_implicit", [True, False], ids=["implicit", "explicit"])
def test_a_data_set_without_file_meta_is_read(tmp_path, data_set, is_implicit):
    made = data_set()
    del made.file_meta
    made.save_as(tmp_path / "bare", implicit_vr=is_implicit, little_endian=True, enforce_file_format=False)

    header = read_headers(DicomFile(tmp_path / "bare"))[0]

    assert isinstance(header, SliceHeader)
    assert (header.transfer_syntax == ImplicitVRLittleEndian) == is_implicit


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_each_plain_encoding_gives_the_same_header(write_slice, syntax):
    header = read_headers(DicomFile(write_slice(syntax=syntax, PixelPaddingValue=-2000)))[0]

    assert (header.rows, header.bits_stored, header.intercept, header.padding) == (4, 16, -1024, (-2000, -2000))


def test_padding_written_without_a_sign_is_read_with_it(write_slice):
    header = read_headers(DicomFile(write_slice(PixelPaddingValue=63536, PixelPaddingRangeLimit=63636)))[0]

    assert header.padding == (-2000, -1900)


def test_a_header_is_small_to_send_and_hides_the_patient(write_slice):
    header = read_headers(DicomFile(write_slice(PatientID="SECRET", SeriesDescription="SECRET")))[0]

    assert len(pickle.dumps([header] * 1)) < 1000
    assert pickle.loads(pickle.dumps(header)) == header
    assert "SECRET" not in repr(header)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), cut=st.floats(0, 1))
def test_any_mutation_of_a_file_ends_as_a_header_or_a_reason(tmp_path, data_set, seed, cut):
    stream = io.BytesIO()
    data_set().save_as(stream, enforce_file_format=True)
    content = bytearray(stream.getvalue())
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(content), 8):
        content[place] = rng.integers(256)
    (tmp_path / "mutant").write_bytes(content[: round(len(content) * (0.3 + 0.7 * cut))])

    found = read_headers(DicomFile(tmp_path / "mutant"))[0]

    assert isinstance(found, SliceHeader) or found.code in REASONS


ODD = {
    "693_J2KR.dcm": None, "693_UNCR.dcm": None, "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm": None,
    "CT1_J2KR": None, "CT_small.dcm": None, "ExplVR_BigEnd.dcm": "not_ct", "Fake_MONOHR1.dcm": "not_ct",
    "J2K_pixelrep_mismatch.dcm": None, "emri_small.dcm": "not_ct", "explicit_VR-UN.dcm": None,
    "image_dfl.dcm": "not_ct", "lungmask_no_meta_ct.dcm": None, "no-pixel-spacing.dcm": "not_ct",
    "no_meta.dcm": "not_dicom", "rtplan.dcm": "not_ct", "seg_image_ct_binary.dcm": "not_ct",
    "sr_document.dcm": "not_ct",
}  # fmt: skip


@pytest.mark.realdata
def test_each_of_the_odd_real_files_ends_as_documented(realdata):
    files = [file for file in find_files(realdata / "formats" / "odd.zip") if "/IM-" not in file.member]

    codes = {Path(file.member).name: getattr(read_headers(file)[0], "code", None) for file in files}

    assert codes == ODD


@pytest.mark.realdata
@pytest.mark.parametrize("archive", ["ge_tilt/ge_tilt.zip", "cq500/CQ500_CT_181.zip", "formats/syntaxes.zip"])
def test_headers_of_real_files_agree_with_the_table_of_facts(realdata, archive):
    with (realdata / "facts.csv").open() as table:
        facts = {row["member"]: row for row in csv.DictReader(table) if row["zip"] == archive}

    for file in find_files(realdata / archive):
        header, row = read_headers(file)[0], facts[file.member]

        assert header.sop_uid == row["SOPInstanceUID"]
        assert (header.rows, header.columns, header.bits_stored) == tuple(
            int(row[name]) for name in ("Rows", "Columns", "BitsStored")
        )
        assert header.position == tuple(map(float, row["ImagePositionPatient"].split("\\")))
        assert header.transfer_syntax == row["TransferSyntaxUID"]
