import pytest

from ich.dicom.parsing.kinds import SeriesKind, series_kind

AXIAL = ("ORIGINAL", "PRIMARY", "AXIAL")


def kind(
    image_type: tuple[str, ...] = AXIAL, *, kernel: str = "", words: str = "", contrast: bool = False
) -> SeriesKind:
    return series_kind(image_type, kernel=kernel.upper(), description=words, contrast=contrast)


@pytest.mark.parametrize(
    "kernel", ["BONE", "BONEPLUS", "EDGE", "H60s", "B70f", "Hr64h", "J70h\\3", "YA", "YB", "FC30", "FC81"]
)
def test_kernels_for_bone_are_sharp(kernel):
    assert kind(kernel=kernel).sharp


@pytest.mark.parametrize(
    "kernel", ["STANDARD", "STD+", "SOFT", "H31s", "J40s\\3", "Hr38h", "UB", "UA", "FC26", "FC64", "B"]
)
def test_kernels_for_brain_are_soft_even_where_words_say_bone(kernel):
    assert not kind(kernel=kernel, words="5mm, bone window stored").sharp


@pytest.mark.parametrize(("words", "sharp"), [("HEAD BONE 1.25", True), ("KNOCHEN", True), ("head 5mm", False)])
def test_without_a_kernel_the_words_decide(words, sharp):
    assert kind(words=words).sharp == sharp


# series descriptions of CQ500 as its readers list them, and common ones
@pytest.mark.parametrize(
    "words", ["CT POST CONTRAST", "CT 4cc sec 150cc D3D on", "HEAD +C", "Head C+ 5mm", "CTA Neck", "ANGIO", "HEAD_CE"]
)
def test_words_for_contrast_are_known(words):
    assert kind(words=words).enhanced


@pytest.mark.parametrize(
    "words",
    ["CT PLAIN THIN", "CT Plain", "CT PRE CONTRAST THIN", "CT PRE CONTRAST 5MM STD", "CT 55mm Plain", "CT HELICAL",
     "HEAD W/O CONTRAST", "non-contrast head", "NCCT", "Head without IV contrast", "POST FOSSA", "Head post op", ""],
)  # fmt: skip
def test_words_against_contrast_are_known(words):
    assert not kind(words=words).enhanced


def test_a_contrast_agent_counts_unless_words_deny_it():
    assert kind(contrast=True).enhanced
    assert not kind(contrast=True, words="CT PLAIN").enhanced


def test_localizers_are_told_by_type_or_by_words():
    assert kind(("ORIGINAL", "PRIMARY", "LOCALIZER")).localizer
    assert kind(words="Topogram  0.6  T20s").localizer
    assert not kind().localizer


def test_projections_are_told_by_type_or_by_words():
    assert kind(("DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MIP")).projection
    assert kind(words="AX MIP 10mm").projection
    assert kind(words="CBF").projection
    assert kind(("DERIVED", "SECONDARY", "MIP")).projection
    assert not kind(("ORIGINAL", "PRIMARY", "AXIAL", "ADD")).projection


def test_reformats_are_told_by_type_or_by_words():
    assert kind(words="Axial_MPR 5mm").reformat
    assert kind(words="HEAD COR 3.0").reformat
    assert kind(("DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE")).reformat
    assert kind(("DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MPR")).reformat
    assert not kind().reformat
