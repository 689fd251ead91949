"""One series of the acceptance test: scored the one way that there is, compared, and kept for a run that goes on."""

import hashlib
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from node import durable, sandbox
from node.acceptance.compare import Compared, Errand, LesionCounts, compare_in_child
from node.acceptance.reference import Reference
from node.facts import ReportRole
from node.pipeline.series_job import LARGEST_FILE_BYTES, JobReply, JobRequest, score_images
from node.settings import ScoreSettings
from scoring.result import Vessel


class CaseOutcome(BaseModel):
    """What came of one series."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    series_uid: str
    status: str  # scored | refused | failed | unusable: of the reference
    reason: str | None = None  # of everything but "scored"
    must_be_refused: bool = False
    reference_total: float | None = None
    reference_vessels: dict[Vessel, float] | None = None
    total: float | None = None
    vessels: dict[Vessel, float] | None = None
    lesions: LesionCounts | None = None
    notes: tuple[str, ...] = ()


def outcome_key(request: JobRequest, reference: Reference) -> str:
    """Token under which the outcome of a series is kept: same images, same reference, same version, same choices.

    It tells nothing of the series. The digests of the image files enter, not their names.
    """
    digests = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in request.paths)
    asked = request.model_dump_json(exclude={"paths", "folder", "pictures", "explain", "created", "first_created"})
    told = reference.model_dump_json(exclude={"source", "segmentation"})
    marks = hashlib.sha256(reference.segmentation.read_bytes()).hexdigest() if reference.segmentation else ""
    return hashlib.sha256("\n".join((*digests, asked, told, marks)).encode()).hexdigest()[:32]


def evaluate_series(
    request: JobRequest, reference: Reference, limits: ScoreSettings, *, keep: Path | None
) -> tuple[CaseOutcome, bool]:
    """Outcome of one series, and whether it was taken from an earlier run.

    Parameters
    ----------
    request : JobRequest
        As `score` makes it; folder and pictures are not looked at.
    reference : Reference
    limits : ScoreSettings
        Time and memory of a child.
    keep : Path or None
        Existing folder in which outcomes are kept; a failed one is not.
    """
    kept = keep / f"{outcome_key(request, reference)}.json" if keep else None
    if kept is not None and kept.exists():
        try:
            return CaseOutcome.model_validate_json(kept.read_bytes()), True
        except ValidationError:
            kept.unlink()  # of an older version of this program
    outcome = _made(request, reference, limits)
    if kept is not None and outcome.status != "failed":
        durable.put(kept, [outcome.model_dump_json(indent=1).encode()])
    return outcome, False


def _made(request: JobRequest, reference: Reference, limits: ScoreSettings) -> CaseOutcome:
    has_places = reference.marks_voxels or reference.lesions is not None
    with tempfile.TemporaryDirectory(prefix="calcium-node-") as name:
        folder = Path(name) if has_places else None
        reply = score_images(
            request.model_copy(update={"folder": folder}),
            wall_seconds=limits.time_limit_seconds,
            memory_megabytes=limits.memory_limit_megabytes,
        )
        compared = Compared(total=reference.total, vessels=reference.vessels, lesions=None)
        # A refused series has a category too, which follows from the marks.
        if has_places and (reply.status == "scored" or (reference.marks_voxels and reply.status == "refused")):
            errand = Errand(request=request, reference=reference, segmentation=_segmentation(reply, folder))
            compared = _compare(errand, limits)
    return _outcome(request.series_instance_uid, reference, reply, compared)


def _segmentation(reply: JobReply, folder: Path | None) -> Path | None:
    """Ours; None where nothing was scored."""
    written = [one.file_name for one in reply.objects if one.role is ReportRole.SEG and reply.status == "scored"]
    return folder / written[0] if folder and written else None


def _compare(errand: Errand, limits: ScoreSettings) -> Compared:
    child = sandbox.Limits(
        wall_seconds=limits.time_limit_seconds,
        cpu_seconds=int(limits.time_limit_seconds) + 1,
        memory_bytes=limits.memory_limit_megabytes << 20,
        file_bytes=LARGEST_FILE_BYTES,
    )
    try:
        return Compared.model_validate_json(sandbox.run(compare_in_child, errand.model_dump_json(), limits=child))
    except sandbox.SandboxError as fault:
        return Compared(total=None, vessels=None, lesions=None, fault=f"it could not be compared: {fault.sentence}")


def _outcome(series_uid: str, reference: Reference, reply: JobReply, compared: Compared) -> CaseOutcome:
    scored = reply.status == "scored"
    status, reason = reply.status, None if scored else reply.sentence
    if compared.fault is not None and reply.status != "failed":
        status, reason = "unusable", compared.fault
    document = reply.document
    return CaseOutcome(
        series_uid=series_uid,
        status=status,
        reason=reason,
        must_be_refused=reference.must_be_refused,
        reference_total=compared.total,
        reference_vessels=compared.vessels,
        total=document["total"]["agatston"] if scored else None,
        vessels={vessel: document["vessels"][vessel]["agatston"] for vessel in Vessel} if scored else None,
        lesions=compared.lesions,
        notes=compared.notes,
    )
