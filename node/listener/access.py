"""Who may open an association now: a pure decision with its reason in a sentence."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

ANYONE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What an A-ASSOCIATE-RQ says about who calls whom; AE titles without their padding."""

    calling_ae_title: str
    called_ae_title: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the decision depends on besides the caller."""

    ae_title: str
    callers: Sequence[str]
    check_called_ae_title: bool
    maximum_associations: int
    open_associations: int
    draining: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Fields of the A-ASSOCIATE-RJ (PS3.8 9.3.4) and the reason for the operator."""

    result: int  # 1 permanent, 2 transient
    source: int
    reason: int
    sentence: str


def refusal(caller: Caller, door: Door) -> Refusal | None:
    """Why a caller must not enter now, or None.

    What is permanent is said first: a caller that is not known learns so even while the node is full.
    """
    if ANYONE not in door.callers and caller.calling_ae_title not in door.callers:
        return Refusal(result=1, source=1, reason=3, sentence=_unknown_caller(caller, door))
    if door.check_called_ae_title and caller.called_ae_title != door.ae_title:
        return Refusal(result=1, source=1, reason=7, sentence=_unknown_called(caller, door))
    if door.draining:
        return Refusal(
            result=2, source=3, reason=2, sentence="the node is stopping and lets the running associations end"
        )
    if door.open_associations >= door.maximum_associations:
        sentence = (
            f"{door.open_associations} associations are open, which is the limit; "
            "raise [receive] maximum_associations if this happens often"
        )
        return Refusal(result=2, source=3, reason=2, sentence=sentence)
    return None


def _unknown_caller(caller: Caller, door: Door) -> str:
    near = _differs_in_case(caller.calling_ae_title, door.callers)
    case = f" (it differs from {near} only in upper and lower case)" if near else ""
    return (
        f"the calling AE title {caller.calling_ae_title} is not among [receive] callers{case}; "
        f'add "{caller.calling_ae_title}" there, or run: '
        f"calcium-node peers allow {shlex.quote(caller.calling_ae_title)}"
    )


def _unknown_called(caller: Caller, door: Door) -> str:
    near = _differs_in_case(caller.called_ae_title, [door.ae_title])
    case = ", only in upper and lower case" if near else ""
    return (
        f"it called us {caller.called_ae_title}, and we are {door.ae_title}{case}; enter {door.ae_title} on that "
        "machine, or set [receive] check_called_ae_title = false"
    )


def _differs_in_case(title: str, known: Sequence[str]) -> str | None:
    return next((other for other in known if other.casefold() == title.casefold() and other != title), None)
