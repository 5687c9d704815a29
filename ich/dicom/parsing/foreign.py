"""Says what a file is that is no DICOM."""

from typing import BinaryIO

from ich.dicom.files import DicomFile

# How archives of other kinds than zip begin: gzip (RFC 1952), bzip2, xz, 7-Zip, RAR, Zstandard (RFC 8878). A tar is
# known by a word further on (POSIX.1-1988, ustar).
_STARTS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd")
_TAR, _TAR_PLACE = b"ustar", 257
_PACKED_VOLUME = ".nii.gz"  # one file, no archive


def why_no_dicom(file: DicomFile, stream: BinaryIO) -> str:
    """The code of what a file is that is no DICOM.

    Args:
        file: the file.
        stream: its bytes; left behind the first of them.
    """
    if file.is_zip:
        return "nested_zip" if file.member else "unread_zip"
    is_volume = (file.member or file.path.name).lower().endswith(_PACKED_VOLUME)
    return "unread_archive" if not is_volume and _is_archive(stream) else "not_dicom"


def _is_archive(stream: BinaryIO) -> bool:
    stream.seek(0)
    start = stream.read(_TAR_PLACE + len(_TAR))
    return start.startswith(_STARTS) or start[_TAR_PLACE:] == _TAR
