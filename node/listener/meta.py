"""File meta information (PS3.10 7.1) in front of a data set that is kept as sent: written, and read back."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from node.dimse import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

PREFIX = bytes(128) + b"DICM"

_LONG_VRS = frozenset({b"OB"})
_CLASS, _INSTANCE, _SYNTAX, _SOURCE = 0x0002, 0x0003, 0x0010, 0x0016


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMeta:
    """What we know of an object without reading it: from the command set, the context and the association."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    source_ae_title: str


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    padded = value + (b"\0" if vr in {b"UI", b"OB"} else b" ") * (len(value) % 2)
    if vr in _LONG_VRS:
        return struct.pack("<HH2sHI", 0x0002, number, vr, 0, len(padded)) + padded
    return struct.pack("<HH2sH", 0x0002, number, vr, len(padded)) + padded


def encoded(meta: FileMeta) -> bytes:
    """Preamble, prefix and group 0002, explicit VR little endian; the data set follows as it came.

    The preamble is zero: other content makes a DICOM file executable for some systems (CVE-2019-11687).
    """
    elements = b"".join(
        (
            _element(0x0001, b"OB", b"\0\1"),
            _element(_CLASS, b"UI", meta.sop_class_uid.encode("ascii")),
            _element(_INSTANCE, b"UI", meta.sop_instance_uid.encode("ascii")),
            _element(_SYNTAX, b"UI", meta.transfer_syntax_uid.encode("ascii")),
            _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")),
            _element(_SOURCE, b"AE", meta.source_ae_title.encode("ascii", "replace")),
        )
    )
    return PREFIX + _element(0x0000, b"UL", struct.pack("<I", len(elements))) + elements


def decoded(head: bytes) -> tuple[FileMeta, int]:
    """Meta information that `encoded` wrote, and where the data set begins; `head` is the start of a file of ours.

    Raises
    ------
    ValueError
        When the bytes are none of ours.
    """
    if not head.startswith(PREFIX) or len(head) < len(PREFIX) + 12:
        raise ValueError("no preamble and prefix of ours")
    end = len(PREFIX) + 12 + struct.unpack_from("<I", head, len(PREFIX) + 8)[0]
    if end > len(head):
        raise ValueError("the group length points beyond what was read")
    values = _values(head[:end], len(PREFIX) + 12)
    try:
        return FileMeta(
            sop_class_uid=values[_CLASS],
            sop_instance_uid=values[_INSTANCE],
            transfer_syntax_uid=values[_SYNTAX],
            source_ae_title=values[_SOURCE],
        ), end
    except KeyError as missing:
        raise ValueError(f"element (0002,{missing.args[0]:04X}) is missing") from None


def _values(head: bytes, start: int) -> Mapping[int, str]:
    values: dict[int, str] = {}
    place = start
    while place + 8 <= len(head):
        _, number, vr, length = struct.unpack_from("<HH2sH", head, place)
        place += 8
        if vr in _LONG_VRS:
            (length,) = struct.unpack_from("<I", head, place)
            place += 4
        values[number] = head[place : place + length].rstrip(b"\0 ").decode("ascii", "replace")
        place += length
    return values
