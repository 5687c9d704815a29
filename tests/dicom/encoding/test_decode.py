import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.pixels import get_decoder, get_encoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)  # fmt: skip

from ich.dicom.encoding import decode as module
from ich.dicom.encoding.decode import UnreadablePixels, decode
from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import SliceHeader, read_headers

RAMP = np.arange(-1000, 600, 100).reshape(4, 4)  # HU
PLANES = [np.add.outer(np.arange(32), np.arange(32)) + index for index in range(3)]  # large enough for any codec


def by_parse(header: SliceHeader) -> np.ndarray:
    """The same slice through a parse of the whole file and pydicom's decoder."""
    return decode(replace(header, pixel_offset=None))


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless],
    ids=lambda syntax: syntax.name,
)
def test_pixels_read_in_place_are_those_that_a_parse_gives(write_slice, syntax):
    (header,) = read_headers(DicomFile(write_slice(syntax=syntax, hu=RAMP)))

    assert header.pixel_offset is not None
    np.testing.assert_array_equal(decode(header), by_parse(header))


@pytest.mark.parametrize(("bits", "code"), [(8, "u1"), (16, "u2"), (32, "u4"), (32, "i4")])
def test_each_width_of_pixels_is_read_in_place(write_slice, bits, code):
    values = np.arange(16, dtype=f"<{code}")
    path = write_slice(
        BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=int(code[0] == "i"),
        PixelData=values.tobytes(),
    )  # fmt: skip
    (header,) = read_headers(DicomFile(path))

    np.testing.assert_array_equal(decode(header).ravel(), values)
    np.testing.assert_array_equal(by_parse(header).ravel(), values)


def test_big_endian_bytes_that_may_lie_in_turned_pairs_are_left_to_the_parse(data_set, tmp_path):
    made = data_set(BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0, PixelData=bytes([1, 0, 3, 2] * 4))
    made.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    made["PixelData"].VR = "OW"
    dcmwrite(tmp_path / "big.dcm", made, force_encoding=True, implicit_vr=False, little_endian=False)
    (header,) = read_headers(DicomFile(tmp_path / "big.dcm"))

    assert header.pixel_offset is None
    np.testing.assert_array_equal(decode(header).ravel()[:4], [0, 1, 2, 3])


def test_a_member_of_a_zip_is_read_in_place(write_slice, tmp_path):
    path = write_slice(hu=RAMP)
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "slice")
    (file,) = find_files(tmp_path / "study.zip")

    np.testing.assert_array_equal(decode(read_headers(file)[0]) - 1024, RAMP)


@pytest.fixture
def enhanced(frames, tmp_path):
    """Writes an enhanced CT of three frames, compressed ones with or without offsets and in parts of a frame."""

    def write(syntax, *, has_offsets=True, parts=1):
        made = frames(PLANES)
        made.file_meta.TransferSyntaxUID = syntax
        if syntax in (RLELossless, JPEGLSLossless):
            plugin = "pydicom" if syntax == RLELossless else "pyjpegls"
            encoded = [
                get_encoder(syntax).encode(made, index=index, encoding_plugin=plugin) for index in range(len(PLANES))
            ]
            made.PixelData = encapsulate(encoded, fragments_per_frame=parts, has_bot=has_offsets)
            made["PixelData"].VR = "OB"
        made.save_as(tmp_path / "enhanced.dcm", enforce_file_format=True)
        return read_headers(DicomFile(tmp_path / "enhanced.dcm"))

    return write


@pytest.mark.parametrize(
    ("syntax", "ways"),
    [
        (ExplicitVRLittleEndian, {}),
        (DeflatedExplicitVRLittleEndian, {}),
        (RLELossless, {}),
        (RLELossless, {"has_offsets": False}),
        (JPEGLSLossless, {"parts": 2}),
        (JPEGLSLossless, {"has_offsets": False, "parts": 2}),
    ],
    ids=["plain", "deflated", "RLE", "RLE without offsets", "JPEG-LS in parts", "JPEG-LS in parts without offsets"],
)
def test_each_frame_is_read_alone(enhanced, syntax, ways):
    if syntax == JPEGLSLossless:
        pytest.importorskip("jpeg_ls")

    found = enhanced(syntax, **ways)

    for header, plane in zip(found, PLANES, strict=True):
        np.testing.assert_array_equal(decode(header).astype(np.int16) - 1024, plane)


