"""Finds the files of an input: one file, a folder, a zip read without unpacking, or a list of these."""

import logging
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ich.dicom.archive import Member, lie_apart, list_members
from ich.dicom.archive_member import open_member
from ich.errors import DataError
from ich.numerals import in_words

logger = logging.getLogger(__name__)

# Limits for a zip from a stranger; a head CT study has at most some 2,000 files of 0.5 MB, packed to a third.
MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 1 << 29  # 512 MB
MAX_ZIP_BYTES = 1 << 36  # 64 GB once unpacked, all members together
MAX_ZIP_RATIO = 100  # unpacked to packed, all members together; plain air packs further, but no study is all air
ZIP_RATIO_FREE_BYTES = 1 << 26  # 64 MB: below this a high ratio does no harm
MAX_FILE_BYTES = 1 << 31  # 2 GB: no single CT file is larger


@dataclass(frozen=True, order=True, slots=True)
class DicomFile:
    """A file on disk, or the member of a zip on disk.

    Attributes:
        path: the file, or the zip.
        member: name inside the zip as the zip states it; never used as a path.
        place: where the zip holds it; found by its name where it isn't given, which takes reading the zip's list.
    """

    path: Path
    member: str = ""
    place: Member | None = field(default=None, compare=False, repr=False)

    def open(self) -> BinaryIO:
        """Open for reading bytes; a member of a zip is unpacked in memory, as far as it is read.

        Raises:
            OSError: the file can't be read.
            zipfile.BadZipFile: the member is damaged; also later, while it is read.
            DataError: the file or member is larger than any CT slice could be.
        """
        if not self.member:
            stream = self.path.open("rb")
            if os.fstat(stream.fileno()).st_size > MAX_FILE_BYTES:
                stream.close()
                raise DataError(f"{self.path.name}: expected at most 2 GB in one file, found more; leave it out")
            return stream
        place = self.place or self._find_place()
        if place.unpacked > MAX_MEMBER_BYTES:
            raise DataError(f"{self.path.name}: expected at most 512 MB a member, found more; leave it out")
        return open_member(self.path, place)

    @property
    def is_zip(self) -> bool:
        """Whether its name says that it is a zip: one that could not be looked into, or lies in another one."""
        return (self.member or self.path.name).lower().endswith(".zip")

    def relative_to(self, root: Path) -> str:
        """The file as seen from `root` (absolute), with forward slashes; its name alone where it lies elsewhere.

        Bytes of a name that are no text are written as escapes, so that the name can be written anywhere.
        """
        below, path = f"{root.as_posix().rstrip('/')}/", self.path.as_posix()  # three times as fast as pathlib's own
        place = path[len(below) :] if path.startswith(below) else self.path.name
        return readable_name(f"{place}/{self.member}" if self.member else place)

    def _find_place(self) -> Member:
        for name, place in list_members(self.path, most=None):
            if name == self.member:
                return place
        raise DataError(f"{self.path.name}: expected the member that was listed, found none; list its files again")


