"""The one entry: a scan in, a Score or an Unfit out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Anatomy, find_anatomy, landmarks
from scoring.candidates import Islands, Region, find_islands
from scoring.coronary import (
    Classification,
    classify,
    given_findings,
    islands_on_courses,
    region_with,
    small_islands,
    with_given,
)
from scoring.given import GivenMasks
from scoring.interval import (
    Categories,
    Intervals,
    faint_protocol,
    find_seeds,
    lone_places,
    measure_noise,
    repeat_intervals,
)
from scoring.measures import (
    Measured,
    MeasuredLesion,
    agatston_of,
    agatston_without_minimum_size,
    calibration_for,
    measure,
    spread_of,
)
from scoring.plausible import check_volume
from scoring.protocol import Acquisition, Protocol, ScoringChoices, protocol_for
from scoring.quality import ScoredLesion, first_reason, header_findings, image_findings, is_uncertain, result_findings
from scoring.result import (
    EXCLUDED_LABEL,
    Demographics,
    Excluded,
    Finding,
    Lesion,
    Point,
    ProtocolUsed,
    Score,
    Uncertain,
    Unfit,
    UnfitError,
    Vessel,
)
from scoring.risk import CATEGORIES, category, risk
from scoring.volume import Volume

BELOW_MINIMUM = "below minimum size"
GREATEST_SPECK_LIST = 40
"""Of islands below the minimum size the brightest so many are listed."""
DOUBTFUL = 0.6
"""Excluded with less confidence: a doubtful place, which keeps a zero from being clean."""

_Owners = npt.NDArray[np.uint8]


def score(
    volume: Volume,
    acquisition: Acquisition,
    demographics: Demographics,
    choices: ScoringChoices,
    given: GivenMasks | None = None,
) -> Score | Unfit:
    """Calcium score of a series, or why there is none.

    Parameters
    ----------
    volume : Volume
        HU of the whole series.
    acquisition : Acquisition
        What its header says.
    demographics : Demographics
        For the percentile.
    choices : ScoringChoices
        Of the site.
    given : GivenMasks, optional
        A segmentation from outside: a reader's marks, or anatomy that is used instead of ours.

    Returns
    -------
    Score or Unfit
        All tests are evaluated, unless the volume can be no CT of a chest; an Unfit gives the first reason of a fixed
        order and lists the others.
    """
    began = perf_counter()
    try:
        check_volume(volume)
    except UnfitError as unfit:
        return Unfit(reason=unfit.finding, demographics=demographics)
    quality = header_findings(volume, acquisition, demographics)
    protocol: Protocol | None = None
    try:
        protocol, findings = protocol_for(choices, acquisition)
        quality += findings
    except UnfitError as unfit:
        quality.append(unfit.finding)
    used = protocol.used(volume.slice_increment_mm, acquisition) if protocol else None
    anatomy: Anatomy | None = None
    try:
        anatomy = find_anatomy(volume)
        quality += image_findings(volume, anatomy, protocol or Protocol(name="literature", minimum_area_mm2=1.0))
    except UnfitError as unfit:
        quality.append(unfit.finding)
    found = perf_counter()
    reason = first_reason(quality)
    if reason is not None or protocol is None or anatomy is None or used is None:
        return _unfit(reason, quality, used, anatomy, demographics, {"anatomy": found - began, "score": 0.0})
    made = _scored(volume, (acquisition, demographics, choices), anatomy, (protocol, used), quality, given)
    return replace(made, timings_s={"anatomy": found - began, "score": perf_counter() - found})


def _unfit(
    reason: Finding | None,
    quality: list[Finding],
    used: ProtocolUsed | None,
    anatomy: Anatomy | None,
    demographics: Demographics,
    timings: Mapping[str, float],
) -> Unfit:
    if reason is None:  # every way here has left a refusal in `quality`
        raise RuntimeError("a series was not scored although nothing refuses it")
    return Unfit(
        reason=reason,
        quality=tuple(finding for finding in quality if finding is not reason),
        protocol=used,
        heart=anatomy.heart() if anatomy else None,
        landmarks=landmarks(anatomy) if anatomy else (),
        demographics=demographics,
        timings_s=timings,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """What the steps of one score share."""

    volume: Volume
    protocol: Protocol
    islands: Islands
    classification: Classification
    label_of_voxel: _Owners  # 0, Vessel.label or EXCLUDED_LABEL


def _scored(
    volume: Volume,
    asked: tuple[Acquisition, Demographics, ScoringChoices],
    anatomy: Anatomy,
    rules: tuple[Protocol, ProtocolUsed],
    quality: list[Finding],
    given: GivenMasks | None,
) -> Score:
    acquisition, demographics, choices = asked
    protocol, used = rules
    row, column = volume.pixel_spacing_mm
    region = anatomy.region() if given is None else region_with(anatomy.region(), given)
    islands = find_islands(volume.hu, protocol, row * column, region=region)
    classification = classify(volume, anatomy, islands, protocol)
    if given is not None:
        classification = with_given(classification, volume, islands, given)
        quality = [*quality, *given_findings(given, islands)]
    labels = _labels(classification)
    found = _Found(
        volume=volume, protocol=protocol, islands=islands, classification=classification, label_of_voxel=labels
    )
    owners = np.where(labels == EXCLUDED_LABEL, 0, labels).astype(np.uint8)
    calibration = calibration_for(
        acquisition, anatomy.lateral_width_mm, choices.calibrations, fault=choices.calibration_fault
    )
    measured = measure(volume, islands, owners, protocol, calibration)
    spread = spread_of(measured.vessels)
    lesions = tuple(_lesion(found, lesion, number + 1) for number, lesion in enumerate(measured.lesions))
    small = small_islands(anatomy, islands, classification)
    excluded = (*_excluded(found), *_below_minimum(found, small))
    noise = anatomy.blood.noise_sd_hu
    asked_of = [_for_quality(found, lesion, judged) for lesion, judged in zip(measured.lesions, lesions, strict=True)]
    doubtful = sum(1 for item in excluded if item.confidence < DOUBTFUL and item.what != BELOW_MINIMUM)
    later = result_findings(asked_of, quality, acquisition, protocol, noise_sd_hu=noise, unresolved=doubtful)
    uncertain = [item.agatston for item in asked_of if is_uncertain(item, protocol, noise)]
    intervals = _intervals(found, anatomy, measured, region, by_marks=given is not None and bool(given.vessels))
    return Score(
        protocol=used,
        total=measured.total,
        vessels=measured.vessels,
        lesions=lesions,
        excluded=excluded,
        uncertain=Uncertain(lesions=len(uncertain), agatston=float(sum(uncertain))),
        risk=risk(measured.total.agatston, spread.vessels_involved, demographics, choices.percentile),
        quality=(*quality, *calibration.findings, *later),
        labels=_label_volume(found, small),
        heart=anatomy.heart(),
        landmarks=landmarks(anatomy),
        demographics=demographics,
        interval=intervals.total if intervals else None,
        vessel_intervals=intervals.vessels if intervals else {},
        spread=spread,
    )


def _intervals(
    found: _Found, anatomy: Anatomy, measured: Measured, region: Region, *, by_marks: bool
) -> Intervals | None:
    """Where a repeat may lie; it may also count what is faint now, where a coronary artery could run.

    Where a reader's marks decide (`by_marks`), only what is marked and its rim may count.
    """
    volume, protocol = found.volume, found.protocol
    noise = measure_noise(volume, anatomy)
    row, column = volume.pixel_spacing_mm
    lower = faint_protocol(protocol, anatomy.blood.hu, noise)
    faint = find_islands(volume.hu, lower, row * column, region=region)
    label = np.zeros(faint.flat.size, np.uint8)
    label[np.searchsorted(faint.flat, found.islands.flat)] = found.label_of_voxel
    lone = lone_places(faint, protocol, anatomy.blood.hu, noise)
    near = {} if by_marks else islands_on_courses(anatomy, faint, lone, found.classification)
    return repeat_intervals(
        volume,
        noise,
        protocol,
        find_seeds(faint, label, near),
        {vessel: measured.vessels[vessel].agatston for vessel in Vessel},
        Categories(names=CATEGORIES, of=category),
    )


def _labels(classification: Classification) -> _Owners:
    """Label of each bright voxel by the verdict on its piece."""
    of_piece = np.array([judged.label for judged in classification.judged] + [0], np.uint8)
    labels: _Owners = of_piece[classification.piece]  # piece -1 takes the last entry, 0
    return labels


def _lesion(found: _Found, lesion: MeasuredLesion, number: int) -> Lesion:
    """A measured lesion with the confidence and the evidence of the pieces that it is made of."""
    pieces, counts = np.unique(found.classification.piece[lesion.voxels], return_counts=True)
    judged = [found.classification.judged[piece] for piece in pieces]
    confidence = float(np.average([one.confidence for one in judged], weights=counts))
    return Lesion(
        id=number,
        vessel=lesion.vessel,
        agatston=lesion.agatston,
        volume_mm3=lesion.volume_mm3,
        mass_mg=lesion.mass_mg,
        peak_hu=lesion.peak_hu,
        mean_hu=lesion.mean_hu,
        centre_lps_mm=lesion.centre_lps_mm,
        slices=lesion.slices,
        confidence=confidence,
        evidence=judged[int(np.argmax(counts))].evidence,
        density_score=lesion.density_score,
    )


def _for_quality(found: _Found, lesion: MeasuredLesion, judged: Lesion) -> ScoredLesion:
    row, column = found.volume.pixel_spacing_mm
    per_slice = np.unique(
        found.islands.flat[lesion.voxels] // int(np.prod(found.islands.shape[1:])), return_counts=True
    )
    return ScoredLesion(
        agatston=lesion.agatston,
        peak_hu=lesion.peak_hu,
        area_mm2=float(per_slice[1].max() * row * column),
        slices=len(lesion.slices),
        confidence=judged.confidence,
    )


def _excluded(found: _Found) -> list[Excluded]:
    """What was seen at the heart and not counted: pieces of one name that hang together are one entry."""
    entries: dict[tuple[int, str], list[int]] = {}
    judged = found.classification.judged
    component = np.zeros(len(judged), np.int64)
    component[found.classification.piece[found.classification.piece >= 0]] = found.islands.component[
        found.islands.island[found.classification.piece >= 0]
    ]
    for piece, verdict in enumerate(judged):
        if verdict.label == EXCLUDED_LABEL:
            entries.setdefault((int(component[piece]), str(verdict.what)), []).append(piece)
    listed = []
    for (_, what), pieces in entries.items():
        voxels = np.isin(found.classification.piece, pieces)
        agatston = agatston_of(found.volume, found.islands, voxels, found.protocol)
        if agatston > 0:
            first = judged[pieces[0]]
            confidence = float(np.mean([judged[piece].confidence for piece in pieces]))
            listed.append(
                Excluded(
                    what=what,
                    agatston=agatston,
                    centre_lps_mm=_centre(found, voxels),
                    confidence=confidence,
                    evidence=first.evidence,
                )
            )
    return sorted(listed, key=lambda item: -item.agatston)


def _below_minimum(found: _Found, small: Mapping[int, Vessel]) -> list[Excluded]:
    """Islands near a coronary artery that the protocol's minimum size drops, with what they would count."""
    brightest = sorted(small, key=lambda island: -found.islands.peak_hu[island])[:GREATEST_SPECK_LIST]
    listed = []
    for island in brightest:
        voxels = found.islands.island == island
        pixels, peak = int(found.islands.pixels[island]), found.islands.peak_hu[island]
        many = "s" if pixels > 1 else ""
        words = f"{pixels} pixel{many} of at most {peak:.0f} HU where the {small[island]} could run"
        listed.append(
            Excluded(
                what=BELOW_MINIMUM,
                agatston=agatston_without_minimum_size(found.volume, found.islands, voxels, found.protocol),
                centre_lps_mm=_centre(found, voxels),
                confidence=0.5,
                evidence=(words,),
            )
        )
    return listed


def _centre(found: _Found, voxels: npt.NDArray[np.bool_]) -> Point:
    indices = np.stack(np.unravel_index(found.islands.flat[voxels], found.islands.shape), axis=1)
    x, y, z = found.volume.to_lps_mm(indices).mean(axis=0)
    return float(x), float(y), float(z)


def _label_volume(found: _Found, small: Mapping[int, Vessel]) -> _Owners:
    """Vessel labels of what was counted; EXCLUDED_LABEL of what was seen and not counted."""
    labels = found.label_of_voxel.copy()
    too_small = ~found.islands.large_enough[found.islands.island]
    labels[too_small & (labels > 0)] = EXCLUDED_LABEL
    if small:
        labels[np.isin(found.islands.island, list(small))] = EXCLUDED_LABEL
    volume = np.zeros(found.volume.hu.shape, np.uint8)
    volume.reshape(-1)[found.islands.flat] = labels
    return volume
