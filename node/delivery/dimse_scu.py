"""C-STORE and C-ECHO as SCU: objects out over one association, an outcome in words for each."""

import warnings
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, uid
from pydicom.errors import InvalidDicomError
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import time from a table

from node import dimse
from node.clock import SystemClock
from node.delivery.forms import UNCOMPRESSED, Form, accepted, contexts, data_set, forms, in_words
from node.delivery.line import NothingAccepted, Peer, Timeouts, Unreached, associate, how_it_broke
from node.delivery.outcome import outcome_of_store, refuses_class
from node.facts import Attempt, Compression, Destination, ObjectToSend, Outcome

REPORT_CLASSES: tuple[str, ...] = (
    uid.Comprehensive3DSRStorage,
    uid.ComprehensiveSRStorage,
    uid.EnhancedSRStorage,
    uid.BasicTextSRStorage,
    uid.SecondaryCaptureImageStorage,
    uid.SegmentationStorage,
)
"""Classes that results are made of."""

_CLOCK = SystemClock()
_MOST_MESSAGE_ID = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """Whether the destination can be worked with now."""

    reached: bool  # it accepted an association, and did not break every one
    sentence: str
    untried: int = 0  # objects for which no attempt was reported: they were not offered


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoAnswer:
    """What came of a C-ECHO."""

    ok: bool
    sentence: str
    milliseconds: float  # association included


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerClasses:
    """Which of our SOP classes a peer takes."""

    ok: bool  # the peer was reached
    sentence: str
    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """One object with the ways in which it may go, best first."""

    item: ObjectToSend
    forms: tuple[Form, ...]


def send(
    destination: Destination,
    calling_ae_title: str,
    objects: Sequence[ObjectToSend],
    timeouts: Timeouts,
    on_attempt: Callable[[Attempt], None],
) -> Reachability:
    """Send objects in their order, each in the best of its forms that the peer accepts: as its file is, where it may.

    One association is used; when the peer breaks it at some object, another takes the rest, so that one object that a
    PACS cannot bear does not hold up those behind it. Two breaks without an answer between them end the attempt.

    Parameters
    ----------
    destination : Destination
        Who gets them.
    calling_ae_title : str
        Ours.
    objects : sequence of ObjectToSend
        DICOM files with file meta information.
    timeouts : Timeouts
        How long the peer is waited for.
    on_attempt : callable
        Called once, at once, for each object that was offered or cannot be: record it before the next is sent.
        Objects that were not offered (see `Reachability.untried`) are not reported.
    """
    peer = Peer(destination=destination, calling_ae_title=calling_ae_title, timeouts=timeouts)
    waiting = _parcels(objects, destination.compress, on_attempt)
    broken_in_a_row = 0
    while waiting:
        opened = associate(peer, contexts(form for parcel in waiting for form in parcel.forms))
        if isinstance(opened, Unreached):
            return Reachability(reached=False, sentence=opened.sentence, untried=len(waiting))
        if isinstance(opened, NothingAccepted):
            for parcel in waiting:
                on_attempt(_not_taken(parcel, peer, classes=()))
            return Reachability(reached=True, sentence=f"{peer} takes none of the kinds of objects that were offered")
        offered, last = _offer(opened, waiting, peer, on_attempt)
        waiting = waiting[offered:]
        if _broke(last):
            broken_in_a_row = broken_in_a_row + 1 if offered == 1 else 1
        if broken_in_a_row > 1:
            return Reachability(reached=False, sentence=last.answer, untried=len(waiting))
    return Reachability(reached=True, sentence=f"{peer} accepted the association")


def echo(destination: Destination, calling_ae_title: str, timeouts: Timeouts) -> EchoAnswer:
    """Ask by C-ECHO whether the peer answers, and how fast."""
    peer = Peer(destination=destination, calling_ae_title=calling_ae_title, timeouts=timeouts)
    began = _CLOCK.monotonic()
    opened = associate(peer, [build_context(Verification, list(UNCOMPRESSED))])
    if isinstance(opened, Association):
        asked = _CLOCK.monotonic()
        answer = opened.send_c_echo()
        waited_s = _CLOCK.monotonic() - asked
        milliseconds = 1000 * (_CLOCK.monotonic() - began)
        if "Status" not in answer:
            sentence = f"{peer} {how_it_broke(opened, waited_s=waited_s, timeouts=timeouts)}"
            return EchoAnswer(ok=False, sentence=sentence, milliseconds=milliseconds)
        opened.release()
        sentence = f"{peer} answered C-ECHO: {dimse.words(answer.Status)}"
        return EchoAnswer(ok=answer.Status == 0, sentence=sentence, milliseconds=milliseconds)
    no_echo = f"{peer} accepted the association, but does not take Verification (C-ECHO)"
    return EchoAnswer(
        ok=False,
        sentence=opened.sentence if isinstance(opened, Unreached) else no_echo,
        milliseconds=1000 * (_CLOCK.monotonic() - began),
    )


