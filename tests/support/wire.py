"""A DICOM peer made of bytes (PS3.8): it says exactly what a test wants, in the order the test wants."""

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"

ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = 2, 3, 4, 5, 6, 7

PATIENCE_S = 10.0


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def pdu(kind: int, body: bytes) -> bytes:
    """One PDU with an honest length."""
    return struct.pack(">BBI", kind, 0, len(body)) + body


def associate_request(calling: str, called: str, contexts: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2); context identifiers are 1, 3, 5 …"""
    proposed = b"".join(
        _item(
            0x20,
            struct.pack(">BBBB", 2 * place + 1, 0, 0, 0)
            + _item(0x30, abstract.encode())
            + b"".join(_item(0x40, syntax.encode()) for syntax in syntaxes),
        )
        for place, (abstract, syntaxes) in enumerate(contexts)
    )
    user = _item(0x50, _item(0x51, struct.pack(">I", 131072)) + _item(0x52, b"1.2.3.4"))
    titles = called.encode().ljust(16) + calling.encode().ljust(16)
    body = struct.pack(">HH", 1, 0) + titles + bytes(32) + _item(0x10, b"1.2.840.10008.3.1.1.1")
    return pdu(0x01, body + proposed + user)


def _element(number: int, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", 0x0000, number, len(value)) + value


def _command(elements: bytes) -> bytes:
    return _element(0x0000, struct.pack("<I", len(elements))) + elements


def store_command(sop_class: str, sop_instance: str, message_id: int = 1) -> bytes:
    """Command set of a C-STORE-RQ (PS3.7 9.3.1.1)."""
    return _command(
        _element(0x0002, sop_class.encode())
        + _element(0x0100, struct.pack("<H", 0x0001))
        + _element(0x0110, struct.pack("<H", message_id))
        + _element(0x0700, struct.pack("<H", 0))
        + _element(0x0800, struct.pack("<H", 0x0001))
        + _element(0x1000, sop_instance.encode())
    )


def echo_command(message_id: int = 1) -> bytes:
    """Command set of a C-ECHO-RQ (PS3.7 9.3.5.1)."""
    return _command(
        _element(0x0002, VERIFICATION.encode())
        + _element(0x0100, struct.pack("<H", 0x0030))
        + _element(0x0110, struct.pack("<H", message_id))
        + _element(0x0800, struct.pack("<H", 0x0101))
    )


def p_data(context: int, fragment: bytes, *, command: bool, last: bool) -> bytes:
    """One P-DATA-TF PDU with one fragment."""
    control = (1 if command else 0) | (2 if last else 0)
    return pdu(P_DATA, struct.pack(">IBB", len(fragment) + 2, context, control) + fragment)


def status_of(body: bytes) -> int:
    """Status (0000,0900) in the body of a response's P-DATA."""
    place = body.index(struct.pack("<HHI", 0x0000, 0x0900, 2)) + 8
    status: int = struct.unpack_from("<H", body, place)[0]
    return status


@dataclass
class Wire:
    """One TCP connection to a listener; a context manager that closes it without a word."""

    port: int
    calling: str = "CT1"
    called: str = "CALCIUM"
    line: socket.socket = field(init=False)

    def __enter__(self) -> Self:
        self.line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.line.sendall(data)

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            piece = self.line.recv(count - len(got))
            if not piece:
                raise EOFError(f"closed after {len(got)} of {count} bytes")
            got += piece
        return got

    def receive(self) -> tuple[int, bytes]:
        """Next PDU: type and body."""
        kind, _, length = struct.unpack(">BBI", self._exactly(6))
        return kind, self._exactly(length)

    def is_closed(self) -> bool:
        """Wait until the other side closes or resets; True unless it says something instead."""
        try:
            return self.line.recv(1) == b""
        except ConnectionResetError:
            return True

    def is_silent_for(self, seconds: float) -> bool:
        """True when nothing comes for so long."""
        self.line.settimeout(seconds)
        try:
            self.line.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.line.settimeout(PATIENCE_S)
        return False

    def associate(self, *contexts: tuple[str, Sequence[str]]) -> tuple[int, bytes]:
        """Ask for an association and return the answer; by default for CT and Verification."""
        wanted = contexts or ((CT, [EXPLICIT_LE]), (VERIFICATION, [IMPLICIT_LE]))
        self.send(associate_request(self.calling, self.called, wanted))
        return self.receive()

    def offer(self, data: bytes, *, sop_instance: str = "1.2.3", sop_class: str = CT, context: int = 1) -> None:
        """Send a whole C-STORE-RQ, the data set in two fragments."""
        half = len(data) // 2
        self.send(p_data(context, store_command(sop_class, sop_instance), command=True, last=True))
        self.send(p_data(context, data[:half], command=False, last=False))
        self.send(p_data(context, data[half:], command=False, last=True))

    def status(self) -> int:
        """Status of the response that comes next."""
        kind, body = self.receive()
        assert kind == P_DATA, f"PDU type {kind} instead of a response"
        return status_of(body)

    def store(self, data: bytes, *, sop_instance: str = "1.2.3", sop_class: str = CT, context: int = 1) -> int:
        """Send a whole C-STORE-RQ and return the status of its response."""
        self.offer(data, sop_instance=sop_instance, sop_class=sop_class, context=context)
        return self.status()

    def echo(self, context: int = 3) -> int:
        """Send a C-ECHO-RQ and return the status of its response."""
        self.send(p_data(context, echo_command(), command=True, last=True))
        return self.status()

    def release(self) -> None:
        """Release in good order."""
        self.send(pdu(RELEASE_RQ, bytes(4)))
        assert self.receive()[0] == RELEASE_RP

    def abort(self) -> None:
        """Abort as the service user."""
        self.send(pdu(ABORT, bytes(4)))
