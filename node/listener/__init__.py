"""Listener: take what scanners and PACS send, and say Success only when it is safe.

In:      associations on one TCP port; its slice of the settings; the spool; a clock.
Out:     durable files in the spool; StoredObject, AssociationFact and RefusedCaller to whoever listens.
Keeps:   the associations that are open now, nothing that a restart would miss.
Hostile: every byte. No header is read, no pixel decoded, nothing inflated; no UID or AE title reaches a file name.
Alone:   tests/node/listener: access by tables, store by bytes and a failing disk, the wire by scripted bytes;
         tests/peers: DCMTK.
"""

from node.listener.events import ReceiveEvents
from node.listener.listener import Listener, ListenerError
from node.listener.scp import STORED_CLASSES, TRANSFER_SYNTAXES
from node.listener.store import recovered

__all__ = ["STORED_CLASSES", "TRANSFER_SYNTAXES", "Listener", "ListenerError", "ReceiveEvents", "recovered"]
