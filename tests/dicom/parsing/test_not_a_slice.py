import pytest
from pydicom.uid import MultiFrameGrayscaleWordSecondaryCaptureImageStorage, SecondaryCaptureImageStorage

from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.parsing.elements import quiet_pydicom
from ich.dicom.reasons import NOT_SLICES, REASONS


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"Modality": "MR"}, "not_ct"),
        ({"PixelData": None}, "no_pixels"),
        ({"NumberOfFrames": 2}, "no_geometry"),
        ({"NumberOfFrames": 5000}, "odd_frames"),
        ({"NumberOfFrames": -1}, "odd_frames"),
        ({"SOPClassUID": MultiFrameGrayscaleWordSecondaryCaptureImageStorage}, "secondary_capture"),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, "secondary_capture"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "colour"),
        ({"RescaleType": "Z_EFF"}, "not_hu"),
        ({"ImagePositionPatient": None}, "no_geometry"),
        ({"ImagePositionPatient": None, "ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]}, "summary_page"),
        ({"ImagePositionPatient": None, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
        ({"ImagePositionPatient": None, "ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "projection"),
        ({"ImagePositionPatient": ["0", "0", "nan"]}, "no_geometry"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "no_geometry"),
        ({"ImageOrientationPatient": [0] * 6}, "no_geometry"),
        ({"PixelSpacing": [0, 0]}, "no_geometry"),
        ({"Rows": 0}, "odd_size"),
        ({"Rows": 60_000, "Columns": 60_000}, "odd_size"),
        ({"BitsAllocated": 12}, "odd_bits"),
        ({"BitsStored": 20}, "odd_bits"),
        ({"BitsStored": 12, "HighBit": 15}, "odd_bits"),
        ({"PixelData": b"\0" * 30}, "truncated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, (*value, *value.values()))),
)  # fmt: skip
def test_what_is_no_slice_is_rejected_with_a_code_and_a_sentence(write_slice, elements, code):
    with quiet_pydicom():
        path = write_slice(**elements)

    rejected = read_headers(DicomFile(path))[0]

    assert isinstance(rejected, Rejected)
    assert (rejected.code, rejected.sentence) == (code, REASONS[code])


@pytest.mark.parametrize(("agent", "enhanced"), [("Omnipaque 300", True), ("NONE", False), ("", False)])
def test_an_agent_that_is_named_means_contrast_medium(write_slice, agent, enhanced):
    (header,) = read_headers(DicomFile(write_slice(ContrastBolusAgent=agent)))

    assert header.kind.enhanced == enhanced


@pytest.mark.parametrize("kind", ["US", "HU", "HU_MOD", ""])
def test_hu_and_what_does_not_say_its_unit_are_read(write_slice, kind):
    assert isinstance(read_headers(DicomFile(write_slice(RescaleType=kind)))[0], SliceHeader)


@pytest.mark.realdata
def test_the_pages_of_the_real_philips_export_belong_to_a_series_of_its_study(realdata):
    found = [one for file in find_files(realdata / "philips_mixed") for one in read_headers(file)]
    pages = [one for one in found if isinstance(one, Rejected) and one.code in NOT_SLICES]
    slices = [one for one in found if isinstance(one, SliceHeader)]

    assert (len(pages), len({page.series_uid for page in pages})) == (6, 1)
    assert {page.study_uid for page in pages} == {header.study_uid for header in slices}
