"""Reads the functional groups of a multi-frame file: a view of its elements for each frame."""

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

from ich.dicom.parsing.elements import Elements

MAX_FRAMES = 4096  # a head at 0.5 mm has 400; a perfusion of 16 cm some 20 times 320 in as many files

_CONVERTED = ("UnassignedPerFrameConvertedAttributesSequence", "UnassignedSharedConvertedAttributesSequence")

# In which group a frame's element stands, and under which keyword. Source: DICOM PS3.3 C.7.6.16.2, C.8.15.3; the
# unassigned ones are those of files that were converted from single frames (C.7.6.25).
_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "ImagePositionPatient": (("PlanePositionSequence",), "ImagePositionPatient"),
    "ImageOrientationPatient": (("PlaneOrientationSequence",), "ImageOrientationPatient"),
    "PixelSpacing": (("PixelMeasuresSequence",), "PixelSpacing"),
    "SliceThickness": (("PixelMeasuresSequence",), "SliceThickness"),
    "RescaleSlope": (("PixelValueTransformationSequence",), "RescaleSlope"),
    "RescaleIntercept": (("PixelValueTransformationSequence",), "RescaleIntercept"),
    "RescaleType": (("PixelValueTransformationSequence",), "RescaleType"),
    "ImageType": (("CTImageFrameTypeSequence",), "FrameType"),
    "ConvolutionKernel": (("CTReconstructionSequence", *_CONVERTED), "ConvolutionKernel"),
    "ContrastBolusAgent": (_CONVERTED, "ContrastBolusAgent"),
    "ContrastBolusAgentAdministered": (("ContrastBolusUsageSequence",), "ContrastBolusAgentAdministered"),
}


class FrameElements(Elements):
    """Elements as they hold for one frame: of its own groups, else of the shared ones, else of the file.

    The position is never the file's: it can't hold for several frames.
    """

    def __init__(self, dataset: Dataset, groups: Sequence[Dataset]) -> None:
        super().__init__(dataset)
        self._groups = groups

    def _element(self, keyword: str) -> Any:
        sequences, name = _PLACES.get(keyword, ((), ""))
        for group in self._groups:
            for sequence in sequences:
                for item in Elements(group).items(sequence):
                    if (element := Elements(item)._element(name)) is not None:
                        return element
        return None if keyword == "ImagePositionPatient" else super()._element(keyword)


def frames_of(elements: Elements) -> tuple[Elements, ...]:
    """One view of the elements a frame, in the order in which the frames lie in the file.

    Returns:
        The elements themselves for a file without groups that holds one frame; () where the number of frames is none,
        beyond `MAX_FRAMES`, or another than that of the groups.
    """
    stated = elements.number("NumberOfFrames") or 1.0
    own = elements.items("PerFrameFunctionalGroupsSequence")
    shared = elements.items("SharedFunctionalGroupsSequence")[:1]
    if not own and not shared and stated == 1:
        return (elements,)
    if not (1 <= stated <= MAX_FRAMES and stated.is_integer() and len(own) in (0, int(stated))):
        return ()
    frames = own or [Dataset()] * int(stated)
    return tuple(FrameElements(elements.dataset, (frame, *shared)) for frame in frames)
