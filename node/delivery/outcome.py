"""What an answer to a C-STORE means for the delivery: pure. What a status *is* stands in node.dimse."""

from node import dimse
from node.dimse import StatusClass
from node.facts import Outcome

TRIES_OF_DOUBTFUL = 3
"""0xCxxx and unknown statuses are tried so often: some PACS answer 0xC000 while their database is away."""

TRIES_OF_PROTOCOL_SLIP = 2

_DUPLICATE = 0x0111
_CLASS_NOT_SUPPORTED = 0x0122
_NOT_AUTHORISED = 0x0124
_PASSING = frozenset({0x0110, 0x0213})  # processing failure, resource limitation
_PROTOCOL_SLIPS = frozenset({0x0210, 0x0211, 0x0212})


def outcome_of_store(status: int | None, *, peer: str, earlier_attempts: int = 0) -> tuple[Outcome, str]:
    """Outcome of one C-STORE, and the sentence for the operator.

    Parameters
    ----------
    status : int or None
        DIMSE status; None when there was no answer: whether the peer has the object is then unknown, so it is sent
        again, and the peer tells duplicates by their UID.
    peer : str
        Who answered, as in "PACS1 (10.0.0.5:104)".
    earlier_attempts : int
        Attempts of this delivery before this one.

    References
    ----------
    DICOM PS3.4 B.2.3 (statuses of C-STORE), PS3.7 Annex C.

    Examples
    --------
    >>> outcome_of_store(0xA700, peer="PACS1 (10.0.0.5:104)")
    (<Outcome.RETRY: 'retry'>, 'PACS1 (10.0.0.5:104) answered: out of resources (0xA700); it will be tried again')
    """
    if status is None:
        return Outcome.RETRY, f"{peer} gave no answer; it will be tried again"
    outcome = _outcome(status, earlier_attempts)
    return outcome, f"{peer} answered: {dimse.words(status)}{_consequence(status, outcome)}"


def refuses_class(status: int | None) -> bool:
    """Whether an answer says that the class itself is not wanted, so that another may be.

    Examples
    --------
    >>> refuses_class(0x0122), refuses_class(0xA700), refuses_class(None)
    (True, False, False)
    """
    return status == _CLASS_NOT_SUPPORTED


def _outcome(status: int, earlier_attempts: int) -> Outcome:
    kind = dimse.status_class(status)
    if kind is StatusClass.SUCCESS:
        return Outcome.DELIVERED
    if kind is StatusClass.WARNING:
        return Outcome.DELIVERED_WITH_WARNING
    if status == _DUPLICATE:
        # Our UIDs are derived from the result: after an attempt whose answer was lost, the duplicate is ours.
        return Outcome.DELIVERED if earlier_attempts else Outcome.DELIVERED_WITH_WARNING
    if status in _PASSING or 0xA700 <= status <= 0xA7FF:
        return Outcome.RETRY
    return Outcome.RETRY if earlier_attempts + 1 < _tries(status, kind) else Outcome.REFUSED


def _tries(status: int, kind: StatusClass) -> int:
    if status in _PROTOCOL_SLIPS:
        return TRIES_OF_PROTOCOL_SLIP
    doubtful = 0xC000 <= status <= 0xCFFF or kind is not StatusClass.FAILURE
    return TRIES_OF_DOUBTFUL if doubtful else 1


def _consequence(status: int, outcome: Outcome) -> str:
    if outcome is Outcome.RETRY:
        return "; it will be tried again"
    if status == _DUPLICATE:
        return "; it has this object already"
    if outcome is not Outcome.REFUSED:
        return ""
    if status == _CLASS_NOT_SUPPORTED:
        return "; objects of other kinds go on"
    if status == _NOT_AUTHORISED:
        return "; give our AE title the right to store there"
    return "; the same object would be refused again"