def test_the_decoder_of_12_bit_jpeg_is_named_where_it_is_missing(write_slice):
    (header,) = read_headers(DicomFile(write_slice(syntax=RLELossless)))

    with pytest.raises(UnreadablePixels, match="pylibjpeg-libjpeg") as error:
        decode(replace(header, transfer_syntax="1.2.840.10008.1.2.4.51"))

    assert error.value.code == "no_decoder"


def test_a_stranger_s_text_for_an_encoding_is_not_repeated(write_slice, recwarn):
    (header,) = read_headers(DicomFile(write_slice()))

    with pytest.raises(UnreadablePixels, match="pixels: an encoding unknown to DICOM is read by no decoder"):
        decode(replace(header, transfer_syntax="1.2.<script>"))

    assert not recwarn.list


@pytest.mark.parametrize("raised", [MemoryError(), RuntimeError("gdcm: std::bad_alloc")], ids=["Python", "C++"])
def test_memory_that_does_not_suffice_is_a_reason_of_its_file(write_slice, monkeypatch, raised):
    (header,) = read_headers(DicomFile(write_slice(syntax=RLELossless)))

    def lacking(*_, **__):
        raise raised

    monkeypatch.setattr(module, "get_frame", lacking)
    with pytest.raises(UnreadablePixels) as error:
        decode(header)

    assert error.value.code == "out_of_memory"


def test_memory_that_does_not_suffice_inside_a_plugin_is_told_from_damage(write_slice, monkeypatch):
    (header,) = read_headers(DicomFile(write_slice(syntax=RLELossless)))

    def lacking(*_):
        raise MemoryError  # without a word, as Python itself does

    plugins = get_decoder(RLELossless)._available
    monkeypatch.setitem(plugins, next(iter(plugins)), lacking)
    for name in list(plugins)[1:]:
        monkeypatch.delitem(plugins, name)
    with pytest.raises(UnreadablePixels) as error:
        decode(header)

    assert error.value.code == "out_of_memory"


def test_a_compressed_picture_of_another_size_is_refused_before_it_is_decoded(enhanced, tmp_path):
    pytest.importorskip("jpeg_ls")
    (first, *_) = enhanced(JPEGLSLossless)
    content = (tmp_path / "enhanced.dcm").read_bytes()
    assert content.count(struct.pack(">HH", 32, 32)) == 3  # the matrix in each frame's own header
    (tmp_path / "enhanced.dcm").write_bytes(
        content.replace(struct.pack(">HH", 32, 32), struct.pack(">HH", 65500, 65500))
    )

    with pytest.raises(UnreadablePixels, match="65500, 65500"):
        decode(first)


def test_compressed_data_cut_off_after_the_header_was_read_are_no_picture(enhanced, tmp_path):
    *_, last = enhanced(RLELossless)
    (tmp_path / "enhanced.dcm").write_bytes((tmp_path / "enhanced.dcm").read_bytes()[:-60])

    with pytest.raises(UnreadablePixels):
        decode(last)


@pytest.mark.parametrize(("offset", "frame"), [(0, 0), (4, 0), (2**40, 0), (0, 10**6)])
def test_a_header_that_names_a_place_beyond_its_file_gives_a_reason(header, tmp_path, offset, frame):
    (tmp_path / "short").write_bytes(b"short")

    with pytest.raises(UnreadablePixels) as error:
        decode(header(file=DicomFile(tmp_path / "short"), pixel_offset=offset, frame=frame, n_frames=frame + 1))

    assert error.value.code == "truncated"
