"""The listener itself: start, serve, drain, stop."""

import errno
import threading
from collections.abc import Callable, Collection
from io import BytesIO
from typing import cast

import structlog
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import A_ASSOCIATE

from node import dimse
from node.clock import Clock
from node.facts import CalciumNodeError, RefusedCaller
from node.listener.acceptor import Server, end_of, reject
from node.listener.access import Caller, Refusal
from node.listener.associations import Associations
from node.listener.events import ReceiveEvents, Teller
from node.listener.scp import application_entity
from node.listener.store import PROCESSING_FAILURE, SUCCESS, StoreRequest, store
from node.settings import ReceiveSettings
from node.spool import Spool

_log = structlog.get_logger()

_ACCEPT_POLL_SECONDS = 0.1
_CUT_WITHIN_SECONDS = 5.0
_CONGESTED = Refusal(result=2, source=3, reason=1, sentence="the node could not decide; see its log")


class ListenerError(CalciumNodeError):
    """The listener cannot start; `code` is port-taken or port-unusable."""


class Listener:
    """C-ECHO and C-STORE SCP. The spool's folders must have been prepared.

    Parameters
    ----------
    settings : ReceiveSettings
        Port 0 takes a free one.
    spool : Spool
        Where objects are kept.
    events : ReceiveEvents
        Hears what happened, on one thread of the listener's.
    clock : Clock
        Times of the facts.
    minimum_free_bytes : int
        An object that would leave less room than this on the spool's disk is refused with 0xA700.
    also_allowed : callable
        Calling AE titles that may send beside those of the settings; asked at each association request.
    """

    def __init__(
        self,
        settings: ReceiveSettings,
        spool: Spool,
        events: ReceiveEvents,
        clock: Clock,
        *,
        minimum_free_bytes: int,
        also_allowed: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._clock = clock
        self._minimum_free_bytes = minimum_free_bytes
        self._teller = Teller(events)
        self._associations = Associations(
            settings, clock, new_key=spool.new_key, tell=self._teller.association, also_allowed=also_allowed
        )
        self._server: Server | None = None

    def start(self) -> int:
        """Open the port and serve it on threads; returns the port, which answers from now on.

        Raises
        ------
        ListenerError
            When the port cannot be opened, with what to do.
        """
        dimse.quiet_libraries()
        try:
            server = self._opened()
        except OSError as fault:
            raise self._unusable(fault) from fault
        self._server = server
        self._teller.start()
        threading.Thread(
            target=server.serve_forever, args=(_ACCEPT_POLL_SECONDS,), name="listener-accept", daemon=True
        ).start()
        port: int = server.server_address[1]
        return port

    def stop(self, drain_seconds: float) -> None:
        """Reject new associations, wait for the running ones, then abort what is left and close the port.

        Every event has been told when this returns.
        """
        if self._server is None:
            return
        if not self._associations.drain(drain_seconds):
            for association in self._associations.cut():
                if isinstance(association, Association):
                    association.abort(block=False)
            self._associations.drain(_CUT_WITHIN_SECONDS)
        self._server.stop()
        for association in self._associations.cut():
            self._associations.ended(association, end_of(association))  # type: ignore[arg-type]
        self._teller.stop()
        self._server = None

    def open_associations(self) -> int:
        """How many associations are open now."""
        return self._associations.count()

    def _opened(self) -> Server:
        return Server(
            application_entity(self._settings),
            (self._settings.host, self._settings.port),
            silence_s=self._settings.idle_seconds,
            handlers=[
                (evt.EVT_REQUESTED, self._on_requested),
                (evt.EVT_ESTABLISHED, self._on_established),
                (evt.EVT_C_ECHO, self._on_echo),
                (evt.EVT_C_STORE, self._on_store),
            ],
            gone=self._gone,
        )

    def _unusable(self, fault: OSError) -> ListenerError:
        place = f"port {self._settings.port} on {self._settings.host}"
        if fault.errno == errno.EADDRINUSE:
            return ListenerError(
                "port-taken",
                f"{place} is taken by another program: end it (a second calcium-node?), or set [receive] port to one "
                "that is free",
            )
        if fault.errno == errno.EACCES:
            return ListenerError(
                "port-unusable",
                f"{place} may not be opened by this user: ports below 1024 need the right CAP_NET_BIND_SERVICE, or set "
                "[receive] port to 11112",
            )
        return ListenerError(
            "port-unusable", f"{place} cannot be opened ({fault.strerror or fault}): check [receive] host and port"
        )

    def _on_requested(self, event: evt.Event) -> None:
        association = event.assoc
        request = cast("A_ASSOCIATE", association.requestor.primitive)
        caller = Caller(
            calling_ae_title=request.calling_ae_title.strip(),
            called_ae_title=request.called_ae_title.strip(),
            address=association.requestor.address,
        )
        try:
            refusal = self._associations.admit(association, caller)
        # An exception here would be swallowed by pynetdicom, and the caller let in.
        except Exception as fault:  # noqa: BLE001 - the rim of an association; see above
            _log.error("access_undecided", reason_code=type(fault).__name__)
            refusal = _CONGESTED
        if refusal is not None:
            self._refuse(association, caller, refusal)

    def _refuse(self, association: Association, caller: Caller, refusal: Refusal) -> None:
        self._teller.refused(
            RefusedCaller(
                calling_ae_title=caller.calling_ae_title,
                called_ae_title=caller.called_ae_title,
                address=caller.address,
                reason=refusal.sentence,
                at=self._clock.now(),
            )
        )
        reject(association, refusal)

    def _on_established(self, event: evt.Event) -> None:
        self._associations.established(event.assoc)

    def _gone(self, association: Association) -> None:
        self._associations.ended(association, end_of(association))

    def _on_echo(self, _: evt.Event) -> int:
        return SUCCESS

    def _on_store(self, event: evt.Event) -> int:
        try:
            answer = store(
                self._request(event),
                spool=self._spool,
                clock=self._clock,
                minimum_free_bytes=self._minimum_free_bytes,
            )
        except Exception as fault:  # noqa: BLE001 - the rim of an association: whatever broke, it is never Success
            _log.error("store_failed", status=f"0x{PROCESSING_FAILURE:04X}", reason_code=type(fault).__name__)
            return PROCESSING_FAILURE
        if answer.stored is not None:
            self._teller.stored(answer.stored)
        else:
            _log.warning("store_refused", status=f"0x{answer.status:04X}", reason=answer.fault)
        return answer.status

    def _request(self, event: evt.Event) -> StoreRequest:
        association = self._associations.of(event.assoc)
        request, context = cast("C_STORE", event.request), event.context
        return StoreRequest(
            sop_class_uid=str(request.AffectedSOPClassUID),
            sop_instance_uid=str(request.AffectedSOPInstanceUID),
            context_class_uid=str(context.abstract_syntax),
            transfer_syntax_uid=str(context.transfer_syntax),
            association=association.key,
            calling_ae_title=association.calling_ae_title,
            data=cast("BytesIO", request.DataSet).getbuffer(),
        )
