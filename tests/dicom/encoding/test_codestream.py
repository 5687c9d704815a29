import pytest

from ich.dicom.encoding.codestream import stated_size

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc3\x00\x0b\x10\x00\x03\x00\x05\x01"
JPEG_LS = b"\xff\xd8\xff\xf7\x00\x0b\x10\x00\x03\x00\x05\x01"
JPEG_2000 = b"\xff\x4f\xff\x51\x00\x29\x00\x00\x00\x00\x00\x06\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x02"


@pytest.mark.parametrize("stream", [JPEG, JPEG_LS, JPEG_2000], ids=["JPEG", "JPEG-LS", "JPEG 2000"])
def test_rows_and_columns_are_read_from_the_stream(stream):
    # by hand after ISO 10918-1 B.2.2, ISO 14495-1 C.2.2, ISO 15444-1 A.5.1; the last one less its offsets 1 and 2
    assert stated_size(stream) == (3, 5)


@pytest.mark.parametrize(
    "stream",
    [b"", b"\xff\xd8", JPEG[:14], b"\xff\xd8\xff\xda\x00\x02" + JPEG[2:], b"\x00\x01\x00\x00" * 16],
    ids=["empty", "start only", "cut off", "scan first", "RLE"],
)
def test_a_stream_without_a_size_gives_none(stream):
    assert stated_size(stream) is None
