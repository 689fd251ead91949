"""Every frozen dataclass and closed set of words that crosses a door in node."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydicom.dataset import Dataset


class CalciumNodeError(Exception):
    """Root of every error of the node: a stable code for machines, a sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def _needs_zone(what: str, moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"{what} must carry a time zone, got {moment.isoformat()}")


# ------------------------------------------------------------------------------------------ receiving


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One object whose bytes are durable in the spool; its header has not been read yet."""

    key: str  # our own token; never made from the peer's input
    sha256: str  # of the data set as sent, without the file meta information
    size_bytes: int
    sop_class_uid: str  # Affected SOP Class UID of the request, PS3.7 9.1.1
    sop_instance_uid: str  # Affected SOP Instance UID of the request
    transfer_syntax_uid: str  # of the accepted presentation context
    association: str  # our own token of the association it came on
    calling_ae_title: str
    received: datetime  # UTC

    def __post_init__(self) -> None:
        _needs_zone("StoredObject.received", self.received)


class AssociationEnd(StrEnum):
    """How an association ended, or that it has not."""

    OPEN = "open"
    RELEASED = "released"
    ABORTED = "aborted"
    LOST = "lost"  # the connection broke, or the node was stopped while it was open


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationFact:
    """One association that was accepted, and how it ended."""

    key: str
    calling_ae_title: str
    called_ae_title: str
    address: str
    opened: datetime
    end: AssociationEnd
    closed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCaller:
    """A caller that was rejected at association level."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    reason: str  # a sentence
    at: datetime


# ------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlane:
    """Where one image plane lies: of a classic image, or of one frame of an enhanced one."""

    position_lps_mm: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    pixel_spacing_mm: tuple[float, float]  # (row, column)
    slice_thickness_mm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """What *whole?* and *eligible?* need of one object; UIDs, but no name, no patient ID, no pixels."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str | None = None
    modality: str = ""
    has_pixels: bool = False
    rows: int | None = None
    columns: int | None = None
    frames: int = 1
    planes: tuple[FramePlane, ...] = ()  # one per image or frame; empty where the geometry is missing
    image_type: tuple[str, ...] = ()
    kvp: float | None = None
    kernel: str = ""
    manufacturer: str = ""
    contrast_agent: str | None = None  # "" = attribute present and empty
    body_part: str = ""
    protocol_words: str = ""  # series description and protocol name, blanks folded; compared, never shown
    scan_options: tuple[str, ...] = ()
    gating_stated: bool = False
    reconstruction_diameter_mm: float | None = None
    acquisition_number: int | None = None
    acquisition_time: str = ""  # DA+TM of the acquisition as written, "" where absent
    instance_number: int | None = None
    temporal_position: int | None = None
    cardiac_phase_percent: float | None = None  # (0020,9241), of the R-R interval
    lossy: bool = False  # compressed with loss now or once: by transfer syntax or (0028,2110)
    patient_token: str = ""  # keyed hash: tells two patients apart and names neither
    identity_removed: bool = False
    made_by_us: bool = False  # its SOP Instance UID or its equipment says that calcium-node wrote it


# ------------------------------------------------------------------------------------------ intake


class SeriesState(StrEnum):
    """The life of a series, in words that an operator reads."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    QUEUED = "queued"
    SCORING = "scoring"
    SCORED = "scored"
    REFUSED = "refused"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    ALTERNATIVE = "alternative"
    HELD = "held"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    IGNORED = "ignored"


class Verdict(StrEnum):
    """What intake thinks of a series now."""

    WAITING = "waiting"  # for more images, or for the quiet time to end
    WHOLE = "whole"  # it has all its images and is eligible: score it
    INCOMPLETE = "incomplete"
    REFUSED = "refused"  # it looked like a calcium scan and must not be scored: the reason goes back
    INELIGIBLE = "ineligible"  # it never looked like a calcium scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A verdict with its reason, and until when it holds."""

    verdict: Verdict
    code: str
    sentence: str
    until: datetime | None = None  # when WAITING: look again then at the latest
    measured: float | None = None
    unit: str | None = None


# ------------------------------------------------------------------------------------------ reports


class ReportRole(StrEnum):
    """What an object is for; the words of `objects` in a destination's configuration, in sending order."""

    SUMMARY = "summary"
    SR = "sr"
    TEXT = "text"
    SC = "sc"
    SEG = "seg"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceSlice:
    """One image plane of the scored series, in the order of the volume's slices."""

    sop_class_uid: str
    sop_instance_uid: str
    frame_number: int | None  # 1-based, for enhanced objects; None for a classic image
    instance_number: int
    plane: Dataset  # plane attributes verbatim: position, orientation, spacing, thickness, acquisition number …


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceHeader:
    """What a report repeats of the scanned series, verbatim."""

    context: Dataset  # patient, study and request elements as they came, with their character set
    equipment: Dataset  # manufacturer, model, station, serial, software, institution; acquisition date and time
    study_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str | None
    series_number: int | None
    series_description: str
    rows: int
    columns: int
    kernel: str
    body_part: str
    slices: tuple[SourceSlice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One finished object, not on disk yet."""

    role: ReportRole
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    file_name: str  # our own: "sr.dcm", "overlay-0012.dcm"
    data: bytes  # a DICOM file, explicit VR little endian


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG that a person looks at without a DICOM viewer."""

    file_name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportObject:
    """One finished object, durable on disk."""

    key: str
    job_key: str
    role: ReportRole
    sequence: int  # order inside its role
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    path: str  # relative to the data folder


TEXT_REPORT_FILE = "text.dcm"
"""File of the Basic Text SR beside the other objects of its result: it can stand in for one that a peer refuses."""


# ------------------------------------------------------------------------------------------ delivery


class Compression(StrEnum):
    """How pictures go to a peer that takes them so; without loss, and uncompressed to one that does not."""

    NONE = "none"
    JPEG_LS = "jpeg-ls"


class DeliveryState(StrEnum):
    """Where the delivery of one object to one destination stands."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DELIVERED_WITH_WARNING = "delivered with warning"
    RETRYING = "retrying"
    REFUSED = "refused"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What one attempt came to."""

    DELIVERED = "delivered"
    DELIVERED_WITH_WARNING = "delivered with warning"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A peer that results go to."""

    name: str
    ae_title: str
    host: str
    port: int
    objects: tuple[ReportRole, ...]
    compress: Compression = Compression.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectToSend:
    """One file for one peer."""

    delivery_key: str
    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    earlier_attempts: int = 0  # attempts of this delivery before this one
    other_classes: tuple[str, ...] = ()  # SOP classes under which the same content may go, best first
    stand_in: Path | None = None  # another object that says the same, for a peer that takes none of these classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one attempt to send one object came to, in words."""

    delivery_key: str
    outcome: Outcome
    answer: str  # a sentence: the status in words, or why there was none
    status: int | None = None  # DIMSE status; None where the peer gave none


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of the outbox."""

    key: str
    object_key: str
    destination: str
    state: DeliveryState
    attempts: int
    first: datetime
    due: datetime
    answer: str
    series_instance_uid: str = ""
    role: ReportRole = ReportRole.SR
