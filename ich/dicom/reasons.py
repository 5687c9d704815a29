"""The codes of why a file or series is not read, each with its sentence."""

from collections import Counter
from collections.abc import Iterable

from ich.numerals import counted

REASONS: dict[str, str] = {
    # a file that can't be a slice
    "not_dicom": "is no DICOM file",
    "unread_zip": "is a zip that is damaged, or larger than any study; name it alone to see which",
    "nested_zip": "is a zip inside a zip, which is not looked into; unpack the outer one",
    "locked_zip": "is in a zip that is locked with a password; unpack it first",
    "unread_archive": "is an archive of another kind than zip, which is not looked into; unpack it first",
    "unreadable": "can't be read",
    "directory": "is a DICOM directory, which lists files and holds no image",
    "not_a_volume": "is no DICOM and no NIfTI file, so it holds no volume",
    "not_ct": "is no CT image",
    "no_pixels": "holds no pixel data, or ends before them",
    "secondary_capture": "is a captured screen, not a CT slice",
    "summary_page": "is a page without a place in the body (dose, protocol), not a CT slice",
    "colour": "holds a colour picture, not CT values",
    "not_hu": "holds values in another unit than HU",
    "no_geometry": "lacks position, orientation or pixel spacing",
    "odd_size": "states a matrix that no CT slice has",
    "odd_bits": "states bits that no CT slice has: 8, 16 or 32 a pixel, the value in the lowest ones",
    "odd_frames": "states more frames than any head has, or others than it describes",
    "truncated": "ends before its last pixel",
    "no_decoder": "is compressed in a way that no installed decoder reads",
    "decoder_crashed": "ended the process that decoded it; the file is damaged or made to do so",
    "decoder_timeout": "kept its decoder busy beyond the time limit; the file is damaged or made to do so",
    "out_of_memory": "needs more memory than a file of its size may take",
    # a series that is not chosen
    "localizer": "is a localizer, not a stack of slices",
    "not_axial": "is not axial",
    "projection": "is a projection through several slices",
    "reformat": "was resampled from other slices, and an original is there",
    "mixed_geometry": "differs from the rest of its series in matrix or orientation",
    "too_few_slices": "has too few slices for a head",
    "partial": "covers less of the head than another series",
    "contrast": "was taken with contrast medium, and one without it is there",
    "sharp_kernel": "was reconstructed with a sharp kernel for bone, and a soft one is there",
    "thin": "has thin slices, and thicker ones are there",
    "other_step": "has steps further from 5 mm than another series",
    "fewer_slices": "is like the chosen series but has fewer slices",
    "duplicate_series": "holds the slices of the chosen series once more under another uid",
    "other_series": "is like the chosen series and stands behind it in the order of series uids",
    "unlabelled": "has no labels, and another series of its study has",
    "not_asked_for": "is not the series that was asked for",
    # a slice of the series that is read
    "duplicate": "is there twice; it is read once",
    "repeated_position": "lies at the same position as another slice, which is kept",
}

# Sound files that belong to a series of their study and are no slices: not chosen, where a fault would be rejected.
NOT_SLICES = frozenset({"secondary_capture", "summary_page", "colour", "not_hu", "localizer", "projection"})


def counts_in_words(codes: Iterable[tuple[str, int]]) -> str:
    """How many files there are of each code, in words.

    Args:
        codes: code and number of files, a code as often as it likes.
    """
    counts: Counter[str] = Counter()
    for code, n_files in codes:
        counts[code] += n_files
    return ", ".join(f"{counted(n, 'file')} ({code})" for code, n in counts.items()) or "nothing"
