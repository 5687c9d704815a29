import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import Rejected, read_headers

PLANES = [np.full((4, 4), 10 * index) for index in range(3)]


@pytest.fixture
def headers(frames, tmp_path):
    """Writes an enhanced CT of three frames and reads its headers."""

    def read(syntax=ExplicitVRLittleEndian, **changes):
        made = frames(PLANES, **changes)
        made.file_meta.TransferSyntaxUID = syntax
        made.save_as(tmp_path / "enhanced.dcm", enforce_file_format=True)
        return read_headers(DicomFile(tmp_path / "enhanced.dcm"))

    return read


def in_group(sequence, **elements):
    """A change of frame 1's groups."""

    def change(one: Dataset, index: int) -> None:
        if index == 1:
            item = Dataset()
            for keyword, value in elements.items():
                setattr(item, keyword, value)
            setattr(one, sequence, [item])

    return change


@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian],
    ids=lambda syntax: syntax.name,
)
def test_each_frame_has_a_header_from_its_own_and_the_shared_groups(headers, syntax):
    found = headers(syntax)

    assert [header.position for header in found] == [(0, 0, 0), (0, 0, 5), (0, 0, 10)]
    assert {(h.orientation, h.pixel_spacing, h.thickness_mm) for h in found} == {((1, 0, 0, 0, 1, 0), (0.5, 0.5), 5.0)}
    assert {(h.slope, h.intercept, h.has_rescale, h.n_frames) for h in found} == {(1.0, -1024.0, True, 3)}
    assert [(header.frame, header.instance_number) for header in found] == [(0, 1), (1, 2), (2, 3)]


def test_the_uid_of_a_frame_is_that_of_its_file_with_the_frame_s_number(headers):
    assert [header.sop_uid for header in headers()] == ["1.2.10000#1", "1.2.10000#2", "1.2.10000#3"]


def test_the_only_frame_of_a_file_keeps_the_file_s_uid(frames, tmp_path):
    frames(PLANES[:1]).save_as(tmp_path / "one.dcm", enforce_file_format=True)

    (header,) = read_headers(DicomFile(tmp_path / "one.dcm"))

    assert (header.sop_uid, header.n_frames) == ("1.2.10000", 1)


def test_a_frame_s_own_rescale_and_type_count_before_the_shared_ones(headers):
    rescaled = headers(
        frame=in_group("PixelValueTransformationSequence", RescaleSlope=2, RescaleIntercept=-1000, RescaleType="HU")
    )
    typed = headers(frame=in_group("CTImageFrameTypeSequence", FrameType=["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]))

    assert [(header.slope, header.intercept) for header in rescaled] == [(1, -1024), (2, -1000), (1, -1024)]
    assert [header.kind.localizer for header in typed] == [False, True, False]


@pytest.mark.parametrize(
    "sequence", ["CTReconstructionSequence", "UnassignedPerFrameConvertedAttributesSequence"], ids=["own", "converted"]
)
def test_the_kernel_is_found_in_enhanced_and_in_converted_files(headers, sequence):
    found = headers(frame=in_group(sequence, ConvolutionKernel="H70h"))

    assert (found[1].kernel, found[1].kind.sharp) == ("H70H", True)


def test_contrast_medium_is_known_from_its_usage(headers):
    found = headers(frame=in_group("ContrastBolusUsageSequence", ContrastBolusAgentAdministered="YES"))

    assert [header.kind.enhanced for header in found] == [False, True, False]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"frame": in_group("PlanePositionSequence")}, "no_geometry"),
        ({"frame": in_group("PixelValueTransformationSequence", RescaleType="ED")}, "not_hu"),
        ({"Rows": 4}, None),
    ],
    ids=["one without position", "one in other units", "sound"],
)
def test_a_file_is_rejected_whole_for_a_frame_that_is_no_slice(headers, changes, code):
    found = headers(**changes)

    assert [getattr(one, "code", None) for one in found] == ([code] if code else [None] * 3)


@pytest.mark.parametrize("n_frames", [2, 4, 1_000_000, 0.5])
def test_a_number_of_frames_that_is_not_that_of_the_groups_is_odd(frames, tmp_path, n_frames):
    made = frames(PLANES)
    made["NumberOfFrames"]._value = str(n_frames)
    made.save_as(tmp_path / "odd.dcm", enforce_file_format=True)

    (found,) = read_headers(DicomFile(tmp_path / "odd.dcm"))

    assert isinstance(found, Rejected)
    assert (found.code, found.series_uid, found.study_uid) == ("odd_frames", "1.2.3", "1.2")


def test_frames_beyond_the_end_of_the_pixels_make_the_file_truncated(headers):
    (found,) = headers(PixelData=bytes(2 * 32 + 30))

    assert found.code == "truncated"


@pytest.mark.realdata
def test_a_real_enhanced_ct_gives_two_frames_of_a_perfusion_map(realdata):
    file = next(file for file in find_files(realdata / "formats" / "odd.zip") if "CT0012" in file.member)

    found = read_headers(file)

    assert [header.position for header in found] == [(99.5, -301.5, -159.0), (99.5, -301.5, -149.0)]
    assert {(h.slope, h.intercept, h.thickness_mm, h.kind.projection) for h in found} == {(1.0, -1024.0, 10.0, True)}
