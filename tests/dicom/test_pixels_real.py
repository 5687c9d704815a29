"""HU of real slices: the same in each encoding, and what another reader gives."""

import csv
import hashlib

import numpy as np
import pytest

from ich.dicom import pixels
from ich.dicom.encoding.decode import UnreadablePixels
from ich.dicom.files import find_files
from ich.dicom.header import SliceHeader, read_headers
from ich.dicom.pixels import read_hu, read_plane, read_stored, rescaled_hu

SYNTAXES = {
    "RLELossless": 0, "BigEndianExplicit": 0, "Deflated": 0, "JPEG2000LosslessOnly": 0, "JPEGLSLossless": 0,
    "JPEGProcess14SV1": 0, "JPEGProcess14T": 0, "LittleEndianImplicit": 0, "LittleEndianExplicit": 0,
    "JPEGLSLossyT": 1, "JPEG2000T": 5, "JPEGProcess1T": 64.2,
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize(("syntax", "largest"), SYNTAXES.items(), ids=SYNTAXES)
def test_one_real_slice_is_the_same_in_each_transfer_syntax(realdata, syntax, largest):
    files = {file.member: file for file in find_files(realdata / "formats" / "syntaxes.zip")}
    base = read_headers(files["syntaxes/CTImage.dcm"])[0]
    other = read_headers(next(file for member, file in files.items() if syntax in member))[0]

    difference = np.abs(rescaled_hu(read_stored(base), base) - rescaled_hu(read_stored(other), other))

    assert difference.max() <= largest


@pytest.mark.realdata
@pytest.mark.parametrize(("syntax", "way"), {"4.51": "pylibjpeg-libjpeg", "4.53": "rewrite", "4.55": "rewrite"}.items())
def test_retired_jpeg_says_that_no_decoder_reads_it(realdata, syntax, way):
    files = find_files(realdata / "formats" / "syntaxes.zip")
    header = read_headers(next(file for file in files if f"{syntax}.dcm" in file.member))[0]

    with pytest.raises(UnreadablePixels, match=way) as error:
        read_hu(header)

    assert error.value.code == "no_decoder"


# SimpleITK 2.5.7 has a GDCM of its own, built with 12-bit JPEG, so it reads three syntaxes and a perfusion map that we
# refuse; nothing else differs. (Slices of MONOCHROME1 would: see above. There is none among the real CT.)
ONLY_SIMPLEITK = {".51.dcm", ".53.dcm", ".55.dcm"}


@pytest.mark.slow  # some 25 s for 366 slices
@pytest.mark.realdata
def test_each_real_slice_is_bit_for_bit_what_simpleitk_and_the_table_of_facts_give(realdata, tmp_path):
    simpleitk = pytest.importorskip("SimpleITK")
    simpleitk.ProcessObject_SetGlobalWarningDisplay(False)
    with (realdata / "facts.csv").open() as table:
        digests = {(row["zip"], row["member"]): row["pixel_sha256"] for row in csv.DictReader(table)}
    archives = [path for path in realdata.rglob("*.zip") if path.parent.name != "ctich"]
    files = [file for archive in sorted(archives) for file in find_files(archive)]
    refused, n_same = set(), 0

    for header in (found for file in files for found in read_headers(file) if isinstance(found, SliceHeader)):
        (tmp_path / "slice.dcm").write_bytes(header.file.open().read())
        theirs = simpleitk.GetArrayFromImage(simpleitk.ReadImage(str(tmp_path / "slice.dcm"), imageIO="GDCMImageIO"))
        try:
            stored = read_stored(header)
        except UnreadablePixels as error:
            refused.add((error.code, header.file.member[-7:]))
            continue
        digest = hashlib.sha256(stored.astype("<i4").tobytes()).hexdigest()
        assert digest == digests[header.file.path.relative_to(realdata).as_posix(), header.file.member]
        np.testing.assert_array_equal(rescaled_hu(stored, header), np.rint(theirs[header.frame]))
        n_same += 1

    assert refused == {("no_decoder", name) for name in ONLY_SIMPLEITK}
    assert n_same == 366


@pytest.mark.realdata
@pytest.mark.parametrize("archive", ["formats/odd.zip", "philips_mixed/philips_S21570.zip"])
def test_some_real_slices_are_what_simpleitk_gives(realdata, tmp_path, archive):
    simpleitk = pytest.importorskip("SimpleITK")
    found = [one for file in find_files(realdata / archive) for one in read_headers(file)]
    headers = [one for one in found if isinstance(one, SliceHeader) and one.n_frames == 1]

    for header in headers[:: max(1, len(headers) // 4)]:
        (tmp_path / "slice.dcm").write_bytes(header.file.open().read())
        theirs = simpleitk.GetArrayFromImage(simpleitk.ReadImage(str(tmp_path / "slice.dcm"), imageIO="GDCMImageIO"))

        np.testing.assert_array_equal(rescaled_hu(read_stored(header), header), np.rint(theirs[0]))


# Raw maximum, pixels below -1024 HU without a tag (0 or more), as the notes on the real studies describe their quirks.
QUIRKS = {
    "rsna/stage_2_train_ID_8881b1c4b1.zip": (27_476, False),
    "rsna/stage_2_train_ID_30ea2b02d4.zip": (None, True),
    "rsna/stage_2_train_ID_74f2e4ee2b.zip": (None, False),
    "cq500/CQ500_CT_181.zip": (4095, False),
    "ge_tilt/ge_tilt.zip": (None, False),
}


@pytest.mark.realdata
@pytest.mark.parametrize(("archive", "quirk"), QUIRKS.items(), ids=QUIRKS)
def test_planes_show_the_quirks_of_real_studies(realdata, archive, quirk):
    highest, has_air = quirk

    planes = [read_plane(read_headers(file)[0]) for file in find_files(realdata / archive)]

    assert highest is None or max(plane.highest for plane in planes) == highest
    assert (max(plane.n_air for plane in planes) > 0) == has_air


@pytest.mark.realdata
def test_real_signed_slices_hold_no_value_below_air_though_no_padding_is_stated(realdata):
    headers = [read_headers(file)[0] for file in find_files(realdata / "rsna" / "stage_2_train_ID_30ea2b02d4.zip")]

    assert headers[0].padding is None
    assert rescaled_hu(read_stored(headers[0]), headers[0]).min() == -3024
    assert read_hu(headers[0]).min() == pixels.AIR == -1024
