"""A file that is read no further than a header may reach: a stranger's may hold millions of elements."""

from typing import BinaryIO

from ich.errors import DataError

# A head of 1,000 frames with a hundred elements each stays below both. What is skipped costs one read and no bytes.
MAX_HEADER_BYTES = 1 << 23  # 8 MB
MAX_HEADER_READS = 1 << 19  # an element takes one to three


class WholeRead(Exception):
    """All that is left was asked for, which pydicom does of a deflated data set alone; nothing has been read."""


class LimitedStream:
    """What pydicom needs of a file, with a limit on how much it may take.

    Args:
        stream: the file; it stays where the reading ends.
        n_bytes, n_reads: how much may be read, and how often.
    """

    name = ""  # pydicom asks for one

    def __init__(self, stream: BinaryIO, *, n_bytes: int = MAX_HEADER_BYTES, n_reads: int = MAX_HEADER_READS) -> None:
        self.seek, self.tell = stream.seek, stream.tell
        self._read = stream.read
        self._bytes_left = n_bytes
        self._reads_left = n_reads

    def read(self, n_bytes: int = -1, /) -> bytes:
        """Read as far as the limit.

        Raises:
            WholeRead: no number of bytes was given.
            DataError: the limit is reached.
        """
        if n_bytes < 0:
            raise WholeRead
        found = self._read(min(n_bytes, self._bytes_left + 1))
        self._bytes_left -= len(found)
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            raise DataError("header: expected at most 8 MB and 500,000 elements, found more; leave the file out")
        return found
