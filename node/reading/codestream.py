"""What a compressed image says of its own size, before a decoder allocates by it (ISO 10918, 14495, 15444)."""

import struct
from dataclasses import dataclass

from node.reading.unreadable import ReadingError

_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # SOF of JPEG, SOF55 of JPEG-LS; not DHT, JPG, DAC
_BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Codestream:
    """Size and kind of one compressed image."""

    rows: int
    columns: int
    components: int
    precision: int
    is_signed: bool | None = None  # only JPEG 2000 says so


def codestream(data: bytes) -> Codestream | None:
    """Size of a JPEG, JPEG-LS or JPEG 2000 image; None where none is stated."""
    start = data.find(b"\xff\x4f\xff\x51")
    if 0 <= start < 512:  # a JP2 box may stand before it
        return _jpeg_2000(data[start:])
    return _jpeg(data)


def _jpeg_2000(data: bytes) -> Codestream | None:
    if len(data) < 44:
        return None
    x, y, x_offset, y_offset = struct.unpack_from(">4I", data, 8)
    components, depth = struct.unpack_from(">HB", data, 40)
    return Codestream(
        rows=y - y_offset,
        columns=x - x_offset,
        components=components,
        precision=(depth & 0x7F) + 1,
        is_signed=bool(depth & 0x80),
    )


def _jpeg(data: bytes) -> Codestream | None:
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _FRAME_MARKERS:
            precision, rows, columns, components = struct.unpack_from(">BHHB", data, position + 4)
            return Codestream(rows=rows, columns=columns, components=components, precision=precision)
        position += 2 if marker in _BARE_MARKERS else 2 + struct.unpack_from(">H", data, position + 2)[0]
    return None


def check_codestream(data: bytes, *, rows: int, columns: int) -> Codestream:
    """Refuse an image whose codestream is not what its header says: a few hundred bytes can claim gigabytes.

    Raises
    ------
    ReadingError
        ``pixels``.
    """
    stated = codestream(data)
    if stated is None:
        raise ReadingError("pixels", "the compressed image has no header of its own: it is damaged; send it again")
    if (stated.rows, stated.columns) != (rows, columns):
        raise ReadingError(
            "pixels",
            f"the compressed image holds {stated.columns} x {stated.rows} pixels where its header says "
            f"{columns} x {rows}; send the original images",
        )
    if stated.components != 1 or stated.precision > 16:
        raise ReadingError(
            "pixels",
            f"the compressed image has {stated.components} components of {stated.precision} bits; "
            "a CT has one of 16 at most",
        )
    return stated
