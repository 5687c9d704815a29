import io
import struct
import warnings

import pytest
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ich.dicom.parsing import elements as module
from ich.dicom.parsing import limited_stream
from ich.dicom.parsing.elements import Elements, quiet_pydicom, read_dataset
from ich.errors import DataError

ITEM = struct.pack("<HH", 0xFFFE, 0xE000)  # its length follows
END_OF_ITEM, END_OF_ITEMS = struct.pack("<HHL", 0xFFFE, 0xE00D, 0), struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


@pytest.fixture
def elements(write_slice):
    """Writes a slice with these elements and reads them back."""

    def read(**values) -> Elements:
        with quiet_pydicom(), write_slice(**values).open("rb") as stream:
            return Elements(read_dataset(stream, with_pixels=False))

    return read


@pytest.mark.parametrize("text", ["abc", "1\\abc", "nan", "1e400"])
def test_text_that_is_no_finite_number_gives_none(elements, text):
    found = elements(SeriesDescription=text)

    assert (found.number("SeriesDescription"), found.numbers("SeriesDescription")) == (None, ())


def test_leading_zeros_and_several_values_are_numbers(elements):
    assert elements(PixelSpacing="00036\\00040").numbers("PixelSpacing") == (36.0, 40.0)


def test_an_absent_element_is_empty_in_each_form(elements):
    found = elements()

    absent = (found.text("RescaleType"), found.texts("RescaleType"), found.whole("PixelPaddingValue"))
    assert absent == ("", (), None)


def deflated_bomb(write_slice, **meta):
    """A deflated file of 100,000 bytes of pixels, with these elements of its file meta."""
    path = write_slice(syntax=DeflatedExplicitVRLittleEndian, PixelData=bytes(100_000))
    made = dcmread(path)
    for keyword, value in meta.items():
        setattr(made.file_meta, keyword, value)
    made.save_as(path, enforce_file_format=False)
    return path


def test_a_deflated_file_that_grows_beyond_any_slice_is_refused(write_slice, monkeypatch):
    monkeypatch.setattr(module, "MAX_INFLATED_BYTES", 5000)

    with deflated_bomb(write_slice).open("rb") as stream, pytest.raises(DataError, match="once unpacked"):
        read_dataset(stream, with_pixels=False)


def test_a_long_uid_before_the_encoding_hides_no_deflated_file(write_slice, monkeypatch):
    monkeypatch.setattr(module, "MAX_INFLATED_BYTES", 5000)
    with quiet_pydicom():
        path = deflated_bomb(write_slice, MediaStorageSOPInstanceUID="1." * 1000)

    with quiet_pydicom(), path.open("rb") as stream, pytest.raises(DataError, match="once unpacked"):
        read_dataset(stream, with_pixels=False)


def test_a_lie_about_the_length_of_the_file_meta_hides_no_deflated_file(write_slice, monkeypatch):
    monkeypatch.setattr(module, "MAX_INFLATED_BYTES", 5000)
    path = deflated_bomb(write_slice)
    content = bytearray(path.read_bytes())
    content[140:144] = (len(content) - 144).to_bytes(4, "little")  # the element that says how long it is
    path.write_bytes(content)

    with path.open("rb") as stream, pytest.raises(DataError, match="once unpacked"):
        read_dataset(stream, with_pixels=False)


@pytest.fixture
def flooded(write_slice):
    """Writes a slice with so many empty elements, in the file or in an item of a sequence, and opens it."""

    def write(n_elements, *, into=""):
        content = write_slice().read_bytes()
        flood = b"".join(
            struct.pack("<HH2sH", 0x0021 + 2 * (number >> 15), 0x1000 + (number & 0x7FFF), b"LO", 0)
            for number in range(n_elements)
        )
        if into == "undefined":
            flood = ITEM + b"\xff" * 4 + flood + END_OF_ITEM + END_OF_ITEMS
            flood = struct.pack("<HH2sHL", 0x5200, 0x9229, b"SQ", 0, 0xFFFFFFFF) + flood
        elif into == "defined":
            flood = ITEM + struct.pack("<L", len(flood)) + flood
            flood = struct.pack("<HH2sHL", 0x5200, 0x9229, b"SQ", 0, len(flood)) + flood
        at = content.index(struct.pack("<HH", 0x7FE0, 0x0010))
        return io.BytesIO(content[:at] + flood + content[at:])

    return write


@pytest.mark.parametrize("into", ["", "undefined", "defined"])
def test_a_flood_of_elements_is_refused_wherever_it_stands(flooded, monkeypatch, into):
    monkeypatch.setattr(limited_stream.LimitedStream.__init__, "__kwdefaults__", {"n_bytes": 1 << 23, "n_reads": 500})

    with quiet_pydicom(), pytest.raises(DataError, match="header: expected at most 8 MB and 500,000 elements"):
        Elements(read_dataset(flooded(1000, into=into), with_pixels=False)).items("SharedFunctionalGroupsSequence")


def test_only_what_is_asked_for_is_kept_of_a_file(flooded):
    with quiet_pydicom():
        dataset = read_dataset(flooded(1000), with_pixels=False)

    assert len(dataset) < 30
    assert Elements(dataset).whole("Rows") == 4


def test_a_value_longer_than_any_header_is_refused(write_slice):
    content = write_slice(SeriesDescription="x").read_bytes()
    long = struct.pack("<HH2sHL", 0x0008, 0x103E, b"UT", 0, 1 << 24) + b"x" * (1 << 24)
    at = content.index(struct.pack("<HH2s", 0x0008, 0x103E, b"LO"))

    with quiet_pydicom(), pytest.raises(DataError, match="header: expected at most 8 MB"):
        read_dataset(io.BytesIO(content[:at] + long + content[at + 10 :]), with_pixels=False)


def test_pydicom_s_settings_are_as_before_after_a_quiet_reading():
    before = config.settings.reading_validation_mode

    with quiet_pydicom():
        assert config.settings.reading_validation_mode == config.IGNORE

    assert config.settings.reading_validation_mode == before


def test_warnings_of_others_are_heard_again_after_a_quiet_reading():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with quiet_pydicom():
            warnings.warn("while it is quiet", UserWarning, stacklevel=1)
        warnings.warn("afterwards", UserWarning, stacklevel=1)

    assert [str(one.message) for one in heard] == ["afterwards"]


def test_a_sequence_gives_its_items_and_anything_else_none(elements):
    item = Dataset()
    item.SliceThickness = "5"
    found = elements(PixelMeasuresSequence=[item])

    assert [Elements(one).number("SliceThickness") for one in found.items("PixelMeasuresSequence")] == [5.0]
    assert (found.items("PlanePositionSequence"), found.items("Rows")) == ([], [])
