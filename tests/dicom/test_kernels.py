import pytest

from ich.dicom.kernels import is_enhanced, is_localizer, is_projection, is_sharp


@pytest.mark.parametrize(
    "kernel", ["BONE", "BONEPLUS", "EDGE", "H60s", "B70f", "Hr64h", "J70h\\3", "YA", "YB", "FC30", "FC81"]
)
def test_kernels_for_bone_are_sharp(header, kernel):
    assert is_sharp(header(kernel=kernel.upper()))


@pytest.mark.parametrize(
    "kernel", ["STANDARD", "STD+", "SOFT", "H31s", "J40s\\3", "Hr38h", "UB", "UA", "FC26", "FC64", "B"]
)
def test_kernels_for_brain_are_soft_even_where_words_say_bone(header, kernel):
    assert not is_sharp(header(kernel=kernel.upper(), series_description="5mm, bone window stored"))


@pytest.mark.parametrize(("words", "sharp"), [("HEAD BONE 1.25", True), ("KNOCHEN", True), ("head 5mm", False)])
def test_without_a_kernel_the_words_decide(header, words, sharp):
    assert is_sharp(header(series_description=words)) == sharp


# series descriptions of CQ500 (FIELD.md 4.2 of the project's notes lists them with their counts) and common ones
@pytest.mark.parametrize(
    "words", ["CT POST CONTRAST", "CT 4cc sec 150cc D3D on", "HEAD +C", "Head C+ 5mm", "CTA Neck", "ANGIO", "HEAD_CE"]
)
def test_words_for_contrast_are_known(header, words):
    assert is_enhanced(header(series_description=words))


@pytest.mark.parametrize(
    "words",
    ["CT PLAIN THIN", "CT Plain", "CT PRE CONTRAST THIN", "CT PRE CONTRAST 5MM STD", "CT 55mm Plain", "CT HELICAL",
     "HEAD W/O CONTRAST", "non-contrast head", "NCCT", "Head without IV contrast", "POST FOSSA", "Head post op", ""],
)  # fmt: skip
def test_words_against_contrast_are_known(header, words):
    assert not is_enhanced(header(series_description=words))


def test_the_contrast_tag_counts_unless_words_deny_it(header):
    assert is_enhanced(header(contrast=True))
    assert not is_enhanced(header(contrast=True, series_description="CT PLAIN"))


def test_localizers_are_known_by_type_or_words(header):
    assert is_localizer(header(image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")))
    assert is_localizer(header(series_description="Topogram  0.6  T20s"))
    assert not is_localizer(header())


def test_projections_are_known_by_type_and_ge_s_added_slices_are_none(header):
    assert is_projection(header(image_type=("DERIVED", "SECONDARY", "MIP")))
    assert not is_projection(header(image_type=("ORIGINAL", "PRIMARY", "AXIAL", "ADD")))
