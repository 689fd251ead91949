"""The network tables: SOP classes, presentation contexts, statuses, rejections, limits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.uid import UID

from node import dimse
from node.conformance.markdown import literal, table
from node.delivery.forms import UNCOMPRESSED, forms, other_classes
from node.delivery.outcome import outcome_of_store
from node.facts import Compression, ObjectToSend, Outcome, Report
from node.listener import store
from node.listener.access import Caller, Door, refusal
from node.listener.scp import REQUEST_WITHIN_SECONDS, application_entity
from node.settings import Settings

_VERIFICATION = UID("1.2.840.10008.1.1")
_MANY_ATTEMPTS = 1000
_IN_WORDS = {
    Outcome.DELIVERED: "delivered",
    Outcome.DELIVERED_WITH_WARNING: "delivered, with the warning in the list",
    Outcome.REFUSED: "refused: not sent again",
    Outcome.RETRY: "tried again until `give_up_days`, then parked",
}
_STORE_ANSWERS = {
    store.SUCCESS: "the object is durable on disk: written, synced, and its name in the folder synced",
    store.PROCESSING_FAILURE: "the object could not be written for another reason than space; nothing is kept",
    store.INVALID_SOP_INSTANCE: "the Affected SOP Instance UID has signs that no UID has, or is longer than 64",
    store.OUT_OF_RESOURCES: "less than `[node] minimum_free_megabytes` would stay free; send again later",
    store.CLASS_MISMATCH: "the Affected SOP Class UID is not that of the presentation context",
}


def services(sent: Mapping[str, tuple[Report, ...]]) -> str:
    """SOP classes by role; `sent` are samples of every object that is sent."""
    received = set(_supported())
    proposed = {sop_class for sop_class, _, _ in _proposals(sent)} | {_VERIFICATION}
    rows = [
        (
            sop_class.name,
            literal(sop_class),
            "yes" if sop_class in proposed else "",
            "yes" if sop_class in received else "",
        )
        for sop_class in sorted(received | proposed, key=lambda one: one.name)
    ]
    return table(("SOP class", "UID", "SCU", "SCP"), rows)


def accepted_contexts() -> str:
    """Presentation contexts that the listener accepts, transfer syntaxes in its order of preference."""
    together: dict[str, list[str]] = {}
    for sop_class, syntaxes in _supported().items():
        together.setdefault("; ".join(one.name for one in syntaxes), []).append(sop_class.name)
    rows = [("; ".join(classes), syntaxes) for syntaxes, classes in together.items()]
    return table(("abstract syntaxes", "transfer syntaxes, preferred first"), rows)


def transfer_syntaxes() -> str:
    """Names and UIDs of the transfer syntaxes above."""
    found = dict.fromkeys(one for syntaxes in _supported().values() for one in syntaxes)
    return table(("transfer syntax", "UID"), [(one.name, literal(one)) for one in found])


def proposed_contexts(sent: Mapping[str, tuple[Report, ...]]) -> str:
    """Presentation contexts that are proposed for an object, best first: each one transfer syntax."""
    rows = [(sop_class.name, syntax.name, when) for sop_class, syntax, when in _proposals(sent)]
    return table(("abstract syntax", "transfer syntax", "for"), rows)


def store_answers() -> str:
    """Statuses with which the listener answers a C-STORE."""
    rows = [
        (f"0x{status:04X}", dimse.words(status).partition(" (")[0], when) for status, when in _STORE_ANSWERS.items()
    ]
    return table(("status", "meaning", "when"), rows)


def peer_statuses() -> str:
    """Statuses of a peer's answer to our C-STORE, and what becomes of the delivery."""
    rows = [(_codes(first, last), str(kind), words, _consequence(first)) for first, last, kind, words in dimse.STATUSES]
    rows.append(("any other", "unknown", dimse.words(0x0001 | 0x4000).partition(" (")[0], _consequence(0x4001)))
    rows.append(("none", "", "no answer in time, or the association broke", _consequence(None)))
    return table(("status", "class", "our words", "what becomes of the object"), rows)


def rejections() -> str:
    """A-ASSOCIATE-RJ: each reason for which the listener rejects, as it decides it."""
    settings = Settings().receive
    caller = Caller(calling_ae_title="CT1", called_ae_title=settings.ae_title, address="")
    door = {
        "ae_title": settings.ae_title,
        "callers": ("CT1",),
        "check_called_ae_title": True,
        "maximum_associations": settings.maximum_associations,
        "open_associations": 0,
        "draining": False,
    }
    cases = [
        (Caller(calling_ae_title="CT9", called_ae_title=settings.ae_title, address=""), door),
        (Caller(calling_ae_title="CT1", called_ae_title="OTHER", address=""), door),
        (caller, {**door, "draining": True}),
        (caller, {**door, "open_associations": settings.maximum_associations}),
    ]
    rows = []
    for who, state in cases:
        said = refusal(who, Door(**state))  # type: ignore[arg-type]  # the keys are Door's
        if said is not None:
            rows.append((str(said.result), str(said.source), str(said.reason), said.sentence))
    return table(("result", "source", "reason", "as the operator reads it"), rows)