def readable_name(name: str) -> str:
    """A file name that is valid text; bytes that aren't are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def without_dots(path: str | Path) -> Path:
    """A path from the top of the file system, without `..` and `~`, so that names below it can be compared and shown.

    Links stay as they were named, but in a path with `..`, where they decide what it means.
    """
    named = Path(path).expanduser().absolute()
    return named.resolve() if ".." in named.parts else named


def lies_below(path: Path, root: Path) -> bool:
    """Whether a path leads to a place below `root`, links followed on both sides."""
    return path.resolve().is_relative_to(root.resolve())


def find_files(source: Path | Sequence[Path], *, own_archive: bool = False) -> list[DicomFile]:
    """List every file of an input, sorted by path; nothing is opened but zips.

    Args:
        source: a file, a folder (searched to its depth; zips inside are looked into), a zip, a DICOMDIR (stands for
            its folder), or a list of these. Links that lead out of a folder are not followed; a zip in it that is
            damaged or beyond the limits is listed as the file it is, for `read_headers` to reject. A zip inside a zip
            is not looked into.
        own_archive: the zip of a known data set, of any number of files and any size; its ratio, and that no files
            overlap in it, is checked all the same, and no member's name is ever used as a path.

    Raises:
        DataError: the source is absent or empty, or a zip that was named is damaged or beyond the limits above.
    """
    paths = [source] if isinstance(source, str | Path) else source
    found = [file for path in paths for file in _files_of(Path(path), own_archive=own_archive)]
    if not found:
        raise DataError(f"input={_shown(source)}: expected DICOM files, found none; give a file, a folder or a zip")
    last = {(file.path, file.member): file for file in found}  # of two members of one name the last, as in unpacking
    return [last[key] for key in sorted(last, key=lambda key: (key[0].parts, key[1]))]


def _shown(source: Path | Sequence[Path]) -> str:
    return str(source) if isinstance(source, str | Path) else f"a list of {len(source)}"


def _files_of(path: Path, *, own_archive: bool) -> list[DicomFile]:
    if not path.exists():
        raise DataError(f"input={path}: expected a file, a folder or a zip, found nothing there; check the path")
    path = without_dots(path)
    if path.is_file() and path.name.upper() == "DICOMDIR":
        path = path.parent
    if path.is_dir():
        walked = _walk(path, path.resolve())
        return [file for found in walked for file in _found_file_or_members(found, own_archive=own_archive)]
    return _file_or_members(path, own_archive=own_archive)


def _walk(folder: Path, root: Path) -> Iterator[Path]:
    """All files below `folder`, depth first; a link is followed only to a file below `root`."""
    left_out = 0
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if not (entry.is_file() and lies_below(Path(entry.path), root)):
                        left_out += 1
                        continue
                    yield Path(entry.path)
                elif entry.is_dir():
                    pending.append(Path(entry.path))
                elif entry.is_file():
                    yield Path(entry.path)
    if left_out:
        sentence = "link|links that leads|lead out of the input folder is|are not followed; name its|their target"
        logger.warning(in_words(left_out, sentence))


def _found_file_or_members(path: Path, *, own_archive: bool) -> list[DicomFile]:
    """The same for a file that nobody named: one bad zip among good files must not end the work."""
    try:
        return _file_or_members(path, own_archive=own_archive)
    except DataError:
        return [DicomFile(path)]


def _file_or_members(path: Path, *, own_archive: bool) -> list[DicomFile]:
    if path.suffix.lower() != ".zip":
        return [DicomFile(path)]
    try:
        members = list(list_members(path, most=None if own_archive else MAX_MEMBERS))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DataError(f"input={path}: expected a zip, found a damaged one ({error}); pack it anew") from error
    _check_limits(path, [place for _, place in members], own_archive=own_archive)
    return [DicomFile(path, name, place) for name, place in members]


def _check_limits(path: Path, places: Sequence[Member], *, own_archive: bool) -> None:
    if not lie_apart(places, n_bytes=path.stat().st_size):
        raise DataError(
            f"input={path}: expected a zip whose files lie one behind the other, found some that overlap or lie beyond "
            "its end; pack it anew"
        )
    unpacked = sum(place.unpacked for place in places)
    packed = max(1, sum(place.packed for place in places))
    if unpacked > MAX_ZIP_BYTES and not own_archive:
        raise DataError(f"input={path}: expected at most 64 GB once unpacked, found {unpacked >> 30} GB; unpack it")
    if unpacked > ZIP_RATIO_FREE_BYTES and unpacked / packed > MAX_ZIP_RATIO:
        raise DataError(
            f"input={path}: expected a zip packed at most {MAX_ZIP_RATIO} times, found {unpacked // packed} times; "
            "unpack it yourself if you trust it"
        )
