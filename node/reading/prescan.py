"""A flat walk over the lengths of a file, before any parser that recurses or allocates by what the file claims.

It converts no value and calls itself nowhere. It bounds what pydicom will meet (depth, elements, items) and says where
the file ends too early. Layout of elements: PS3.5 7.1, 7.5 and A.4.
"""

import mmap
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from node.reading.unreadable import ReadingError

MAX_DEPTH = 32
MAX_ELEMENTS = 100_000
MAX_ITEMS = 10_000
MAX_INFLATED_BYTES = 512 * 1024 * 1024

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_PIXELS = ((0x7FE0, 0x0008), (0x7FE0, 0x0009), (0x7FE0, 0x0010))
_SYNTAX = (0x0002, 0x0010)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the walk found."""

    has_preamble: bool
    transfer_syntax_uid: str
    has_pixels: bool


def prescan(path: Path) -> Layout:
    """Walk over a file.

    Raises
    ------
    ReadingError
        ``not_dicom``, ``truncated``, ``too_complex`` or ``too_large``.
    OSError
        When the file cannot be opened.
    """
    with path.open("rb") as file:
        if path.stat().st_size < 8:
            raise ReadingError("not_dicom", "the file is shorter than one DICOM element: it is not DICOM")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _scan(data)


def _scan(data: mmap.mmap) -> Layout:
    has_preamble = data[128:132] == b"DICM"
    start = 132 if has_preamble else 0
    first_group = struct.unpack_from("<H", data, start)[0] if len(data) >= start + 8 else -1
    if first_group not in (0x0002, 0x0008):
        raise ReadingError(
            "not_dicom", "the file has no DICOM prefix and begins with no DICOM element: it is not DICOM"
        )
    syntax, start = _file_meta(data, start)
    if syntax == DEFLATED:
        has_pixels = _Walk(_inflated(data, start), explicit=True, byte_order="<").has_pixels(0)
    else:
        explicit = syntax != IMPLICIT_LITTLE if syntax else data[start + 4 : start + 6].isalpha()
        walk = _Walk(data, explicit=explicit, byte_order=">" if syntax == EXPLICIT_BIG else "<")
        has_pixels = walk.has_pixels(start)
    return Layout(has_preamble=has_preamble, transfer_syntax_uid=syntax, has_pixels=has_pixels)


def _file_meta(data: mmap.mmap, position: int) -> tuple[str, int]:
    """Transfer syntax, and where the data set begins; the meta group is explicit little endian (PS3.10 7.1)."""
    syntax = ""
    while len(data) >= position + 8:
        group, element, vr, length = struct.unpack_from("<HH2sH", data, position)
        if group != 0x0002:
            break
        header = 8
        if vr in _LONG:
            header, length = 12, _long_length(data, position)
        value = data[position + header : position + header + min(length, 64)]
        if (group, element) == _SYNTAX:
            syntax = value.rstrip(b"\0 ").decode("ascii", "replace")
        position += header + length
    return syntax, position


def _long_length(data: mmap.mmap, position: int) -> int:
    if len(data) < position + 12:
        raise _truncated(len(data))
    return int(struct.unpack_from("<I", data, position + 8)[0])


def _inflated(data: mmap.mmap, start: int) -> bytes:
    """Deflated data set, unpacked up to a limit: 500 KB can hold half a gigabyte of zeros."""
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = unpack.decompress(data[start:], MAX_INFLATED_BYTES)
    except zlib.error:
        raise ReadingError("truncated", "the deflated data set cannot be unpacked: the file is damaged") from None
    if unpack.unconsumed_tail:
        raise ReadingError("too_large", f"the deflated data set unpacks to more than {MAX_INFLATED_BYTES} bytes")
    return plain


def _truncated(size: int) -> ReadingError:
    return ReadingError("truncated", f"the file ends within an element, after {size} bytes; send it again")


@dataclass(slots=True)
class _Open:
    """A sequence, an item, or encapsulated bytes that the walk is inside of."""

    kind: str  # "sequence" | "item" | "fragments"
    end: int | None  # None: undefined length
    explicit: bool  # VR of the elements inside
    items: int = 0


class _Walk:
    """One walk over a data set; `inside` replaces the call stack."""

    def __init__(self, data: "mmap.mmap | bytes", *, explicit: bool, byte_order: str) -> None:
        self._data = data
        self._explicit = explicit
        self._tag = struct.Struct(byte_order + "HH")
        self._short = struct.Struct(byte_order + "H")
        self._long = struct.Struct(byte_order + "I")
        self._inside: list[_Open] = []
        self._elements = 0

    def has_pixels(self, position: int) -> bool:
        """Walk to the pixel data, or to the end of the file; whether there are pixels."""
        size = len(self._data)
        while position < size:
            while self._inside and self._inside[-1].end is not None and position >= self._inside[-1].end:
                self._inside.pop()
            if position + 8 > size:
                raise _truncated(size)
            tag = self._tag.unpack_from(self._data, position)
            if tag[0] == 0xFFFE:
                position = self._delimiter(tag, position)
                continue
            if not self._inside and tag in _PIXELS:
                self._check_pixels(position)
                return True
            position = self._element(position)
        if position > size or any(level.end is None for level in self._inside):
            raise _truncated(size)
        return False

    def _delimiter(self, tag: tuple[int, int], position: int) -> int:
        length = self._long.unpack_from(self._data, position + 4)[0]
        if tag == _ITEM and self._inside:
            return self._item(position + 8, length)
        if tag in (_ITEM_END, _SEQUENCE_END):
            wanted = ("item",) if tag == _ITEM_END else ("sequence", "fragments")
            if self._inside and self._inside[-1].kind in wanted:
                self._inside.pop()
        return position + 8

    def _item(self, position: int, length: int) -> int:
        level = self._inside[-1]
        level.items += 1
        if level.items > MAX_ITEMS and level.kind == "sequence":
            raise ReadingError("too_complex", f"a sequence has more than {MAX_ITEMS} items; that is no CT image")
        if level.kind == "fragments":
            return int(position + length)
        end = None if length == _UNDEFINED else position + length
        self._inside.append(_Open(kind="item", end=end, explicit=level.explicit))
        return position

    def _element(self, position: int) -> int:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise ReadingError("too_complex", f"the header has more than {MAX_ELEMENTS} elements; that is no CT image")
        vr, length, value = self._header(position)
        undefined = length == _UNDEFINED
        explicit = self._inside[-1].explicit if self._inside else self._explicit
        if undefined and vr in (b"OB", b"OW"):
            self._inside.append(_Open(kind="fragments", end=None, explicit=explicit))
            return value
        if undefined or vr == b"SQ" or (vr in (b"", b"UN") and self._begins_with_item(value, length)):
            # The content of an UN is implicit, whatever is around it (PS3.5 6.2.2).
            self._enter(
                _Open(kind="sequence", end=None if undefined else value + length, explicit=explicit and vr != b"UN")
            )
            return value
        return value + length

    def _header(self, position: int) -> tuple[bytes, int, int]:
        """VR (empty where it is implicit), length and start of the value."""
        explicit = self._inside[-1].explicit if self._inside else self._explicit
        vr = bytes(self._data[position + 4 : position + 6])
        # Some writers change to implicit VR inside a sequence; pydicom follows them, and so must the walk.
        if not explicit or not (vr.isalpha() and vr.isupper()):
            return b"", int(self._long.unpack_from(self._data, position + 4)[0]), position + 8
        if vr not in _LONG:
            return vr, int(self._short.unpack_from(self._data, position + 6)[0]), position + 8
        if position + 12 > len(self._data):
            raise _truncated(len(self._data))
        return vr, int(self._long.unpack_from(self._data, position + 8)[0]), position + 12

    def _begins_with_item(self, value: int, length: int) -> bool:
        return length >= 8 and value + 8 <= len(self._data) and self._tag.unpack_from(self._data, value) == _ITEM

    def _enter(self, level: _Open) -> None:
        self._inside.append(level)
        depth = sum(1 for outer in self._inside if outer.kind == "sequence")
        if depth > MAX_DEPTH:
            raise ReadingError("too_complex", f"sequences are nested more than {MAX_DEPTH} deep; that is no CT image")

    def _check_pixels(self, position: int) -> None:
        """The pixel data must be there to its end: native by its length, encapsulated by its delimiter."""
        _, length, value = self._header(position)
        size = len(self._data)
        if length != _UNDEFINED:
            if value + length > size:
                raise ReadingError(
                    "truncated",
                    f"the pixel data should have {length} bytes and {size - value} are there; send the image again",
                )
            return
        while value + 8 <= size:
            tag = self._tag.unpack_from(self._data, value)
            fragment = int(self._long.unpack_from(self._data, value + 4)[0])
            if tag == _SEQUENCE_END:
                return
            if tag != _ITEM:
                break
            value += 8 + fragment
        raise ReadingError("truncated", "the compressed pixel data has no end; send the image again")
