"""Header → InstanceFacts: read in the sandbox, several files in one child; one bad file costs only itself."""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydantic import TypeAdapter
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from node import sandbox
from node.facts import InstanceFacts
from node.reading.acquisition import contrast_agent, gating_is_stated, protocol_words
from node.reading.attributes import CONVERSION_FAULTS, number, text, whole, words
from node.reading.planes import MAX_FRAMES, frame_plane, frames, plane_headers
from node.reading.prescan import Layout, prescan
from node.reading.unreadable import ReadingError

OUR_MANUFACTURER = "calcium-node"
"""Manufacturer (0008,0070) of everything that this node writes."""

MAX_MATRIX = 4096
MAX_PIXEL_BYTES = 2 * 1024**3
"""Rows x Columns x frames x 2 bytes of one object; a heart at 0.5 mm has 0.2 GB."""

HEADER_LIMITS = sandbox.Limits(wall_seconds=60.0, cpu_seconds=40, memory_bytes=2 * 1024**3, file_bytes=0, open_files=64)

LOSSY_SYNTAXES = frozenset((
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.112",
))  # fmt: skip
"""Transfer syntaxes that may lose: refused unless (0028,2110) says that nothing was lost."""

_CT = frozenset(("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that gave no facts, and why."""

    path: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    facts: InstanceFacts | None = None
    unreadable: Unreadable | None = None


_ANSWERS = TypeAdapter(list[_Read])


# ------------------------------------------------------------------------------------------ in the parent


def read_headers(
    paths: Sequence[Path], *, token_key: bytes, limits: sandbox.Limits = HEADER_LIMITS
) -> list[InstanceFacts | Unreadable]:
    """Facts of each file, in the order of `paths`.

    One child reads all of them. If it dies, the batch is halved until the file that killed it stands alone.

    Parameters
    ----------
    paths : files, of any kind
    token_key : bytes
        Key of the hash that tells two patients apart and names neither; the same for all files of a node.
    limits : Limits
        Of one child.

    Raises
    ------
    SandboxError
        Only where the machine starts no child: nothing is known of the files then. Never for what stands in a file.
    """
    if not paths:
        return []
    try:
        answer = sandbox.run(facts_of_files, json.dumps([str(path) for path in paths]), token_key, limits=limits)
    except sandbox.SandboxError as fault:
        if fault.no_child:
            raise
        if len(paths) == 1:
            return [Unreadable(path=str(paths[0]), code=fault.code, sentence=f"its header cannot be read: {fault}")]
        middle = len(paths) // 2
        halves = (paths[:middle], paths[middle:])
        return [read for half in halves for read in read_headers(half, token_key=token_key, limits=limits)]
    return [_one(read) for read in _ANSWERS.validate_json(answer)]


def _one(read: _Read) -> InstanceFacts | Unreadable:
    found = read.facts or read.unreadable
    if found is None:
        raise ValueError("the child answered with neither facts nor a reason")
    return found


# ------------------------------------------------------------------------------------------ in the child


def facts_of_files(paths_json: str, token_key: bytes) -> str:
    """What the child does: a JSON list of facts or reasons, one for each path."""
    reads = []
    for path in json.loads(paths_json):
        try:
            reads.append(_Read(facts=instance_facts(Path(path), token_key=token_key)))
        except ReadingError as fault:
            reads.append(_Read(unreadable=Unreadable(path=path, code=fault.code, sentence=fault.sentence)))
    return _ANSWERS.dump_json(reads).decode()


def open_header(path: Path) -> tuple[FileDataset, Layout]:
    """Header of a file without its pixels, after the walk over its lengths.

    Raises
    ------
    ReadingError
        With the reason why it cannot be used.
    """
    try:
        layout = prescan(path)
        return pydicom.dcmread(path, stop_before_pixels=True, force=not layout.has_preamble), layout
    except OSError as fault:
        raise ReadingError("unreadable", f"the file cannot be opened ({fault.strerror})") from None
    except (InvalidDicomError, RecursionError, *CONVERSION_FAULTS) as fault:
        raise ReadingError(
            "unreadable", f"the header cannot be parsed ({type(fault).__name__}): the file is damaged or not DICOM"
        ) from None


def instance_facts(path: Path, *, token_key: bytes) -> InstanceFacts:
    """Facts of one file; runs in the child."""
    header, layout = open_header(path)
    sop_class_uid = _uid(header, "SOPClassUID")
    if sop_class_uid in _CT:
        _check_size(header)
    planes = plane_headers(header)
    first = planes[0] if planes else header
    placed = [plane for plane in map(frame_plane, planes) if plane is not None]
    return InstanceFacts(
        sop_class_uid=sop_class_uid,
        sop_instance_uid=_uid(header, "SOPInstanceUID"),
        study_instance_uid=_uid(header, "StudyInstanceUID"),
        series_instance_uid=_uid(header, "SeriesInstanceUID"),
        frame_of_reference_uid=text(header, "FrameOfReferenceUID") or None,
        modality=text(header, "Modality"),
        has_pixels=layout.has_pixels,
        rows=whole(header, "Rows"),
        columns=whole(header, "Columns"),
        frames=frames(header),
        # A stack with one unplaced frame has no known geometry.
        planes=tuple(placed) if len(placed) == len(planes) == frames(header) else (),
        image_type=words(first, "ImageType"),
        kvp=number(first, "KVP") or None,
        kernel=text(first, "ConvolutionKernel"),
        manufacturer=text(header, "Manufacturer"),
        contrast_agent=contrast_agent(first),
        body_part=text(first, "BodyPartExamined"),
        protocol_words=protocol_words(header),
        scan_options=words(first, "ScanOptions"),
        gating_stated=gating_is_stated(first),
        reconstruction_diameter_mm=number(first, "ReconstructionDiameter"),
        acquisition_number=whole(first, "AcquisitionNumber"),
        acquisition_time=_acquisition_time(first),
        instance_number=whole(header, "InstanceNumber"),
        temporal_position=whole(first, "TemporalPositionIdentifier") or whole(first, "TemporalPositionIndex"),
        cardiac_phase_percent=number(first, "NominalPercentageOfCardiacPhase"),
        lossy=is_lossy(first, layout.transfer_syntax_uid),
        patient_token=_patient_token(header, token_key),
        identity_removed=text(header, "PatientIdentityRemoved") == "YES",
        made_by_us=text(header, "Manufacturer") == OUR_MANUFACTURER,
    )


def is_lossy(header: FileDataset | pydicom.Dataset, transfer_syntax_uid: str) -> bool:
    """Whether the pixels lost something to compression, now or in an earlier life."""
    stated = text(header, "LossyImageCompression")
    return stated == "01" or (transfer_syntax_uid in LOSSY_SYNTAXES and stated != "00")


def _uid(header: FileDataset, keyword: str) -> str:
    """An identifier that can be kept: odd ones are taken as they are, for what a scanner sent has to be found again."""
    value = text(header, keyword)
    if not re.fullmatch(r"[!-~]{1,64}", value):
        found = "is missing" if not value else "holds something that is no UID"
        raise ReadingError("no_uid", f"{keyword} {found}: the object cannot be assigned to a series; send the original")
    return value


def _check_size(header: FileDataset) -> None:
    """Bound what decoding would allocate, from what the header claims."""
    rows, columns, count = whole(header, "Rows"), whole(header, "Columns"), frames(header)
    for name, value in (("Rows", rows), ("Columns", columns)):
        if value is not None and not 1 <= value <= MAX_MATRIX:
            raise ReadingError("too_large", f"{name} is {value}, outside 1 to {MAX_MATRIX}: that is no CT image")
    if not 1 <= count <= MAX_FRAMES:
        raise ReadingError("too_large", f"Number of Frames is {count}, outside 1 to {MAX_FRAMES}: that is no CT image")
    claimed = (rows or 0) * (columns or 0) * count * 2
    if claimed > MAX_PIXEL_BYTES:
        raise ReadingError(
            "too_large",
            f"the image claims {claimed / 1024**3:.1f} GB of pixels, more than {MAX_PIXEL_BYTES // 1024**3} GB",
        )


def _acquisition_time(header: pydicom.Dataset) -> str:
    joined = text(header, "AcquisitionDate") + text(header, "AcquisitionTime")
    return joined or text(header, "AcquisitionDateTime")


def _patient_token(header: FileDataset, token_key: bytes) -> str:
    """Keyed hash of who the patient is; spellings that differ in blanks, case or empty name parts are one."""
    parts = [
        text(header, keyword).strip().upper() for keyword in ("PatientID", "IssuerOfPatientID", "PatientBirthDate")
    ]
    name = re.sub(r"[\^=\s]+", " ", text(header, "PatientName")).strip().upper()
    return hmac.new(token_key, "\0".join((*parts, name)).encode(), hashlib.sha256).hexdigest()[:32]