def association_limits() -> str:
    """Sizes, counts and times of associations in both directions; every setting by its default."""
    receive, deliver = Settings().receive, Settings().deliver
    rows = [
        ("application context", literal("1.2.840.10008.3.1.1.1"), "both"),
        ("Implementation Class UID", literal(dimse.IMPLEMENTATION_CLASS_UID), "both"),
        ("Implementation Version Name", literal(dimse.IMPLEMENTATION_VERSION_NAME), "both"),
        ("associations at once", f"{receive.maximum_associations} (`maximum_associations`)", "accepting"),
        ("maximum PDU announced", f"{receive.maximum_pdu_bytes} bytes (`maximum_pdu_bytes`)", "accepting"),
        ("time for the A-ASSOCIATE-RQ (ARTIM)", f"{REQUEST_WITHIN_SECONDS:g} s", "accepting"),
        ("time without any PDU, then abort", f"{receive.idle_seconds:g} s (`idle_seconds`)", "accepting"),
        ("time for connection and A-ASSOCIATE-AC", f"{deliver.connect_timeout_seconds:g} s", "initiating"),
        ("time for each C-STORE-RSP", f"{deliver.answer_timeout_seconds:g} s", "initiating"),
        (
            "wait before another attempt",
            f"{deliver.first_retry_seconds:g} s, doubled up to {deliver.longest_retry_seconds:g} s, each ± 25 %",
            "initiating",
        ),
        ("attempts end after", f"{deliver.give_up_days:g} days: parked, never deleted", "initiating"),
        ("asynchronous operations", "none: one operation at a time on an association", "both"),
    ]
    return table(("what", "value", "associations"), rows)


def _supported() -> Mapping[UID, Sequence[UID]]:
    """Transfer syntaxes by SOP class, as the listener is set up."""
    contexts = application_entity(Settings().receive).supported_contexts
    return {UID(str(one.abstract_syntax)): [UID(syntax) for syntax in one.transfer_syntax] for one in contexts}


def _proposals(sent: Mapping[str, tuple[Report, ...]]) -> list[tuple[UID, UID, str]]:
    """(class, syntax, for which setting of `compress`), in the order in which they are preferred."""
    found: dict[tuple[UID, UID], list[str]] = {}
    with TemporaryDirectory() as folder:
        for report in (one for reports in sent.values() for one in reports):
            path = Path(folder) / report.file_name
            path.write_bytes(report.data)
            item = ObjectToSend(
                delivery_key="",
                path=path,
                sop_class_uid=report.sop_class_uid,
                sop_instance_uid=report.sop_instance_uid,
                other_classes=other_classes(report.sop_class_uid),
            )
            for compression in Compression:
                for form in forms(item, compression):
                    words = found.setdefault((form.sop_class, form.syntax), [])
                    if str(compression) not in words:
                        words.append(str(compression))
    every = len(Compression)
    return [
        (sop_class, syntax, "always" if len(words) == every else f'`compress = "{", ".join(words)}"`')
        for (sop_class, syntax), words in sorted(found.items(), key=lambda one: one[0][0].name)
    ]


def _codes(first: int, last: int) -> str:
    return f"0x{first:04X}" if first == last else f"0x{first:04X} - 0x{last:04X}"


def _consequence(status: int | None) -> str:
    """What becomes of an object at the first such answer, and when the answer stays the same."""
    outcomes = [outcome_of_store(status, peer="", earlier_attempts=tries)[0] for tries in range(_MANY_ATTEMPTS)]
    tries = next((count for count, outcome in enumerate(outcomes, 1) if outcome is not Outcome.RETRY), None)
    if tries is None:
        return _IN_WORDS[Outcome.RETRY]
    end = _IN_WORDS[outcomes[tries - 1]]
    if tries > 1:
        return f"tried {tries} times, then {end}"
    return end if outcomes[-1] is outcomes[0] else f"{end}; after an earlier attempt: {_IN_WORDS[outcomes[-1]]}"


UNCOMPRESSED_NAMES = "; ".join(one.name for one in UNCOMPRESSED)
"""How C-ECHO is proposed."""
