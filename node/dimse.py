"""What both ends of an association share: status words, who we are on the wire, and a socket that answers at once."""

import logging
import socket
from collections.abc import Callable
from enum import StrEnum

import pydicom.config

IMPLEMENTATION_CLASS_UID = "2.25.138649486742703442882597446535426956094"
"""Ours, in associations and in what is kept as it came; the same as in the objects that we write (node.reports)."""

IMPLEMENTATION_VERSION_NAME = "CALCIUM_NODE_1"
"""At most 16 characters; counts changes of the wire, not releases, so that equal input gives equal bytes."""

LONGEST_RECEIVE_BYTES = 262_144
"""Most that one system call reads: memory grows with what came, never with what a peer announced."""

_SHORTEST_WAIT_SECONDS = 0.001  # 0 would mean "do not wait", and what has arrived is read even at the last moment


class StatusClass(StrEnum):
    """Status classes of PS3.7 Annex C."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    CANCEL = "cancel"
    PENDING = "pending"
    UNKNOWN = "unknown"


STATUSES: tuple[tuple[int, int, StatusClass, str], ...] = (
    (0x0000, 0x0000, StatusClass.SUCCESS, "success"),
    (0x0001, 0x0001, StatusClass.WARNING, "optional attributes not supported"),
    (0x0105, 0x0105, StatusClass.FAILURE, "no such attribute"),
    (0x0106, 0x0106, StatusClass.FAILURE, "invalid attribute value"),
    (0x0107, 0x0107, StatusClass.WARNING, "attribute list error"),
    (0x0110, 0x0110, StatusClass.FAILURE, "processing failure"),
    (0x0111, 0x0111, StatusClass.FAILURE, "duplicate SOP instance"),
    (0x0112, 0x0112, StatusClass.FAILURE, "no such SOP instance"),
    (0x0113, 0x0113, StatusClass.FAILURE, "no such event type"),
    (0x0114, 0x0114, StatusClass.FAILURE, "no such argument"),
    (0x0115, 0x0115, StatusClass.FAILURE, "invalid argument value"),
    (0x0116, 0x0116, StatusClass.WARNING, "attribute value out of range"),
    (0x0117, 0x0117, StatusClass.FAILURE, "invalid SOP instance"),
    (0x0118, 0x0118, StatusClass.FAILURE, "no such SOP class"),
    (0x0119, 0x0119, StatusClass.FAILURE, "class and instance in conflict"),
    (0x0120, 0x0120, StatusClass.FAILURE, "missing attribute"),
    (0x0121, 0x0121, StatusClass.FAILURE, "missing attribute value"),
    (0x0122, 0x0122, StatusClass.FAILURE, "SOP class not supported"),
    (0x0123, 0x0123, StatusClass.FAILURE, "no such action type"),
    (0x0124, 0x0124, StatusClass.FAILURE, "not authorised"),
    (0x0131, 0x0131, StatusClass.FAILURE, "duplicate transaction UID"),
    (0x0210, 0x0210, StatusClass.FAILURE, "duplicate invocation"),
    (0x0211, 0x0211, StatusClass.FAILURE, "unrecognised operation"),
    (0x0212, 0x0212, StatusClass.FAILURE, "mistyped argument"),
    (0x0213, 0x0213, StatusClass.FAILURE, "resource limitation"),
    (0xA700, 0xA7FF, StatusClass.FAILURE, "out of resources"),
    (0xA900, 0xA9FF, StatusClass.FAILURE, "data set does not match the SOP class"),
    (0xA000, 0xAFFF, StatusClass.FAILURE, "failure of the service"),
    (0xB000, 0xB000, StatusClass.WARNING, "stored, some values changed by the peer"),
    (0xB006, 0xB006, StatusClass.WARNING, "stored, some elements discarded by the peer"),
    (0xB007, 0xB007, StatusClass.WARNING, "stored, though the data set does not match the SOP class"),
    (0xB000, 0xBFFF, StatusClass.WARNING, "stored with a warning"),
    (0xC000, 0xCFFF, StatusClass.FAILURE, "cannot understand"),
    (0xFE00, 0xFE00, StatusClass.CANCEL, "cancelled"),
    (0xFF00, 0xFF01, StatusClass.PENDING, "pending"),
)
"""First code, last code, class, words: PS3.4 B.2.3 for C-STORE, PS3.7 Annex C for all services. Single codes stand
before the ranges that contain them."""


def _row(status: int) -> tuple[StatusClass, str]:
    for first, last, kind, text in STATUSES:
        if first <= status <= last:
            return kind, text
    return StatusClass.UNKNOWN, "a status that the standard does not know"


def status_class(status: int) -> StatusClass:
    """Class of a DIMSE status.

    >>> status_class(0xB006)
    <StatusClass.WARNING: 'warning'>
    """
    return _row(status)[0]


def words(status: int) -> str:
    """Return the status in words, with its code; the same in both directions.

    >>> words(0xA702)
    'out of resources (0xA702)'
    """
    return f"{_row(status)[1]} (0x{status:04X})"


def quiet_libraries() -> None:
    """Keep what a peer sent out of the log: pynetdicom and pydicom print raw values when they validate.

    A value with a line break would forge a log line, and any value may name a patient. What we have to say about a
    peer we say ourselves; a handler that drops the text (node.log) keeps its place. Process-wide, and harmless when
    called again.
    """
    for name in ("pynetdicom", "pydicom"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


def prepare_socket(line: socket.socket, *, silence_s: float) -> None:
    """Make a connected socket send small writes at once, and give up on a peer that stands still for `silence_s`."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.settimeout(silence_s)


def acknowledge_at_once(line: socket.socket) -> None:
    """Send the pending TCP acknowledgement now.

    DCMTK and Orthanc leave Nagle's algorithm on, so the second write of each of their messages waits for our delayed
    acknowledgement: 43.6 ms per object, measured against storescp as shipped, and 1.0 ms with this. The option is not
    sticky: it must be set after every receive. Systems other than Linux do not have it.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def receive(line: socket.socket, count: int, *, within_s: float, monotonic: Callable[[], float]) -> bytearray:
    """Read `count` bytes, fewer only when the peer closed the connection.

    `within_s`, by the clock `monotonic`, is for all of them together: a peer that sends a byte now and then is not
    waited for without end.

    Raises
    ------
    TimeoutError
        When they did not come in time.
    OSError
        When the connection broke.
    """
    got = bytearray()
    end = monotonic() + within_s
    try:
        while len(got) < count:
            line.settimeout(max(_SHORTEST_WAIT_SECONDS, end - monotonic()))
            piece = line.recv(min(count - len(got), LONGEST_RECEIVE_BYTES))
            if not piece:
                break
            acknowledge_at_once(line)
            got += piece
    finally:
        line.settimeout(within_s)
    return got
