"""One series from files to a finished result: the one way that the network, the command and the demo go.

`score_images` runs in the sandboxed child: read, score, build the reports, write them. It is given paths and returns a
small document; no pixel and no identity comes back.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from node import durable
from node.calibration import calibrations_of
from node.facts import CalciumNodeError, Report, ReportRole
from node.reading import ReadingError, SeriesRead, read_masks, read_series
from node.reports import Built, ReportChoices, build, document, explain, failed_document
from node.sandbox import Limits, SandboxError, run
from node.settings import Settings, SettingsError
from scoring.given import GivenMasks
from scoring.protocol import CalibrationEntry, ScoringChoices
from scoring.result import Finding, Score, Severity, Unfit, UnfitError, printed_agatston
from scoring.score import score

STARTS, START_PAUSE_SECONDS = 5, 1.0
"""How often a child is asked for where the machine starts none: that says nothing of the work."""

LARGEST_FILE_BYTES = 512 * 1024 * 1024


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Refusal(_Message):
    """Why intake decided that this series must not be scored: the child only makes the page that says so."""

    code: str
    sentence: str


class JobRequest(_Message):
    """What the child is told."""

    paths: tuple[Path, ...]
    folder: Path | None  # made by the child, holds the finished objects; None: only the document is wanted
    pictures: Path | None = None  # existing folder for PNG pictures; None: none
    segmentation: Path | None = None  # of the same series or frame of reference: a reader's marks, or anatomy
    explain: Path | None = None  # existing folder for pages that show why each lesion was counted or not
    created: datetime
    first_created: datetime | None = None
    version: int = 1
    predecessors: dict[ReportRole, str] = {}
    ethnic_group: str
    preset: str
    kvp_rule: str
    assume_kvp: float
    percentile: str
    calibrations: tuple[CalibrationEntry, ...] = ()
    calibration_fault: str | None = None
    overlay_slices: Literal["findings", "all"]
    content_qualification: Literal["RESEARCH", "PRODUCT"]
    device_serial_number: str
    refusal_page: bool
    software_version: str
    study_instance_uid: str | None
    series_instance_uid: str
    refusal: Refusal | None = None


class WrittenObject(_Message):
    """One finished object in the folder of the request."""

    role: ReportRole
    sequence: int
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    file_name: str


class JobReply(_Message):
    """What the child answers."""

    status: str  # scored | refused | failed
    code: str
    sentence: str
    agatston: float | None
    category: str | None
    document: dict[str, Any]
    objects: tuple[WrittenObject, ...]
    left_out: tuple[str, ...] = ()  # what was not written, and why


def request_for(
    settings: Settings,
    *,
    paths: tuple[Path, ...],
    study_instance_uid: str | None,
    series_instance_uid: str,
    created: datetime,
    software_version: str,
    **others: Any,  # noqa: ANN401 - folder, pictures, version, first_created: fields of the request
) -> JobRequest:
    """The request for one series under a site's settings.

    A calibration file that broke since the start does not stop the scan: the mass stays uncalibrated, and the result
    says why.
    """
    try:
        calibrations, fault = calibrations_of(settings), None
    except SettingsError as broken:
        calibrations, fault = (), broken.sentences[0]
    return JobRequest(
        paths=paths,
        created=created,
        ethnic_group=settings.risk.ethnic_group,
        preset=settings.score.preset,
        kvp_rule=settings.score.kvp_rule,
        assume_kvp=settings.score.assume_kvp,
        percentile=settings.risk.percentile,
        calibrations=calibrations,
        calibration_fault=fault,
        overlay_slices=settings.reports.overlay_slices,
        content_qualification=settings.reports.content_qualification,
        device_serial_number=settings.reports.device_serial_number,
        refusal_page=settings.reports.refusal_page,
        software_version=software_version,
        study_instance_uid=study_instance_uid,
        series_instance_uid=series_instance_uid,
        **{"folder": None, **others},
    )


def score_images(request: JobRequest, *, wall_seconds: float, memory_megabytes: int) -> JobReply:
    """Score one series in a child under limits.

    Never raises for what the images hold: a child that crashed, hung or ran out of memory is a reply with status
    "failed" and the code of the sandbox.
    """
    limits = Limits(
        wall_seconds=wall_seconds,
        cpu_seconds=int(wall_seconds) + 1,
        memory_bytes=memory_megabytes << 20,
        file_bytes=LARGEST_FILE_BYTES,
    )
    for left in reversed(range(STARTS)):
        try:
            return JobReply.model_validate_json(run(score_in_child, request.model_dump_json(), limits=limits))
        except SandboxError as fault:
            if not (fault.no_child and left):
                return _failed(request, fault.code, fault.sentence)
            time.sleep(START_PAUSE_SECONDS)
    raise AssertionError("unreachable: the last start returns")


def score_in_child(request_text: str) -> str:
    """Body of the child: a request as JSON to a reply as JSON."""
    request = JobRequest.model_validate_json(request_text)
    started = time.perf_counter()
    try:
        read = read_series(request.paths, default_ethnic_group=request.ethnic_group)
    except UnfitError as fault:
        reason = _finding(request.refusal) if request.refusal else fault.finding
        return _refused_unread(request, reason).model_dump_json()
    except CalciumNodeError as fault:
        finding = Finding(code=fault.code, severity=Severity.REFUSE, sentence=fault.sentence)
        return _refused_unread(request, finding).model_dump_json()
    given, unused = None, None
    if request.segmentation is not None:
        try:
            given = read_masks(request.segmentation, read)
        except ReadingError as fault:
            if fault.code != "other_frame":
                return _failed(request, "segmentation", fault.sentence).model_dump_json()
            unused = Finding(code="segmentation", severity=Severity.WEAKENS, sentence=f"not used: {fault.sentence}")
    seconds = {"read": time.perf_counter() - started}
    return _scored(request, read, seconds, given, unused).model_dump_json()


def _scored(
    request: JobRequest,
    read: SeriesRead,
    seconds: dict[str, float],
    given: GivenMasks | None,
    unused: Finding | None,
) -> JobReply:
    choices = ScoringChoices(
        preset=request.preset,
        kvp_rule=request.kvp_rule,
        assume_kvp=request.assume_kvp,
        percentile=request.percentile,
        calibrations=request.calibrations,
        calibration_fault=request.calibration_fault,
    )
    result: Score | Unfit
    if request.refusal is not None:
        result = Unfit(reason=_finding(request.refusal), demographics=read.demographics)
    else:
        result = score(read.volume, read.acquisition, read.demographics, choices, given)
    if unused is not None:
        result = replace(result, quality=(*result.quality, unused))
    seconds |= result.timings_s
    objects: tuple[WrittenObject, ...] = ()
    left_out: tuple[str, ...] = ()
    if request.folder is not None or request.pictures is not None:
        begun = time.perf_counter()
        built = build(result, read.volume.hu, read.source, _report_choices(request))
        objects, left_out = _write(request, built), tuple(built.left_out)
        seconds["reports"] = time.perf_counter() - begun
    if request.explain is not None:
        for page in explain(result, read.volume):
            (request.explain / page.file_name).write_bytes(page.data)
    told = document(
        result,
        study_uid=read.source.study_instance_uid,
        series_uid=read.source.series_instance_uid,
        frame_of_reference_uid=read.source.frame_of_reference_uid,
        timings_s=seconds,
    )
    return _reply(result, told, objects).model_copy(update={"left_out": left_out})


def _reply(result: Score | Unfit, told: Mapping[str, Any], objects: tuple[WrittenObject, ...]) -> JobReply:
    if isinstance(result, Unfit):
        return JobReply(
            status="refused",
            code=result.reason.code,
            sentence=result.reason.sentence,
            agatston=None,
            category=None,
            document=dict(told),
            objects=objects,
        )
    printed = printed_agatston(result.total.agatston)
    return JobReply(
        status="scored",
        code="scored",
        sentence=f"Agatston score {printed}, category {result.risk.category}",
        agatston=result.total.agatston,
        category=result.risk.category,
        document=dict(told),
        objects=objects,
    )


def _finding(refusal: Refusal) -> Finding:
    return Finding(code=refusal.code, severity=Severity.REFUSE, sentence=refusal.sentence)


def _refused_unread(request: JobRequest, reason: Finding) -> JobReply:
    result = Unfit(reason=reason)
    told = document(
        result,
        study_uid=request.study_instance_uid,
        series_uid=request.series_instance_uid,
        frame_of_reference_uid=None,
        timings_s={},
    )
    return _reply(result, told, ())


def _failed(request: JobRequest, code: str, sentence: str) -> JobReply:
    told = failed_document(
        series_uid=request.series_instance_uid, study_uid=request.study_instance_uid, code=code, sentence=sentence
    )
    return JobReply(
        status="failed", code=code, sentence=sentence, agatston=None, category=None, document=dict(told), objects=()
    )


def _report_choices(request: JobRequest) -> ReportChoices:
    # Dates in DICOM are the site's wall clock (PS3.5 6.2, DA and TM).
    return ReportChoices(
        created=request.created.astimezone(),
        version=request.version,
        first_created=request.first_created.astimezone() if request.first_created else None,
        software_version=request.software_version,
        device_serial_number=request.device_serial_number,
        content_qualification=request.content_qualification,
        overlay_slices=request.overlay_slices,
        refusal_page=request.refusal_page,
        predecessors=request.predecessors,
    )


def _write(request: JobRequest, built: Built) -> tuple[WrittenObject, ...]:
    if request.pictures is not None:
        for picture in built.pictures:
            (request.pictures / picture.file_name).write_bytes(picture.data)
    if request.folder is None:
        return ()
    request.folder.mkdir(parents=True, exist_ok=True)
    return tuple(_put(request.folder, report, sequence) for sequence, report in enumerate(built.reports))


def _put(folder: Path, report: Report, sequence: int) -> WrittenObject:
    durable.put(folder / report.file_name, [report.data])
    return WrittenObject(
        role=report.role,
        sequence=sequence,
        sop_class_uid=report.sop_class_uid,
        sop_instance_uid=report.sop_instance_uid,
        series_instance_uid=report.series_instance_uid,
        file_name=report.file_name,
    )
