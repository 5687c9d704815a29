"""Reads the size of a compressed picture from its own header, so that no decoder makes room for a lie."""

_JPEG_START, _JPEG_2000_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_NO_FRAME_HEADER = (0xC4, 0xC8, 0xCC)  # of the markers C0 to CF: tables, and one that is reserved
_JPEG_LS_FRAME = 0xF7
_SCAN = 0xDA  # what follows is compressed


def stated_size(codestream: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 stream states; None where it is none of these, or damaged.

    Source: ISO 10918-1 B.2.2 (frame header), ISO 14495-1 C.2.2, ISO 15444-1 A.5.1 (image and tile size).
    """
    if codestream.startswith(_JPEG_2000_START):
        width, height, left, top = (int.from_bytes(codestream[at : at + 4], "big") for at in (8, 12, 16, 20))
        return height - top, width - left
    if not codestream.startswith(_JPEG_START):
        return None
    place = 2
    while place + 9 <= len(codestream) and codestream[place] == 0xFF:
        marker = codestream[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker == _JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADER):
            rows, columns = codestream[place + 5 : place + 7], codestream[place + 7 : place + 9]
            return int.from_bytes(rows, "big"), int.from_bytes(columns, "big")
        if marker == _SCAN:
            return None
        place += 2 + int.from_bytes(codestream[place + 2 : place + 4], "big")
    return None
