"""C-STORE: a command set and bytes in, a durable file and a status out. Knows no network library.

Whichever data phase received the object, this decides. The data set is kept as sent; its header is not read.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from node.clock import Clock
from node.facts import StoredObject
from node.listener.meta import FileMeta, decoded, encoded
from node.spool import Spool, SpoolError

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
INVALID_SOP_INSTANCE = 0x0117
OUT_OF_RESOURCES = 0xA700
CLASS_MISMATCH = 0xA900

_META_AT_MOST_BYTES = 4096
_READ_BYTES = 1 << 20

# Real objects carry UIDs that break PS3.5 9.1 (64 hexadecimal digits, letters): they are kept. A UID is data here and
# never a name, so all that matters is that it can stand in file meta information and in a log line.
_UID = re.compile(r"[0-9A-Za-z._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRequest:
    """One complete C-STORE-RQ (PS3.7 9.1.1) with what its association says about it."""

    sop_class_uid: str
    sop_instance_uid: str
    context_class_uid: str  # abstract syntax of the presentation context it came in
    transfer_syntax_uid: str
    association: str
    calling_ae_title: str
    data: bytes | memoryview  # the data set as sent


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAnswer:
    """What to answer; `stored` stands exactly with Success, `fault` is a sentence for the operator otherwise."""

    status: int
    stored: StoredObject | None = None
    fault: str | None = None


def store(request: StoreRequest, *, spool: Spool, clock: Clock, minimum_free_bytes: int) -> StoreAnswer:
    """Keep the object, durably, and say what to answer: 0x0000 only when it is safe."""
    if not _UID.fullmatch(request.sop_instance_uid):
        return StoreAnswer(status=INVALID_SOP_INSTANCE, fault="the Affected SOP Instance UID has signs that no UID has")
    if request.sop_class_uid != request.context_class_uid:
        return StoreAnswer(
            status=CLASS_MISMATCH, fault="the Affected SOP Class UID is not that of its presentation context"
        )
    try:
        free = spool.free_bytes()
        if free - len(request.data) < minimum_free_bytes:
            return StoreAnswer(status=OUT_OF_RESOURCES, fault=_no_room(free, minimum_free_bytes))
        return StoreAnswer(status=SUCCESS, stored=_kept(request, spool, clock))
    except SpoolError as fault:
        full = fault.code == "spool-full"
        return StoreAnswer(status=OUT_OF_RESOURCES if full else PROCESSING_FAILURE, fault=fault.sentence)


def _kept(request: StoreRequest, spool: Spool, clock: Clock) -> StoredObject:
    meta = FileMeta(
        sop_class_uid=request.sop_class_uid,
        sop_instance_uid=request.sop_instance_uid,
        transfer_syntax_uid=request.transfer_syntax_uid,
        source_ae_title=request.calling_ae_title,
    )
    digest = hashlib.sha256(request.data).hexdigest()
    key = spool.new_key()
    spool.put(key, (encoded(meta), request.data))
    return StoredObject(
        key=key,
        sha256=digest,
        size_bytes=len(request.data),
        sop_class_uid=request.sop_class_uid,
        sop_instance_uid=request.sop_instance_uid,
        transfer_syntax_uid=request.transfer_syntax_uid,
        association=request.association,
        calling_ae_title=request.calling_ae_title,
        received=clock.now(),
    )


def _no_room(free: int, minimum_free_bytes: int) -> str:
    return (
        f"the spool's disk has {free / 1e9:.1f} GB left, and {minimum_free_bytes / 1e9:.1f} GB are to stay free: "
        "new objects are refused with 0xA700 until there is room; nothing stored is lost"
    )


def recovered(spool: Spool, key: str, *, association: str) -> StoredObject:
    """Tell from the file alone what the listener told when it stored the object: a missing row can be written again.

    `received` is the file's time; the association it came on is not in the file, so the caller names one.

    Raises
    ------
    SpoolError
        ``spool-disk`` when the file cannot be read, ``spool-foreign`` when the listener did not write it.
    """
    path = spool.path(key)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            meta, start = decoded(file.read(_META_AT_MOST_BYTES))
            file.seek(start)
            while piece := file.read(_READ_BYTES):
                digest.update(piece)
            size_bytes = file.tell() - start
            changed = path.stat().st_mtime
    except OSError as fault:
        raise SpoolError("spool-disk", f"object {key} cannot be read: {fault.strerror}") from fault
    except ValueError as fault:
        raise SpoolError("spool-foreign", f"object {key} was not written by the listener: {fault}") from fault
    return StoredObject(
        key=key,
        sha256=digest.hexdigest(),
        size_bytes=size_bytes,
        sop_class_uid=meta.sop_class_uid,
        sop_instance_uid=meta.sop_instance_uid,
        transfer_syntax_uid=meta.transfer_syntax_uid,
        association=association,
        calling_ae_title=meta.source_ae_title,
        received=datetime.fromtimestamp(changed, UTC),
    )
