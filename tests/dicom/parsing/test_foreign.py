"""What a file is that is no DICOM."""

import bz2
import gzip
import lzma

import pytest

from ich.dicom.files import DicomFile
from ich.dicom.header import read_headers


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("study.7z", b"7z\xbc\xaf\x27\x1c\0\4"),
        ("study.rar", b"Rar!\x1a\x07\x01\x00"),
        ("study.tar.gz", gzip.compress(b"slice")),
        ("study.tbz", bz2.compress(b"slice")),
        ("study.txz", lzma.compress(b"slice")),
        ("study.tar", b"slice".ljust(257, b"\0") + b"ustar\x0000"),
    ],
)
def test_an_archive_of_another_kind_than_zip_says_so_whatever_its_name(tmp_path, name, start):
    for path in (tmp_path / name, tmp_path / "study"):
        path.write_bytes(start)

        assert read_headers(DicomFile(path))[0].code == "unread_archive"


def test_a_packed_volume_is_no_archive(tmp_path):
    (tmp_path / "head.nii.gz").write_bytes(gzip.compress(b"volume"))

    assert read_headers(DicomFile(tmp_path / "head.nii.gz"))[0].code == "not_dicom"