def accepted_classes(
    destination: Destination, calling_ae_title: str, timeouts: Timeouts, sop_classes: Sequence[str] = REPORT_CLASSES
) -> PeerClasses:
    """Which classes the peer takes from us, uncompressed; nothing is sent."""
    peer = Peer(destination=destination, calling_ae_title=calling_ae_title, timeouts=timeouts)
    opened = associate(peer, [build_context(sop_class, list(UNCOMPRESSED)) for sop_class in sop_classes])
    if isinstance(opened, Unreached):
        return PeerClasses(ok=False, sentence=opened.sentence)
    taken: set[str] = set()
    if isinstance(opened, Association):
        taken = {str(context.abstract_syntax) for context in opened.accepted_contexts}
        opened.release()
    refused = tuple(sop_class for sop_class in sop_classes if sop_class not in taken)
    names = ", ".join(uid.UID(sop_class).name for sop_class in refused)
    return PeerClasses(
        ok=True,
        sentence=f"{peer} does not take {names}" if refused else f"{peer} takes all {len(sop_classes)} classes",
        accepted=tuple(sop_class for sop_class in sop_classes if sop_class in taken),
        refused=refused,
    )


def _parcels(
    objects: Sequence[ObjectToSend], compress: Compression, on_attempt: Callable[[Attempt], None]
) -> list[_Parcel]:
    parcels = []
    for item in objects:
        try:
            parcels.append(_Parcel(item=item, forms=forms(item, compress)))
        except (OSError, InvalidDicomError, AttributeError, ValueError) as fault:
            answer = f"not sent: {item.path.name} cannot be read as a DICOM file ({type(fault).__name__})"
            on_attempt(Attempt(delivery_key=item.delivery_key, outcome=Outcome.REFUSED, answer=answer))
    return parcels


def _offer(
    association: Association, parcels: Sequence[_Parcel], peer: Peer, on_attempt: Callable[[Attempt], None]
) -> tuple[int, Attempt]:
    """Offer the parcels until the end or until the association breaks; returns how many, and the last attempt."""
    for number, parcel in enumerate(parcels, start=1):
        attempt = _attempt(association, parcel, peer, message_id=1 + (number - 1) % _MOST_MESSAGE_ID)
        on_attempt(attempt)
        if _broke(attempt) or not association.is_established:
            return number, attempt
    association.release()
    return len(parcels), attempt


def _broke(attempt: Attempt) -> bool:
    # An association that gave no answer is over, even where pynetdicom's other thread has not noted it yet.
    return attempt.status is None and attempt.outcome is Outcome.RETRY


def _attempt(association: Association, parcel: _Parcel, peer: Peer, *, message_id: int) -> Attempt:
    """Offer the best form that was accepted; the next class where the peer accepted one and then refuses it."""
    choices = accepted(parcel.forms, association.accepted_contexts)
    if not choices:
        return _not_taken(parcel, peer, classes={str(one.abstract_syntax) for one in association.accepted_contexts})
    for form in choices:
        attempt = _offered(association, parcel.item, form, peer, message_id=message_id)
        if not refuses_class(attempt.status):
            break
    return attempt


def _offered(association: Association, item: ObjectToSend, form: Form, peer: Peer, *, message_id: int) -> Attempt:
    try:
        what = form.path if form.as_it_lies else data_set(form)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as fault:
        answer = f"not sent: {item.path.name} cannot be written in {form.syntax.name} ({type(fault).__name__})"
        return Attempt(delivery_key=item.delivery_key, outcome=Outcome.REFUSED, answer=answer)
    began = _CLOCK.monotonic()
    status = _status(association, what, message_id=message_id)
    if status is None:
        waited_s = _CLOCK.monotonic() - began
        how = how_it_broke(association, waited_s=waited_s, timeouts=peer.timeouts)
        outcome, sentence = Outcome.RETRY, f"{peer} {how}; it will be tried again"
    else:
        outcome, sentence = outcome_of_store(status, peer=str(peer), earlier_attempts=item.earlier_attempts)
        sentence += in_words(form, item)
    return Attempt(delivery_key=item.delivery_key, outcome=outcome, answer=sentence, status=status)


def _status(association: Association, what: Dataset | Path, *, message_id: int) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a character set that nobody knows: it came with the CT, and stays
            answer = association.send_c_store(what, msg_id=message_id)
    except RuntimeError:  # pynetdicom's word for an association that ended before the request
        return None
    return int(answer.Status) if "Status" in answer else None


def _not_taken(parcel: _Parcel, peer: Peer, *, classes: Container[str]) -> Attempt:
    own = parcel.forms[0]
    names = " nor ".join(dict.fromkeys(form.sop_class.name for form in parcel.forms))
    odd = own.sop_class in classes or own.file_syntax not in UNCOMPRESSED
    in_syntax = f" in {own.file_syntax.name}" if odd else ""
    return Attempt(
        delivery_key=parcel.item.delivery_key,
        outcome=Outcome.REFUSED,
        answer=f"not sent: {peer} does not take {names}{in_syntax}",
    )
