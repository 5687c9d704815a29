import warnings

import pytest
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ich.dicom import elements as module
from ich.dicom.elements import Elements, quiet_pydicom, read_dataset
from ich.errors import DataError


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
    assert elements(WindowCenter="00036\\00040").numbers("WindowCenter") == (36.0, 40.0)


def test_an_absent_element_is_empty_in_each_form(elements):
    found = elements()

    assert (found.text("PatientName"), found.texts("PatientName"), found.whole("Overlays")) == ("", (), None)


def test_a_deflated_file_that_grows_beyond_any_slice_is_refused(write_slice, monkeypatch):
    monkeypatch.setattr(module, "MAX_INFLATED_BYTES", 5000)
    path = write_slice(syntax=DeflatedExplicitVRLittleEndian, PixelData=bytes(100_000))

    with path.open("rb") as stream, pytest.raises(DataError, match="once unpacked"):
        read_dataset(stream, with_pixels=False)


def test_pydicom_s_settings_are_as_before_after_a_quiet_reading():
    before = config.settings.reading_validation_mode

    with quiet_pydicom():
        assert config.settings.reading_validation_mode == config.IGNORE

    assert config.settings.reading_validation_mode == before


def test_warnings_of_others_are_heard_again_after_a_quiet_reading():
    with quiet_pydicom():
        warnings.warn("not heard", UserWarning, stacklevel=1)

    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)


def test_a_sequence_gives_its_items_and_anything_else_none(elements):
    item = Dataset()
    item.SliceThickness = "5"
    found = elements(PixelMeasuresSequence=[item])

    assert [Elements(one).number("SliceThickness") for one in found.items("PixelMeasuresSequence")] == [5.0]
    assert (found.items("PlanePositionSequence"), found.items("Rows")) == ([], [])
