"""Where delivery hooks into pynetdicom 3.0: the socket of an outgoing association, and opening one.

Each name that is private there is touched here only, and tests/node/delivery/test_seams.py fails when one moves.
"""

import errno
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from pydicom import uid
from pynetdicom import _config, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from node import dimse
from node.clock import SystemClock
from node.facts import Destination

_config.LOG_HANDLER_LEVEL = "none"  # else each PDU is formatted for a log that nobody may read
_config.STORE_SEND_CHUNKED_DATASET = True  # a file goes out as it lies there, not parsed and written anew

_CLOCK = SystemClock()
_LONGEST_PDU_BYTES = 131_072
_ABORT = 0x07

_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN})

_REJECTIONS = {
    (1, 3): "it does not know our AE title {calling}; register it there",
    (1, 7): "it is not called {called}; correct ae_title of this destination",
    (3, 1): "it is busy for the moment",
    (3, 2): "it has reached its limit of associations",
}
"""(source, reason) of PS3.8 Table 9-21, in words with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a peer is waited for."""

    connect_s: float  # for the TCP connection, and for the answer to the association request
    answer_s: float  # for the answer to each request


class PromptSocket(AssociationSocket):
    """Connects and keeps the reason when that fails; acknowledges what it receives at once."""

    silence_s = 60.0
    last_pdu_type: int | None = None
    fault: OSError | None = None
    closed_by_peer = False
    _body_follows = False

    def connect(self, primitive: T_CONNECT) -> None:
        """Connect, and tell the state machine; unlike the stock one it closes a socket that could not connect."""
        line = cast("socket.socket", self.socket)
        try:
            line.settimeout(self.assoc.connection_timeout)
            line.connect(primitive.address_info.as_tuple)
            dimse.prepare_socket(line, silence_s=self.silence_s)
        except OSError as fault:
            self.fault = fault
            line.close()
            self.socket = None
            primitive.result = "Evt17"  # transport connection closed
        else:
            self.assoc.requestor.address_info = AddressInformation.from_tuple(line.getsockname())
            self._is_connected = True
            evt.trigger(self.assoc, evt.EVT_CONN_OPEN, {"address": primitive.address_info.as_tuple})
            primitive.result = "Evt2"  # transport connection confirmed
        self.provider_queue.put(primitive)
        self._ready.set()

    def recv(self, nr_bytes: int) -> bytearray:
        """Read a header of 6 bytes, then the body whose length it gave: pynetdicom calls in turn."""
        line = cast("socket.socket", self.socket)
        if self._body_follows:
            self._body_follows = False
            if nr_bytes > _LONGEST_PDU_BYTES:
                raise OSError(f"a PDU of {nr_bytes} bytes is longer than the {_LONGEST_PDU_BYTES} allowed")
            return dimse.receive(line, nr_bytes, within_s=self.silence_s, monotonic=_CLOCK.monotonic)
        header = dimse.receive(line, nr_bytes, within_s=self.silence_s, monotonic=_CLOCK.monotonic)
        self.closed_by_peer = not header
        self.last_pdu_type = header[0] if header else self.last_pdu_type
        self._body_follows = bool(header)
        return header


class CallingEntity(ApplicationEntity):
    """An application entity whose outgoing associations use the socket above."""

    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[ssl.SSLContext, str] | None
    ) -> PromptSocket:
        line = PromptSocket(assoc, address=address)
        line.tls_args = tls_args
        line.silence_s = self.dimse_timeout or PromptSocket.silence_s
        return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One destination, as we speak to it."""

    destination: Destination
    calling_ae_title: str
    timeouts: Timeouts

    def __str__(self) -> str:
        """AE title and address, as the administrator knows them."""
        at = self.destination
        return f"{at.ae_title} ({at.host}:{at.port})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Why there is no association, as a sentence."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingAccepted:
    """The peer accepted the association and none of its contexts."""


def associate(peer: Peer, contexts: Sequence[PresentationContext]) -> Association | Unreached | NothingAccepted:
    """Open an association with just these contexts, or say why there is none."""
    dimse.quiet_libraries()
    entity = CallingEntity(peer.calling_ae_title)
    entity.implementation_class_uid = uid.UID(dimse.IMPLEMENTATION_CLASS_UID)
    entity.implementation_version_name = dimse.IMPLEMENTATION_VERSION_NAME
    entity.connection_timeout = entity.acse_timeout = peer.timeouts.connect_s
    entity.dimse_timeout = entity.network_timeout = peer.timeouts.answer_s
    at = peer.destination
    try:
        association = entity.associate(at.host, at.port, list(contexts), ae_title=at.ae_title)
    except (OSError, UnicodeError):
        return Unreached(sentence=f"{peer}: the host name {at.host} is not known here; check host of this destination")
    if association.is_established:
        return association
    answer = association.acceptor.primitive
    if answer is not None and answer.result == 0:
        return NothingAccepted()
    return Unreached(sentence=f"{peer} {_why_not(association, answer, peer)}")


def _why_not(association: Association, answer: A_ASSOCIATE | None, peer: Peer) -> str:
    line = cast("PromptSocket", association.dul.socket)
    if line.fault is not None:
        return _connect_fault(line.fault, peer.timeouts)
    if answer is not None and association.is_rejected:
        lasting = "permanently" if answer.result == 1 else "for now"
        numbers = f"{answer.result}/{answer.result_source}/{answer.diagnostic}"
        reason = _REJECTIONS.get((answer.result_source or 0, answer.diagnostic or 0), "it gives no reason")
        words = reason.format(calling=peer.calling_ae_title, called=peer.destination.ae_title)
        return f"rejected the association {lasting} ({numbers}): {words}"
    if line.last_pdu_type == _ABORT:
        return "aborted the association instead of accepting it; its log says why"
    if line.closed_by_peer:
        return "closed the connection instead of accepting the association; is it a DICOM port?"
    return f"did not answer the association request within {peer.timeouts.connect_s:g} s"


def _connect_fault(fault: OSError, timeouts: Timeouts) -> str:
    if isinstance(fault, TimeoutError):
        return (
            f"cannot be reached: no connection within {timeouts.connect_s:g} s; is it up, and is no firewall between?"
        )
    if isinstance(fault, ConnectionRefusedError):
        return "cannot be reached: nothing listens on that port; is the PACS up, and is the port right?"
    if fault.errno in _UNREACHABLE:
        return "cannot be reached: there is no route to that host"
    return f"cannot be reached: {fault.strerror or type(fault).__name__}"


def how_it_broke(association: Association, *, waited_s: float, timeouts: Timeouts) -> str:
    """In words: why an association that was open gave no answer."""
    line = cast("PromptSocket", association.dul.socket)
    if line.last_pdu_type == _ABORT:
        return "aborted the association"
    if waited_s >= timeouts.answer_s:
        return f"gave no answer within {timeouts.answer_s:g} s"
    return "closed the connection before it answered"
