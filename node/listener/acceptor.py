"""Where the listener hooks into pynetdicom 3.0: its server, its connection, its socket.

Each name that is private there is touched here only, and tests/node/listener/test_seams.py fails when one moves.
"""

import socket
import socketserver
import threading
from collections.abc import Callable
from typing import Any, cast

import structlog
from pynetdicom import _config, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_P_ABORT
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from node import dimse
from node.clock import SystemClock
from node.facts import AssociationEnd
from node.listener.access import Refusal

_log = structlog.get_logger()
_CLOCK = SystemClock()

_config.LOG_HANDLER_LEVEL = "none"  # else each PDU is formatted for a log that nobody may read

REJECT_WITHIN_SECONDS = 2.0

_ABORT = 0x07
_PDU_TYPES = range(0x01, 0x08)
_LONGEST_REQUEST_BYTES = 131_072  # an A-ASSOCIATE-RQ with 128 contexts of 30 transfer syntaxes each


class PromptSocket(AssociationSocket):
    """Acknowledges what it receives at once, and does not read a PDU that is longer than we announced."""

    longest_pdu_bytes = _LONGEST_REQUEST_BYTES
    silence_s = 60.0
    last_pdu_type: int | None = None
    lost = False
    _body_follows = False

    def recv(self, nr_bytes: int) -> bytearray:
        """Read a header of 6 bytes, then the body whose length it gave: pynetdicom calls in turn."""
        line = cast("socket.socket", self.socket)
        if self._body_follows:
            self._body_follows = False
            if nr_bytes > self.longest_pdu_bytes:
                raise OSError(f"a PDU of {nr_bytes} bytes is longer than the {self.longest_pdu_bytes} allowed")
            return dimse.receive(line, nr_bytes, within_s=self.silence_s, monotonic=_CLOCK.monotonic)
        header = dimse.receive(line, nr_bytes, within_s=self.silence_s, monotonic=_CLOCK.monotonic)
        self.last_pdu_type = header[0] if header else None
        self._body_follows = self.last_pdu_type in _PDU_TYPES
        return header


class Connection(RequestHandler):
    """One TCP connection, from accept to its end."""

    def handle(self) -> None:
        """Serve the association, and report when its thread has ended, however it did."""
        server = cast("Server", self.server)
        dimse.prepare_socket(self.request, silence_s=server.silence_s)
        association = self._create_association()
        line = prompt_socket(association)
        line.silence_s = server.silence_s
        line.longest_pdu_bytes = max(server.ae.maximum_pdu_size, _LONGEST_REQUEST_BYTES)
        evt.trigger(association, evt.EVT_CONN_OPEN, {"address": self.client_address})
        association.start()
        association.join()
        # The parts of a dead association refer to each other: without this a half object stays in memory until the
        # cyclic collector runs.
        association.dimse.message = None
        server.gone(association)


class Server(ThreadedAssociationServer):
    """Accepts connections on one port, each served on threads of its own."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(
        self,
        entity: ApplicationEntity,
        address: tuple[str, int],
        *,
        silence_s: float,
        handlers: list[tuple[Any, Callable[[evt.Event], Any]]],
        gone: Callable[[Association], None],
    ) -> None:
        self.silence_s = silence_s
        self.gone = gone
        super().__init__(
            entity,
            address,
            entity.ae_title,
            entity.supported_contexts,
            evt_handlers=[*handlers, (evt.EVT_ACSE_RECV, _note_loss)],
            request_handler=Connection,
        )

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - as in socketserver
        """Note that a connection could not be served; the others go on."""
        _log.warning("connection_failed", address=client_address[0])

    def stop(self) -> None:
        """Close the port and end the accepting thread.

        pynetdicom's own `shutdown` wants a server that its AE started; this is what stands below it.
        """
        socketserver.BaseServer.shutdown(self)
        self.server_close()


def prompt_socket(association: Association) -> PromptSocket:
    """Return the association's socket, which is made a prompt one the first time.

    Only the class changes: making another AssociationSocket would announce the connection to the state machine twice.
    """
    line = cast("AssociationSocket", association.dul.socket)
    line.__class__ = PromptSocket
    return cast("PromptSocket", line)


def _note_loss(event: evt.Event) -> None:
    line = prompt_socket(event.assoc)
    # A provider abort without an A-ABORT PDU is pynetdicom's word for a connection that broke.
    primitive = event.primitive  # type: ignore[attr-defined]  # each kind of event carries attributes of its own
    line.lost = isinstance(primitive, A_P_ABORT) and line.last_pdu_type != _ABORT


def end_of(association: Association) -> AssociationEnd:
    """How an association whose thread has ended came to its end."""
    if association.is_released:
        return AssociationEnd.RELEASED
    return AssociationEnd.LOST if prompt_socket(association).lost else AssociationEnd.ABORTED


def reject(association: Association, refusal: Refusal) -> None:
    """Send an A-ASSOCIATE-RJ, and wait until it has left; for a handler of EVT_REQUESTED.

    Without the wait pynetdicom closes the socket before its other thread has sent the PDU, and the caller sees a bare
    close instead of the reason.
    """
    left = threading.Event()
    association.bind(evt.EVT_PDU_SENT, lambda _: left.set())
    association.acse.send_reject(refusal.result, refusal.source, refusal.reason)
    left.wait(REJECT_WITHIN_SECONDS)
