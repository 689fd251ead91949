"""A PACS for demonstrations and tests: a storage SCP on loopback that keeps what arrives and does as it is told."""

import socketserver
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self, cast

from pydicom import uid
from pynetdicom import AllStoragePresentationContexts, _config, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import time from a table
from pynetdicom.transport import ThreadedAssociationServer

from node import dimse
from node.dimse import StatusClass

_config.LOG_HANDLER_LEVEL = "none"

TRANSFER_SYNTAXES: tuple[str, ...] = (
    uid.ExplicitVRLittleEndian,
    uid.ImplicitVRLittleEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.RLELossless,
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
)
"""Those of still images. pynetdicom copies each context for each association, so video is left out."""

_LOOPBACK = "127.0.0.1"
_SILENCE_SECONDS = 60.0
_ACCEPT_POLL_SECONDS = 0.05
_STORING = frozenset({StatusClass.SUCCESS, StatusClass.WARNING})


class Misbehaviour(StrEnum):
    """What a PACS may do instead of answering a C-STORE."""

    ABORT = "abort"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedObject:
    """One object that arrived and was kept."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae_title: str


class DemoPacs:
    """Storage SCP on a free port of the loopback interface; a context manager.

    Parameters
    ----------
    folder : Path
        Gets one file for each object, named by its place in the order of arrival and its kind.
    ae_title : str
        Ours.
    sop_classes : sequence of str, optional
        Only these are accepted; by default every storage class that is known.
    transfer_syntaxes : sequence of str, optional
        Only these are accepted; by default `TRANSFER_SYNTAXES`.
    callers : sequence of str
        Only these AE titles may call, and must call us by our title; by default anyone, by any title.
    port : int
        0 takes a free one.
    """

    def __init__(
        self,
        folder: Path,
        ae_title: str = "PACS",
        *,
        sop_classes: Sequence[str] | None = None,
        transfer_syntaxes: Sequence[str] | None = None,
        callers: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        self.ae_title = ae_title
        self.host = _LOOPBACK
        self.port = port
        self._folder = folder
        self._entity = _application_entity(ae_title, sop_classes, transfer_syntaxes, callers)
        self._changed = threading.Condition()
        self._received: list[ReceivedObject] = []
        self._script: deque[int | Misbehaviour] = deque()
        self._offered = 0
        self._released = 0
        self._closing = threading.Event()
        self._server: ThreadedAssociationServer | None = None

    def __enter__(self) -> Self:
        """Start; the port answers when this returns."""
        dimse.quiet_libraries()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server = ThreadedAssociationServer(
            self._entity,
            (self.host, self.port),
            self.ae_title,
            self._entity.supported_contexts,
            evt_handlers=[
                (evt.EVT_CONN_OPEN, _on_open),
                (evt.EVT_C_STORE, self._on_store),
                (evt.EVT_RELEASED, self._on_released),
            ],
        )
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(_ACCEPT_POLL_SECONDS,), name="demo-pacs", daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and let go of whoever waits for an answer."""
        self.close()

    def close(self) -> None:
        """Stop; calling it again does nothing."""
        self._closing.set()
        server, self._server = self._server, None
        if server is not None:
            for association in server.active_associations:
                association.abort(block=False)
            socketserver.BaseServer.shutdown(server)  # pynetdicom's own wants a server that its AE started
            server.server_close()

    def answers_store(self, *answers: int | Misbehaviour) -> None:
        """Answer the next C-STOREs so, one after the other; after that with Success."""
        with self._changed:
            self._script.extend(answers)

    def received(self) -> list[ReceivedObject]:
        """What arrived and was kept, in order."""
        with self._changed:
            return list(self._received)

    def offered(self) -> int:
        """How many C-STOREs came, whatever was answered."""
        with self._changed:
            return self._offered

    def released(self) -> int:
        """How many associations ended in good order."""
        with self._changed:
            return self._released

    def wait_for(self, condition: Callable[[list[ReceivedObject]], bool], timeout_s: float) -> bool:
        """Wait until what was received fulfils `condition`; False when it does not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(list(self._received)), timeout=timeout_s)

    def wait_for_objects(self, count: int, timeout_s: float) -> bool:
        """Wait until at least `count` objects were received; False when they were not in time."""
        return self.wait_for(lambda received: len(received) >= count, timeout_s)

    def wait_for_release(self, count: int, timeout_s: float) -> bool:
        """Wait until at least `count` associations ended in good order; False when they did not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._released >= count, timeout=timeout_s)

    def _on_store(self, event: evt.Event) -> int:
        with self._changed:
            self._offered += 1
            answer = self._script.popleft() if self._script else 0x0000
        if answer is Misbehaviour.ABORT:
            event.assoc.abort()
        elif answer is Misbehaviour.SILENCE:
            self._closing.wait()
        if isinstance(answer, Misbehaviour):
            return 0x0110
        if dimse.status_class(answer) in _STORING:
            self._keep(event)
        return answer

    def _keep(self, event: evt.Event) -> None:
        request = cast("C_STORE", event.request)
        sop_class = uid.UID(str(request.AffectedSOPClassUID))
        with self._changed:
            path = self._folder / f"{len(self._received) + 1:04d}-{sop_class.keyword or 'Object'}.dcm"
            path.write_bytes(event.encoded_dataset())
            self._received.append(
                ReceivedObject(
                    path=path,
                    sop_class_uid=str(sop_class),
                    sop_instance_uid=str(request.AffectedSOPInstanceUID),
                    transfer_syntax_uid=str(event.context.transfer_syntax),
                    calling_ae_title=event.assoc.requestor.ae_title.strip(),
                )
            )
            self._changed.notify_all()

    def _on_released(self, _: evt.Event) -> None:
        with self._changed:
            self._released += 1
            self._changed.notify_all()


def _on_open(event: evt.Event) -> None:
    association: Association = event.assoc
    if association.dul.socket is not None and association.dul.socket.socket is not None:
        dimse.prepare_socket(association.dul.socket.socket, silence_s=_SILENCE_SECONDS)


def _application_entity(
    ae_title: str,
    sop_classes: Sequence[str] | None,
    transfer_syntaxes: Sequence[str] | None,
    callers: Sequence[str],
) -> ApplicationEntity:
    entity = ApplicationEntity(ae_title)
    entity.require_calling_aet = list(callers)
    entity.require_called_aet = bool(callers)
    entity.maximum_pdu_size = 131_072
    entity.maximum_associations = 100
    syntaxes = list(transfer_syntaxes or TRANSFER_SYNTAXES)
    entity.add_supported_context(Verification)
    for sop_class in sop_classes or [str(context.abstract_syntax) for context in AllStoragePresentationContexts]:
        entity.add_supported_context(sop_class, syntaxes)
    return entity
