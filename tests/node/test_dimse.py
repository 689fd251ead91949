import logging
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import dimse
from node.dimse import StatusClass, quiet_libraries, receive, status_class, words
from node.reports import identity


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (0x0000, StatusClass.SUCCESS, "success"),
        (0x0110, StatusClass.FAILURE, "processing failure"),
        (0x0111, StatusClass.FAILURE, "duplicate SOP instance"),
        (0x0117, StatusClass.FAILURE, "invalid SOP instance"),
        (0x0122, StatusClass.FAILURE, "SOP class not supported"),
        (0x0124, StatusClass.FAILURE, "not authorised"),
        (0x0213, StatusClass.FAILURE, "resource limitation"),
        (0xA700, StatusClass.FAILURE, "out of resources"),
        (0xA7FF, StatusClass.FAILURE, "out of resources"),
        (0xA900, StatusClass.FAILURE, "does not match the SOP class"),
        (0xB000, StatusClass.WARNING, "values changed"),
        (0xB006, StatusClass.WARNING, "elements discarded"),
        (0xB007, StatusClass.WARNING, "does not match the SOP class"),
        (0xBFFF, StatusClass.WARNING, "stored with a warning"),
        (0xC000, StatusClass.FAILURE, "cannot understand"),
        (0xC211, StatusClass.FAILURE, "cannot understand"),
        (0xFE00, StatusClass.CANCEL, "cancelled"),
        (0xFF01, StatusClass.PENDING, "pending"),
        (0x7777, StatusClass.UNKNOWN, "does not know"),
    ],
)
def test_a_status_has_its_class_and_its_words(status: int, kind: StatusClass, text: str) -> None:
    assert status_class(status) is kind
    assert text in words(status)
    assert f"(0x{status:04X})" in words(status)


@given(st.integers(0, 0xFFFF))
def test_only_0x0000_is_success_whatever_the_status(status: int) -> None:
    assert (status_class(status) is StatusClass.SUCCESS) == (status == 0)


class Line:
    """A socket as its callers see it: hands out pieces, notes what is asked of it."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.calls = []

    def settimeout(self, seconds: float) -> None:
        self.timeout = seconds

    def recv(self, count: int) -> bytes:
        self.calls.append("recv")
        piece, self.pieces[:1] = self.pieces[0][:count], [self.pieces[0][count:]] if self.pieces[0][count:] else []
        return piece

    def setsockopt(self, level: int, option: int, value: int) -> None:
        assert (level, value) == (socket.IPPROTO_TCP, 1)
        self.calls.append(option)


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="this system has no TCP_QUICKACK")
def test_every_single_receive_is_acknowledged_at_once() -> None:
    """Red with the option set once, or before the read: DCMTK then answers 44 ms late."""
    line = Line(b"ab", b"c", b"defg")
    assert receive(line, 6, within_s=1.0, monotonic=lambda: 0.0) == b"abcdef"
    assert line.calls == ["recv", socket.TCP_QUICKACK] * 3
    assert line.timeout == 1.0


def test_a_connection_that_closes_gives_what_it_gave() -> None:
    assert receive(Line(b"ab", b""), 6, within_s=1.0, monotonic=lambda: 0.0) == b"ab"


def test_a_peer_that_sends_a_byte_now_and_then_is_given_up_after_the_time_for_all() -> None:
    ticks = iter([0.0, 0.0, 11.0])
    with socket.create_server(("127.0.0.1", 0)) as port, socket.create_connection(port.getsockname()) as theirs:
        ours, _ = port.accept()
        theirs.send(b"a")
        with ours, pytest.raises(TimeoutError):
            receive(ours, 6, within_s=10.0, monotonic=lambda: next(ticks))


def test_what_a_library_has_to_say_of_a_peer_reaches_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    quiet_libraries()
    for name in ("pynetdicom", "pynetdicom.utils", "pydicom"):
        logging.getLogger(name).critical("Invalid value for VR UI: 'Doe^Jane'")
    assert capfd.readouterr() == ("", "")


def test_our_implementation_has_one_uid_and_a_name_that_fit() -> None:
    assert dimse.IMPLEMENTATION_CLASS_UID == identity.IMPLEMENTATION_CLASS_UID
    assert re.fullmatch(r"2\.25\.[1-9]\d{1,38}", dimse.IMPLEMENTATION_CLASS_UID)
    assert len(dimse.IMPLEMENTATION_VERSION_NAME) <= 16
