"""ReportPlan: what all objects of one result say, chosen once.

SR, text, overlay, SEG, summary page and JSON are spelled from one plan, so that the number, the category, the names
and the colours are the same everywhere.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt
from pydicom.sr.coding import Code

from node.facts import SourceHeader
from node.pictures import GREEN, ORANGE, PURPLE, SKY, Colour
from node.reports import codes
from node.reports.choices import ReportChoices
from node.reports.document import document
from node.reports.identity import PRODUCT
from node.reports.regions import Mask, Region, box, enveloped
from node.reports.spelling import ordinal
from node.uids import derive
from scoring.result import (
    Finding,
    Interval,
    LabelVolume,
    Measures,
    Percentile,
    ProtocolUsed,
    Score,
    Severity,
    Unfit,
    Vessel,
    printed_agatston,
)

COLOURS: dict[Vessel, Colour] = {Vessel.LM: PURPLE, Vessel.LAD: ORANGE, Vessel.LCX: SKY, Vessel.RCA: GREEN}

STATUS = "Preliminary: computed automatically, to be verified by a physician"
UNCALIBRATED = "mass is not calibrated: do not compare it with other scanners"

Indices = npt.NDArray[np.intp]

_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A finding, or a reason, as reports spell it."""

    code: Code
    sentence: str
    warns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The numbers of one vessel, or of all: one row of every table."""

    vessel: Vessel | None  # None: the total
    name: str
    site: Code
    measures: Measures
    printed: int
    volume_mm3: float  # the one of the two volumes that the protocol prints
    tracking_id: str
    tracking_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MassWords:
    """How the mass is called: never milligrams without a word where it is not calibrated."""

    calibrated: bool
    concept: Code
    unit: Code
    words: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """What only a scored series has."""

    score: Score
    total: Line
    vessels: tuple[Line, ...]
    mass: MassWords
    category: Code
    cac_drs: Code
    percentile: Percentile | None
    pixels: Mapping[Vessel, Mapping[int, int]]  # labelled pixels of each vessel by slice, none where there are none

    def has_voxels(self, vessel: Vessel) -> bool:
        """Whether the vessel has labelled pixels, and so a region, a segment and a group of its own."""
        return bool(self.pixels[vessel])

    def interval(self, line: Line) -> Interval | None:
        """Where a repeat of this scan may put the line's score."""
        return self.score.vessel_intervals.get(line.vessel) if line.vessel else self.score.interval

    def busiest_first(self, vessel: Vessel) -> tuple[int, ...]:
        """Slices on which the vessel has pixels, the one with most of them first."""
        counts = self.pixels[vessel]
        return tuple(sorted(counts, key=lambda index: (-counts[index], index)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportPlan:
    """What all objects of one result share."""

    source: SourceHeader
    choices: ReportChoices
    created: datetime
    series_created: datetime
    key: tuple[str, ...]  # whatever changes a result: parts of every SOP Instance UID
    numbers: Numbers | None  # None: refused
    reasons: tuple[Said, ...]
    caveats: tuple[Said, ...]
    protocol: ProtocolUsed | None  # None: refused before one was chosen
    parameters: tuple[str, ...]
    regions: tuple[Region, ...]  # of the heart, or a box where none was found

    def instance_uid(self, kind: str, *more: object) -> str:
        """SOP Instance UID of one object of this result."""
        return derive(*self.key, kind, *more)

    def series_uid(self, kind: str, *more: object) -> str:
        """Series Instance UID; image series add the version, so that a stack never mixes two."""
        return derive(self.source.series_instance_uid, kind, *more)


def plan(result: Score | Unfit, source: SourceHeader, choices: ReportChoices) -> ReportPlan:
    """Make every shared choice for one result."""
    protocol = result.protocol
    numbers = _numbers(result, source) if isinstance(result, Score) else None
    created = in_zone_of(source, choices.created)
    return ReportPlan(
        source=source,
        choices=choices,
        created=created,
        series_created=in_zone_of(source, choices.first_created) if choices.first_created else created,
        key=_key(result, source, choices),
        numbers=numbers,
        reasons=_reasons(result) if isinstance(result, Unfit) else (),
        caveats=_caveats(result),
        protocol=protocol,
        parameters=_parameters(protocol, source) if protocol else (),
        regions=_heart_regions(result.heart, source),
    )


def in_zone_of(source: SourceHeader, moment: datetime) -> datetime:
    """The moment on the clock that the CT's Timezone Offset From UTC names: the offset is copied, so times must fit."""
    stated = _OFFSET.fullmatch(str(source.context.get("TimezoneOffsetFromUTC") or "").strip())
    if not stated:
        return moment
    sign, hours, minutes = stated.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    return moment.astimezone(timezone(offset)) if abs(offset) < timedelta(hours=24) else moment


def percentile_words(percentile: Percentile) -> str:
    """The rank in words, without its population.

    Examples
    --------
    >>> percentile_words(Percentile(value=99, band=None, population="", source=""))
    '99th or above'
    >>> percentile_words(Percentile(value=None, band=(75, 90), population="", source=""))
    '75th to 90th'
    """
    if percentile.value is None:
        low, high = percentile.band or (0, 100)
        return f"{ordinal(low)} to {ordinal(high)}"
    return "99th or above" if percentile.value >= 99 else ordinal(percentile.value)


def _numbers(score: Score, source: SourceHeader) -> Numbers:
    calibrated = score.total.mass_calibrated
    return Numbers(
        score=score,
        total=_line(None, score.total, score.protocol, source),
        vessels=tuple(_line(vessel, score.vessels[vessel], score.protocol, source) for vessel in Vessel),
        mass=MassWords(
            calibrated=calibrated,
            concept=codes.MASS if calibrated else codes.MASS_UNCALIBRATED,
            unit=codes.U_MG if calibrated else codes.U_MG_UNCALIBRATED,
            words="mg" if calibrated else "mg (uncalibrated)",
        ),
        category=codes.category(score.risk.category),
        cac_drs=codes.cac_drs(score.risk.cac_drs),
        percentile=score.risk.percentile,
        pixels=_pixels_by_slice(score.labels),
    )


def _labelled(labels: LabelVolume) -> tuple[Indices, LabelVolume]:
    """Places of all labels in the ravelled volume, and the labels there; empty slices are passed over quickly."""
    filled = np.flatnonzero(labels.any(axis=(1, 2)))
    inside = np.flatnonzero(labels[filled])
    plane = labels.shape[1] * labels.shape[2]
    places = filled[inside // plane] * plane + inside % plane
    return places, labels.reshape(-1)[places]


def _pixels_by_slice(labels: LabelVolume) -> dict[Vessel, dict[int, int]]:
    places, label_of = _labelled(labels)
    slice_of = places // (labels.shape[1] * labels.shape[2])
    out = {}
    for vessel in Vessel:
        indices, counts = np.unique(slice_of[label_of == vessel.label], return_counts=True)
        out[vessel] = dict(zip(indices.tolist(), counts.tolist(), strict=True))
    return out


def _line(vessel: Vessel | None, measures: Measures, protocol: ProtocolUsed, source: SourceHeader) -> Line:
    word = str(vessel) if vessel else "total"
    isotropic = protocol.printed_volume == "isotropic"
    return Line(
        vessel=vessel,
        name=str(vessel) if vessel else "Total",
        site=codes.SITES[vessel] if vessel else codes.CORONARIES,
        measures=measures,
        printed=printed_agatston(measures.agatston),
        volume_mm3=measures.volume_isotropic_mm3 if isotropic else measures.volume_mm3,
        tracking_id=f"Calcium {word}",
        tracking_uid=tracking_uid(source, word),
    )


def tracking_uid(source: SourceHeader, word: str) -> str:
    """Tracking Unique Identifier of the total or of a vessel: equal in SR and SEG, and in every version."""
    return derive(source.series_instance_uid, "track", word)


def _said(finding: Finding) -> Said:
    return Said(
        code=codes.finding(finding.code), sentence=finding.sentence, warns=finding.severity is not Severity.NOTE
    )


def _reasons(unfit: Unfit) -> tuple[Said, ...]:
    """The reason that is given, then every other test that failed."""
    others = [finding for finding in unfit.quality if finding.severity is Severity.REFUSE and finding != unfit.reason]
    return tuple(_said(finding) for finding in (unfit.reason, *others))


def _caveats(result: Score | Unfit) -> tuple[Said, ...]:
    """Findings that weaken the result before those that are only noted; then why a percentile is missing."""
    findings = [finding for finding in result.quality if finding.severity is not Severity.REFUSE]
    findings.sort(key=lambda finding: finding.severity is Severity.NOTE)
    said = [_said(finding) for finding in findings]
    if isinstance(result, Score) and result.risk.percentile_withheld:
        sentence = result.risk.percentile_withheld
        words = sentence if "percentile" in sentence.lower() else f"No percentile: {sentence}"
        said.append(Said(code=codes.PERCENTILE_WITHHELD, sentence=words, warns=False))
    return tuple(said)


def _parameters(protocol: ProtocolUsed, source: SourceHeader) -> tuple[str, ...]:
    stated = {
        "preset": protocol.preset,
        "threshold_hu": f"{protocol.threshold_hu:g}",
        "connectivity": protocol.connectivity,
        "min_area_mm2": f"{protocol.minimum_area_mm2:g}",
        "min_pixels": protocol.minimum_pixels,
        "increment_mm": f"{protocol.slice_increment_mm:g}",
        "thickness_mm": "not stated" if protocol.slice_thickness_mm is None else f"{protocol.slice_thickness_mm:g}",
        "kvp": "not stated" if protocol.kvp is None else f"{protocol.kvp:g}",
        "kernel": source.kernel or "not stated",
        "volume": protocol.printed_volume,
    }
    return tuple(f"{name}={value}" for name, value in stated.items())


def _key(result: Score | Unfit, source: SourceHeader, choices: ReportChoices) -> tuple[str, ...]:
    told = document(
        result,
        study_uid=source.study_instance_uid,
        series_uid=source.series_instance_uid,
        frame_of_reference_uid=source.frame_of_reference_uid,
        timings_s={},
    )
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    if result.heart is not None:
        digest.update(np.packbits(result.heart).tobytes())
    if isinstance(result, Score):
        for part in _labelled(result.labels):
            digest.update(part.tobytes())
    images = sorted({one.sop_instance_uid for one in source.slices})
    site = (choices.device_serial_number, choices.content_qualification)
    return (
        source.series_instance_uid,
        *images,
        PRODUCT,
        choices.software_version,
        *site,
        digest.hexdigest(),
        str(choices.version),
    )


def _heart_regions(heart: Mask | None, source: SourceHeader) -> tuple[Region, ...]:
    shape = (len(source.slices), source.rows, source.columns)
    if heart is not None and heart.shape == shape:
        found = enveloped(heart)
        if found:
            return found
    return box(slices=shape[0], rows=shape[1], columns=shape[2])
